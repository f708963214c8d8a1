"""DAVIS interactive benchmark run by the package of its authors.

The session of the package selects frames, draws with its robot and scores with its
metrics; the engine of this package predicts. Installation: see `official_package`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.random import Generator

from napari_gnn_vos.engine import Model, annotate, predict
from napari_gnn_vos.errors import NoSeedsError
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.measure.davis_session import DavisSession
from napari_gnn_vos.study.measure.official_package import (
    official,
    registered_sequences,
    restored_aliases,
)
from napari_gnn_vos.study.metrics import require_objects
from napari_gnn_vos.study.rounds import Score

SUBSET = "test-dev"
"""Subset name that the package accepts without files on disk."""
SECONDS = 30
"""Time limit of the DAVIS challenge per round and object."""


def ensure_official() -> None:
    """Import the package, so that a missing package is reported early.

    Raises
    ------
    SettingsError
        If the package is not installed.
    """
    with restored_aliases():
        official("session")


def run_official(
    labelled_video: LabelledVideo,
    model: Model,
    rounds: int,
    rng: Generator,
    first: Sequence[Scribble] = (),
) -> Iterator[Score]:
    """Run rounds with the robot and the metrics of the package.

    Parameters
    ----------
    labelled_video : LabelledVideo
        Without annotations.
    model : Model
    rounds : int
    rng : numpy.random.Generator
        Samples the seeds from the strokes.
    first : sequence of Scribble
        Strokes of the first round, such as the human scribbles of DAVIS. Without them,
        the robot of the package draws on each object and on background, on the frame
        that `SimulatedAnnotator` would choose.

    Yields
    ------
    score : Score
        J and F of the package. If the robot draws nothing, the last score with zero
        times.

    Raises
    ------
    SettingsError
        If the package is not installed.
    VideoError
        If there is no object in the truth.

    Notes
    -----
    The package selects the frame with the lowest mean of J and F, and repeats no frame
    before all were used. Without a prediction all frames have the same score, so the
    first frame is prescribed. The robot also treats an unknown predicted object as an
    error against background, so it starts with strokes on background as well.
    """
    session = labelled_video.session
    require_objects(labelled_video.truth, session.video.name)
    labels = np.zeros_like(labelled_video.truth)
    with TemporaryDirectory() as folder:
        davis_session = DavisSession.open(
            Path(folder), labelled_video, rounds, robot_begins=not first
        )
        for round_index in range(1, rounds + 1):
            scribbles = davis_session.strokes()
            if round_index == 1 and first:
                scribbles = tuple(first)
            begin = middle = end = time.perf_counter()
            if scribbles:
                session = annotate(session, scribbles, rng=rng)
                middle = time.perf_counter()
                with suppress(NoSeedsError):  # strokes may be on background only
                    session = drain(predict(session, model))
                end = time.perf_counter()
            if session.packed_labels is not None:
                labels = np.asarray(session.packed_labels)
            j, f = davis_session.score(labels)
            yield Score(round_index, j, f, middle - begin, end - middle)


def official_summary(
    scores: Mapping[str, Sequence[Score]], metric: str = "J_AND_F"
) -> dict[str, Any]:
    """Summarise scores with the evaluation service of the package.

    Parameters
    ----------
    scores : mapping of str to sequence of Score
        One score per round, by name of the video; the number of rounds is equal.
    metric : str
        ``"J"``, ``"F"`` or ``"J_AND_F"``, their mean.

    Returns
    -------
    summary : dict
        Of the package: ``auc``, ``metric_at_threshold`` (after 60 s) and ``curve``, all
        of the metric against time, with 30 s per round and object.

    Raises
    ------
    SettingsError
        If the package is not installed.
    """
    rounds = max(map(len, scores.values()))
    rows = [
        {
            "interaction": score.round_index,
            "sequence": name,
            "scribble_idx": 1,
            "object_id": k + 1,
            "jaccard": j,
            "contour": f,
            "j_and_f": (j + f) / 2,
            "timing": score.interact + score.predict,
        }
        for name, scores_of_rounds in scores.items()
        for score in scores_of_rounds
        for k, (j, f) in enumerate(zip(score.j.mean(0), score.f.mean(0), strict=True))
    ]
    sequences = {
        name: (len(result[0].j), 0, 0, result[0].j.shape[1])
        for name, result in scores.items()
    }
    with registered_sequences(sequences, SUBSET), TemporaryDirectory() as folder:
        service = official("evaluation.service")
        summary: dict[str, Any] = service.EvaluationService(
            SUBSET,
            davis_root=folder,
            max_t=SECONDS * rounds,
            max_i=rounds,
            metric_to_optimize=metric,
        ).summarize_report(service.pd.DataFrame(rows))
    return summary
