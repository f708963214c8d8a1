"""Summarise a benchmark in a dictionary of JSON types."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.hardware import cores
from napari_gnn_vos.storage import atomic_write_text
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.curve import Curve
from napari_gnn_vos.study.measure.round_details import RoundDetails
from napari_gnn_vos.study.measure.sequence_result import (
    SequenceResult,
)

PACKAGES = (
    *("napari-gnn-vos", "torch", "numpy", "opencv-python-headless", "numba"),
    *("scikit-learn", "davisinteractive"),
)
TIME_THRESHOLD = 60
"""Time at which DAVIS compares methods, in seconds."""


def summarise_benchmark(
    plan: BenchmarkPlan,
    methods: Sequence[Method],
    results: dict[str, list[SequenceResult]],
) -> dict[str, Any]:
    """Summarise the results of a benchmark.

    Means are over all objects of all sequences, each with the same weight, and of an
    object over all its frames, as in the DAVIS interactive benchmark.

    Parameters
    ----------
    plan : BenchmarkPlan
    methods : sequence of Method
        The first is the reported method; the others are listed as baselines.
    results : dict of str to list of SequenceResult
        From `benchmark`.

    Returns
    -------
    report : dict
        * ``j``, ``f``, ``jf``: region and boundary measure and the mean of both, a
          number per round.
        * ``auc_j``, ``auc_jf``: area under J and J&F against time as the DAVIS
          interactive benchmark defines it, see `curve.Curve`: from 0 at 0 s through
          the rounds to the limit of 30 s per round and object, divided by that limit.
          If rounds take few seconds, it is close to the last score.
        * ``j_at_60s``, ``jf_at_60s``: J and J&F on the same curve after 60 s.
        * ``mean_j``, ``mean_jf``: plain means of ``j`` and ``jf`` over the rounds.
        * ``seconds``: ``interact`` and ``predict``, a number per round, means over
          sequences; 0 for a round without corrections.
        * ``ceiling``: J if each superpixel had its most frequent true label.
        * ``ceilings``, ``superpixels``: per round, the ceiling and the mean number per
          frame of the superpixels that were labelled, means over sequences; empty for
          the protocol "davisinteractive".
        * ``present_j``, ``identity_switches``: per round, mean J on the frames with the
          object and the number of identity switches, see `round_details.RoundDetails`;
          empty for the protocol "davisinteractive".
        * ``sequences``: by name ``j``, ``f`` (per round), ``objects`` (how many),
          ``superpixels`` (per frame), ``ceiling`` and ``first_strokes``.
        * ``first_strokes``: ``"human"`` if all sequences started with human
          scribbles, else ``"robot"``.
        * ``baselines``: by name ``j`` of every method.
        * ``protocol``, ``rounds``, ``seed``, ``settings``, ``model``, ``versions``,
          ``hardware``.
    """
    reported = results[methods[0].name]
    human = all(result.first_strokes == "human" for result in reported)
    objects = [result.objects for result in reported]
    return {
        **_curves(reported),
        "ceiling": float(
            np.average([result.ceiling for result in reported], weights=objects)
        ),
        "ceilings": _means_by_round(reported, "ceiling"),
        "superpixels": _means_by_round(reported, "superpixels"),
        **_presence_and_identity([result.details for result in reported]),
        "sequences": {result.sequence: _sequence(result) for result in reported},
        "baselines": {
            name: mean_over_objects([result.j for result in of_method])
            for name, of_method in results.items()
        },
        "first_strokes": "human" if human else "robot",
        "protocol": plan.protocol,
        "rounds": plan.rounds,
        "seed": plan.seed,
        "settings": plan.config.model_dump(),
        "model": methods[0].metadata,
        "versions": _package_versions(),
        "hardware": _describe_hardware(),
    }


def _curves(results: Sequence[SequenceResult]) -> dict[str, Any]:
    """Summarise scores and times per round."""
    j, f = (
        mean_over_objects([getattr(result, part) for result in results])
        for part in "jf"
    )
    jf = [(a + b) / 2 for a, b in zip(j, f, strict=True)]
    interact, predict = (
        np.mean([getattr(result, part) for result in results], axis=0)
        for part in ("interact", "predict")
    )
    objects = float(np.mean([result.objects for result in results]))
    curve_j, curve_jf = (Curve.of(y, interact + predict, objects) for y in (j, jf))
    return {
        "j": j,
        "f": f,
        "jf": jf,
        "auc_j": curve_j.auc,
        "auc_jf": curve_jf.auc,
        "j_at_60s": curve_j.at(TIME_THRESHOLD),
        "jf_at_60s": curve_jf.at(TIME_THRESHOLD),
        "mean_j": float(np.mean(j)),
        "mean_jf": float(np.mean(jf)),
        "seconds": {"interact": interact.tolist(), "predict": predict.tolist()},
    }


def _presence_and_identity(
    details: Sequence[Sequence[RoundDetails]],
) -> dict[str, list[float]]:
    """Summarise J where objects are present, and identity switches, per round."""
    rounds = list(zip(*details, strict=True))
    return {
        "present_j": [
            float(np.mean([j for d in of_round for j in d.present_j]))
            for of_round in rounds
        ],
        "identity_switches": [
            sum(sum(d.switches) for d in of_round) for of_round in rounds
        ],
    }


def _means_by_round(results: Sequence[SequenceResult], name: str) -> list[float]:
    """Average a figure of the details over sequences, per round."""
    rounds = zip(*(result.details for result in results), strict=True)
    return [float(np.mean([getattr(d, name) for d in details])) for details in rounds]


def mean_over_objects(scores: Sequence[tuple[tuple[float, ...], ...]]) -> list[float]:
    """Average over all objects of several sequences, per round.

    Parameters
    ----------
    scores : sequence of tuple of R tuple of K float
        One entry per sequence; K may differ.

    Examples
    --------
    >>> mean_over_objects([((1.0,),), ((0.5, 0.0),)])
    [0.5]
    """
    means: list[float] = np.concatenate(scores, axis=1).mean(axis=1).tolist()
    return means


def _sequence(result: SequenceResult) -> dict[str, Any]:
    return {
        "j": mean_over_objects([result.j]),
        "f": mean_over_objects([result.f]),
        "objects": result.objects,
        "superpixels": result.superpixels,
        "ceiling": result.ceiling,
        "first_strokes": result.first_strokes,
    }


def _package_versions() -> dict[str, str]:
    """Look up the versions of the installed packages."""
    versions = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def _describe_hardware() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text("utf-8") if cpuinfo.is_file() else ""
    names = [row.split(":")[1] for row in text.splitlines() if "model name" in row]
    name = names[0].strip() if names else platform.processor() or platform.machine()
    return f"{cores()} cores, {name}"


def write_json(path: Path, report: dict[str, Any]) -> None:
    """Write a report atomically."""
    atomic_write_text(path, json.dumps(report, indent=1) + "\n")
