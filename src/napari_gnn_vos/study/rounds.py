"""Sessions in which the robot annotates in place of a person."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.engine import Model, annotate, predict
from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.metrics import jaccard, objects_of
from napari_gnn_vos.study.robot import Robot


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """One round's result.

    Parameters
    ----------
    turn : int
        Number of the round, from 1.
    j : (T, K) ndarray of float64
        Intersection over union of every object on every frame.
    interact, predict : float
        Seconds from strokes to seeds, and from seeds to labels.
    """

    turn: int
    j: NDArray[np.float64]
    interact: float
    predict: float


def play(
    session: Session,
    truth: NDArray[np.uint8],
    robot: Robot,
    model: Model,
    *,
    rounds: int,
    rng: Generator,
) -> Iterator[tuple[Session, Score]]:
    """Annotate, predict and score, round after round.

    Parameters
    ----------
    session : Session
        With nothing drawn.
    truth : (T, H, W) ndarray of uint8
    robot : Robot
    model : Model
    rounds : int
    rng : numpy.random.Generator

    Yields
    ------
    session : Session
    score : Score
        When nothing is left to correct, the last score again.

    Raises
    ------
    VideoError
        If there is no object in the truth.
    """
    objects = objects_of(truth)
    if not objects:
        raise VideoError(
            f"A truth needs an object on one frame at least; that of "
            f"{session.video.name!r} has none. Leave the sequence out."
        )
    score = None
    for turn in range(1, rounds + 1):
        scribbles = robot(session.labels, truth, rng)
        if not scribbles and score is not None:
            yield session, Score(turn, score.j, 0.0, 0.0)
            continue
        begin = time.perf_counter()
        session = annotate(session, scribbles, rng=rng)
        middle = time.perf_counter()
        session = drain(predict(session, model))
        end = time.perf_counter()
        labels = session.labels
        j = np.zeros((1, 1)) if labels is None else jaccard(labels, truth, objects)
        score = Score(turn, j, middle - begin, end - middle)
        yield session, score
