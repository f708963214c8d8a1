"""The DAVIS interactive benchmark by the package of its authors.

The package's own session plays: its robot draws, its service chooses frames, its
metrics score and its report keeps them; our engine answers. Where it may be had, and
what it needs, is told in `official_package`.
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
from napari_gnn_vos.errors import NoSeedsError, VideoError
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.measure.davis_session import DavisSession
from napari_gnn_vos.study.measure.official_package import former_names, listed, official
from napari_gnn_vos.study.metrics import objects_of
from napari_gnn_vos.study.rounds import Score

SUBSET = "test-dev"
"""A name that the package knows, and for which it looks for no files."""
SECONDS = 30
"""Time that the challenge of DAVIS gives for a round and object."""


def ensure_official() -> None:
    """Import the package, to be told before long work if it cannot be.

    Raises
    ------
    SettingsError
        If the package is not installed.
    """
    with former_names():
        official("session")


def play_official(
    footage: LabelledVideo,
    model: Model,
    rounds: int,
    rng: Generator,
    first: Sequence[Scribble] = (),
) -> Iterator[Score]:
    """Let the package draw and score, and our engine answer, round after round.

    Parameters
    ----------
    footage : LabelledVideo
        With nothing drawn.
    model : Model
    rounds : int
    rng : numpy.random.Generator
        Which pixels of the strokes become seeds.
    first : sequence of Scribble
        Strokes of the first round, such as those that persons drew for DAVIS. Without
        them the annotator of the package draws on every object and on background, on
        the frame that `SimulatedAnnotator` would choose.

    Yields
    ------
    score : Score
        By the package's J and F. When the robot finds nothing to draw, as the last
        one, in no time.

    Raises
    ------
    SettingsError
        If the package is not installed.
    VideoError
        If there is no object in the truth.

    Notes
    -----
    The package takes the frame where the mean of J and F is lowest, and none twice
    before it had all. Where nothing is predicted yet all are alike, so in the first
    round the frame is given to it. Its robot holds a prediction of an unknown object
    against background, too, and so begins with strokes on background.
    """
    session = footage.session
    if not objects_of(footage.truth):
        raise VideoError(
            "A truth needs an object on one frame at least; that of "
            f"{session.video.name!r} has none. Leave the sequence out."
        )
    labels = np.zeros_like(footage.truth)
    with TemporaryDirectory() as folder:
        referee = DavisSession.on(Path(folder), footage, rounds, begins=not first)
        for round_index in range(1, rounds + 1):
            scribbles = referee.strokes()
            if round_index == 1 and first:
                scribbles = tuple(first)
            begin = middle = end = time.perf_counter()
            if scribbles:
                session = annotate(session, scribbles, rng=rng)
                middle = time.perf_counter()
                with suppress(NoSeedsError):  # it may have drawn on background alone
                    session = drain(predict(session, model))
                end = time.perf_counter()
            if session.packed_labels is not None:
                labels = np.asarray(session.packed_labels)
            j, f = referee.score(labels)
            yield Score(round_index, j, f, middle - begin, end - middle)


def official_summary(
    scores: Mapping[str, Sequence[Score]], metric: str = "J_AND_F"
) -> dict[str, Any]:
    """Add scores up as the package does.

    Parameters
    ----------
    scores : mapping of str to sequence of Score
        By the video's name, a score a round; all of as many rounds.
    metric : str
        ``"J"``, ``"F"`` or ``"J_AND_F"``, their mean.

    Returns
    -------
    summary : dict
        The package's: ``auc``, ``metric_at_threshold`` (after 60 s) and ``curve``, all
        of the metric against time, with 30 s for every round and object.

    Raises
    ------
    SettingsError
        If the package is not installed.
    """
    rounds = max(map(len, scores.values()))
    rows = [
        {
            "interaction": one.round_index,
            "sequence": name,
            "scribble_idx": 1,
            "object_id": k + 1,
            "jaccard": j,
            "contour": f,
            "j_and_f": (j + f) / 2,
            "timing": one.interact + one.predict,
        }
        for name, game in scores.items()
        for one in game
        for k, (j, f) in enumerate(zip(one.j.mean(0), one.f.mean(0), strict=True))
    ]
    sequences = {
        name: (len(game[0].j), 0, 0, game[0].j.shape[1])
        for name, game in scores.items()
    }
    with listed(sequences, SUBSET), TemporaryDirectory() as folder:
        service = official("evaluation.service")
        summary: dict[str, Any] = service.EvaluationService(
            SUBSET,
            davis_root=folder,
            max_t=SECONDS * rounds,
            max_i=rounds,
            metric_to_optimize=metric,
        ).summarize_report(service.pd.DataFrame(rows))
    return summary
