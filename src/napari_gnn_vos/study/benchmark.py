"""Sessions on many sequences, and what they add up to."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import Model
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.study.ceiling import best_labels
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.robot import Robot
from napari_gnn_vos.study.rounds import Score, play
from napari_gnn_vos.study.samples import Footage

PACKAGES = ("napari-gnn-vos", "torch", "numpy", "opencv-python-headless", "numba")


def benchmark(
    footage: Sequence[Footage], model: Model, rounds: int, seed: int = 0
) -> Pipeline[dict[str, list[Score]]]:
    """Let the robot annotate every video.

    Parameters
    ----------
    footage : sequence of Footage
    model : Model
    rounds : int
        Rounds a video.
    seed : int
        Of the random seeds sampled from strokes.

    Yields
    ------
    step : Progress
        One a round; its stage is the video's name.

    Returns
    -------
    scores : dict of str to list of Score
        By the video's name, a score a round.
    """
    out: dict[str, list[Score]] = {}
    total = len(footage) * rounds
    for number, one in enumerate(footage):
        rng = np.random.default_rng(seed)
        name = one.session.video.name
        out[name] = []
        game = play(one.session, one.truth, Robot(), model, rounds=rounds, rng=rng)
        for _, score in game:
            out[name].append(score)
            yield Progress(name, number * rounds + score.turn, total)
    return out


def mean_j(scores: Sequence[Score]) -> list[float]:
    """Mean J over frames and objects after every round."""
    return [float(score.j.mean()) for score in scores]


def ceiling_of(footage: Footage) -> float:
    """Mean J if every superpixel got its commonest true label."""
    truth, frames = footage.truth, footage.session.graph.frames
    objects = objects_of(truth)
    js = [
        jaccard(best_labels(frame.labels, true)[None], true[None], objects).mean()
        for frame, true in zip(frames, truth, strict=True)
    ]
    return float(np.mean(js))


def report(
    footage: Sequence[Footage],
    scores: dict[str, list[Score]],
    model: dict[str, Any],
    config: Config,
) -> dict[str, Any]:
    """Put all figures of a benchmark into one dictionary that JSON can hold.

    Parameters
    ----------
    footage : sequence of Footage
    scores : dict of str to list of Score
        From `benchmark`.
    model : dict
        Name and card of the model.
    config : Config

    Returns
    -------
    report : dict
        ``j`` (a mean per round, over sequences), ``seconds`` (``interact`` and
        ``predict``, a mean per round), ``sequences`` (name to ``j``, ``superpixels``,
        ``ceiling``), ``model``, ``settings``, ``first_strokes``, ``versions``,
        ``hardware``.
    """
    per_sequence = {}
    for one in footage:
        name, graph = one.session.video.name, one.session.graph
        per_sequence[name] = {
            "j": mean_j(scores[name]),
            "superpixels": graph.n / graph.shape[0],
            "ceiling": ceiling_of(one),
        }
    games = list(scores.values())
    return {
        "j": np.mean([mean_j(game) for game in games], axis=0).tolist(),
        "seconds": {
            part: np.mean([[getattr(s, part) for s in g] for g in games], 0).tolist()
            for part in ("interact", "predict")
        },
        "sequences": per_sequence,
        "model": model,
        "settings": config.model_dump(),
        "first_strokes": "robot",
        "versions": {name: version(name) for name in PACKAGES},
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}",
    }


def write_json(path: Path, facts: dict[str, Any]) -> None:
    """Write a report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=1), "utf-8")


def rounds_table(results: dict[str, list[float]], shown: Sequence[int]) -> str:
    """Markdown table of mean J: a row a method, a column a round."""
    shown = [turn for turn in shown if turn <= min(map(len, results.values()))]
    rows = [
        "| method | " + " | ".join(f"J after {turn}" for turn in shown) + " |",
        "|---|" + "---|" * len(shown),
    ]
    for name, j in results.items():
        rows.append(
            f"| {name} | " + " | ".join(f"{j[r - 1]:.3f}" for r in shown) + " |"
        )
    return "\n".join(rows)


def sequences_table(facts: dict[str, Any]) -> str:
    """Markdown table of a report: a row a sequence, first and last round, ceiling."""
    last = len(facts["j"])
    rows = [
        f"| sequence | J after 1 | J after {last} | ceiling | superpixels a frame |",
        "|---|---|---|---|---|",
    ]
    for name, one in facts["sequences"].items():
        rows.append(
            f"| {name} | {one['j'][0]:.3f} | {one['j'][-1]:.3f} "
            f"| {one['ceiling']:.3f} | {one['superpixels']:.0f} |"
        )
    seconds = (
        np.mean(facts["seconds"]["interact"]),
        np.mean(facts["seconds"]["predict"]),
    )
    rows.append(
        f"\n{seconds[0]:.2f} s to take strokes in and {seconds[1]:.2f} s to predict, "
        f"mean of a round; {facts['hardware']}."
    )
    return "\n".join(rows)
