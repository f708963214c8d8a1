"""What a benchmark adds up to, in a dictionary that JSON can hold."""

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
from napari_gnn_vos.study.measure.curve import Curve
from napari_gnn_vos.study.measure.methods import Method
from napari_gnn_vos.study.measure.plan import Plan
from napari_gnn_vos.study.measure.sequence_result import SequenceResult, write_whole

PACKAGES = (
    *("napari-gnn-vos", "torch", "numpy", "opencv-python-headless", "numba"),
    *("scikit-learn", "davisinteractive"),
)
THRESHOLD = 60
"""Seconds after which DAVIS compares methods."""


def report(
    plan: Plan, methods: Sequence[Method], played: dict[str, list[SequenceResult]]
) -> dict[str, Any]:
    """Put all figures of a benchmark into one dictionary.

    Means are over all objects of all sequences, each with the same weight, and of an
    object over all its frames, as in the DAVIS interactive benchmark.

    Parameters
    ----------
    plan : Plan
    methods : sequence of Method
        The first is the one that is reported; the others stand beside it.
    played : dict of str to list of SequenceResult
        From `benchmark`.

    Returns
    -------
    report : dict
        * ``j``, ``f``, ``jf``: region and boundary measure and the mean of both, a
          number per round.
        * ``auc_j``, ``auc_jf``: area under J and J&F against time as the DAVIS
          interactive benchmark defines it, see `curve.Curve`: from 0 at 0 s through
          the rounds to the limit of 30 s for every round and object, over that limit.
          With rounds of few seconds it is little less than after the last round.
        * ``j_at_60s``, ``jf_at_60s``: J and J&F on the same curve after 60 s.
        * ``mean_j``, ``mean_jf``: plain means of ``j`` and ``jf`` over the rounds.
        * ``seconds``: ``interact`` and ``predict``, a number per round, means over
          sequences; a round in which nothing was left to correct takes none.
        * ``ceiling``: J if every superpixel had its commonest true label.
        * ``sequences``: by name ``j``, ``f`` (per round), ``objects`` (how many),
          ``superpixels`` (a frame), ``ceiling`` and ``first_strokes``.
        * ``first_strokes``: ``"human"`` if persons drew on all sequences in the first
          round, else ``"robot"``.
        * ``baselines``: by name ``j`` of every method.
        * ``protocol``, ``rounds``, ``seed``, ``settings``, ``model``, ``versions``,
          ``hardware``.
    """
    games = played[methods[0].name]
    human = all(one.first_strokes == "human" for one in games)
    objects = [one.objects for one in games]
    return {
        **_curves(games),
        "ceiling": float(np.average([one.ceiling for one in games], weights=objects)),
        "sequences": {one.sequence: _sequence(one) for one in games},
        "baselines": {
            name: over_objects([one.j for one in others])
            for name, others in played.items()
        },
        "first_strokes": "human" if human else "robot",
        "protocol": plan.protocol,
        "rounds": plan.rounds,
        "seed": plan.seed,
        "settings": plan.config.model_dump(),
        "model": methods[0].facts,
        "versions": _versions(),
        "hardware": _hardware(),
    }


def _curves(games: Sequence[SequenceResult]) -> dict[str, Any]:
    """All that belongs to rounds."""
    j, f = (over_objects([getattr(one, part) for one in games]) for part in "jf")
    jf = [(a + b) / 2 for a, b in zip(j, f, strict=True)]
    interact, predict = (
        np.mean([getattr(one, part) for one in games], axis=0)
        for part in ("interact", "predict")
    )
    objects = float(np.mean([one.objects for one in games]))
    curve_j, curve_jf = (Curve.of(y, interact + predict, objects) for y in (j, jf))
    return {
        "j": j,
        "f": f,
        "jf": jf,
        "auc_j": curve_j.auc,
        "auc_jf": curve_jf.auc,
        "j_at_60s": curve_j.at(THRESHOLD),
        "jf_at_60s": curve_jf.at(THRESHOLD),
        "mean_j": float(np.mean(j)),
        "mean_jf": float(np.mean(jf)),
        "seconds": {"interact": interact.tolist(), "predict": predict.tolist()},
    }


def over_objects(scores: Sequence[tuple[tuple[float, ...], ...]]) -> list[float]:
    """Mean over all objects of some sequences, after every round.

    Parameters
    ----------
    scores : sequence of tuple of R tuple of K float
        A sequence each; K may differ.

    Examples
    --------
    >>> over_objects([((1.0,),), ((0.5, 0.0),)])
    [0.5]
    """
    means: list[float] = np.concatenate(scores, axis=1).mean(axis=1).tolist()
    return means


def _sequence(one: SequenceResult) -> dict[str, Any]:
    return {
        "j": over_objects([one.j]),
        "f": over_objects([one.f]),
        "objects": one.objects,
        "superpixels": one.superpixels,
        "ceiling": one.ceiling,
        "first_strokes": one.first_strokes,
    }


def _versions() -> dict[str, str]:
    """Versions of the packages that are installed."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _hardware() -> str:
    facts = Path("/proc/cpuinfo")
    text = facts.read_text("utf-8") if facts.is_file() else ""
    names = [row.split(":")[1] for row in text.splitlines() if "model name" in row]
    name = names[0].strip() if names else platform.processor() or platform.machine()
    return f"{cores()} cores, {name}"


def write_json(path: Path, facts: dict[str, Any]) -> None:
    """Write a report; a file there before stays until the new one is whole."""
    write_whole(path, json.dumps(facts, indent=1) + "\n")
