"""Annotation sessions with a simulated annotator."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.engine import Model, annotate, predict
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.metrics import boundary_f, jaccard, require_objects

U8 = NDArray[np.uint8]


class StrokeSource(Protocol):
    """Source of scribbles per round, such as `SimulatedAnnotator`."""

    def __call__(
        self, labels: U8 | None, truth: U8, rng: Generator, used: Collection[int] = ()
    ) -> tuple[Scribble, ...]:
        """Draw the strokes of a round; empty if nothing is left to correct.

        Parameters
        ----------
        labels : (T, H, W) ndarray of uint8 or None
            Prediction of the previous round; None in the first one.
        truth : (T, H, W) ndarray of uint8
        rng : numpy.random.Generator
        used : collection of int
            Frames corrected in earlier rounds.
        """


@dataclass(frozen=True, slots=True)
class FixedFirstRound:
    """Use given strokes in the first round and another source afterwards.

    Parameters
    ----------
    first : tuple of Scribble
        For example the human scribbles of DAVIS.
    source : StrokeSource
        Source from the second round on, and in the first if `first` is empty.
    """

    first: tuple[Scribble, ...]
    source: StrokeSource

    def __call__(
        self, labels: U8 | None, truth: U8, rng: Generator, used: Collection[int] = ()
    ) -> tuple[Scribble, ...]:
        """Draw the strokes of a round, see `StrokeSource`."""
        if labels is None and self.first:
            return self.first
        return self.source(labels, truth, rng, used)


@dataclass(frozen=True, slots=True)
class StrokesOnFrames:
    """Draw strokes only on some frames, such as those whose ground truth is known.

    Parameters
    ----------
    source : StrokeSource
    frames : tuple of int
        Ascending.
    """

    source: StrokeSource
    frames: tuple[int, ...]

    def __call__(
        self, labels: U8 | None, truth: U8, rng: Generator, used: Collection[int] = ()
    ) -> tuple[Scribble, ...]:
        """Draw the strokes of a round, see `StrokeSource`."""
        rows = list(self.frames)
        labels = None if labels is None else labels[rows]
        used = [rows.index(t) for t in used if t in rows]
        strokes = self.source(labels, truth[rows], rng, used)
        return tuple(replace(stroke, frame=rows[stroke.frame]) for stroke in strokes)


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Scores and times of one round.

    Parameters
    ----------
    round_index : int
        Number of the round, from 1.
    j, f : (T, K) ndarray of float64
        Region similarity and boundary measure per frame and object.
    interact, predict : float
        Seconds from strokes to seeds, and from seeds to labels; measuring J and F is
        not counted.
    """

    round_index: int
    j: NDArray[np.float64]
    f: NDArray[np.float64]
    interact: float
    predict: float


def run_rounds(
    session: Session,
    truth: U8,
    annotator: StrokeSource,
    model: Model,
    *,
    rounds: int,
    rng: Generator,
) -> Iterator[tuple[Session, Score]]:
    """Annotate, predict and score for a number of rounds.

    Parameters
    ----------
    session : Session
        Without annotations.
    truth : (T, H, W) ndarray of uint8
    annotator : StrokeSource
    model : Model
    rounds : int
    rng : numpy.random.Generator

    Yields
    ------
    session : Session
    score : Score
        If nothing is left to correct, the last score with zero times.

    Raises
    ------
    VideoError
        If there is no object in the truth.
    """
    objects = require_objects(truth, session.video.name)
    score, labels = None, None
    for round_index in range(1, rounds + 1):
        scribbles = annotator(labels, truth, rng, session.corrected_frames)
        if not scribbles and score is not None:
            yield session, Score(round_index, score.j, score.f, 0.0, 0.0)
            continue
        start = time.perf_counter()
        session = annotate(session, scribbles, rng=rng)
        annotated = time.perf_counter()
        session = drain(predict(session, model))
        seconds = annotated - start, time.perf_counter() - annotated
        labels = np.asarray(session.packed_labels)
        j, f = (measure(labels, truth, objects) for measure in (jaccard, boundary_f))
        score = Score(round_index, j, f, *seconds)
        yield session, score
