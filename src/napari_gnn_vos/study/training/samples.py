"""Training samples: running sessions with the robot in the loop (paper, III-E)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.engine import Model, annotate, evidence, predict
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video_graph import Graph
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.metrics import objects_of
from napari_gnn_vos.study.rounds import corrected
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

F32 = NDArray[np.float32]
GROUPS = (
    ("propagated_target", "propagated_rest"),
    ("label_model",),
    ("harmonic",),
    ("previous",),
)
"""Inputs that are left out together, now and then, so that none is relied on alone."""
MERGED = 0.5
"""Share of sessions in which a random set of the objects is taken for one."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A window of a graph, what strokes say of it, and what it should be.

    Parameters
    ----------
    graph : Graph
        N superpixels.
    inputs : (N, 8) ndarray of float32
    target : (N,) ndarray of float32
        Share of a superpixel's pixels that have the label.
    size : (N,) ndarray of float32
        Pixels.
    """

    graph: Graph
    inputs: F32
    target: F32
    size: F32


@dataclass(slots=True, eq=False)
class Running:
    """A session under way: samples can be cut from its present state."""

    footage: LabelledVideo
    session: Session
    graph: Graph
    inputs: dict[int, F32]
    target: dict[int, F32]
    size: F32

    def sample(self, frames: int, rng: Generator) -> Sample:
        """Cut a random window of `frames` frames, for a random object."""
        count = len(self.graph.offsets) - 1
        begin = int(rng.integers(0, max(count - frames, 0) + 1))
        graph, rows = self.graph.cut(begin, min(begin + frames, count))
        label = int(rng.choice(list(self.inputs)))
        inputs = self.inputs[label][rows].copy()
        for group in GROUPS:
            if rng.random() < 0.08:
                inputs[:, [NODE_INPUT_NAMES.index(name) for name in group]] = 0
        return Sample(graph, inputs, self.target[label][rows], self.size[rows])


class Pool:
    """Sessions that are played on, a round at a time, by the network's own answers.

    Parameters
    ----------
    footage : sequence of LabelledVideo
    rounds : int
        Rounds of a session at most; it may end earlier.
    size : int
        Sessions kept for samples.
    rng : numpy.random.Generator
    """

    def __init__(
        self, footage: Sequence[LabelledVideo], rounds: int, size: int, rng: Generator
    ) -> None:
        self._footage, self._rounds, self._size, self._rng = footage, rounds, size, rng
        self._running: list[Running] = []
        self._robot = SimulatedAnnotator(vary=True)

    def advance(self, model: Model) -> None:
        """Begin a session, or play one on by a round."""
        if len(self._running) < self._size:
            self._running.append(self._begin())
            return
        at = int(self._rng.integers(len(self._running)))
        old = self._running[at]
        over = len(old.session.rounds) >= self._rounds or self._rng.random() < 0.15
        self._running[at] = self._begin() if over else self._play_on(old, model)

    def sample(self, frames: int) -> Sample:
        """Cut a sample out of a random session."""
        one = self._running[int(self._rng.integers(len(self._running)))]
        return one.sample(frames, self._rng)

    def _begin(self) -> Running:
        footage = self._footage[int(self._rng.integers(len(self._footage)))]
        if self._rng.random() < MERGED:
            footage = replace(footage, truth=merge_some(footage.truth, self._rng))
        return self._annotated(footage, footage.session)

    def _play_on(self, old: Running, model: Model) -> Running:
        return self._annotated(old.footage, drain(predict(old.session, model)))

    def _annotated(self, footage: LabelledVideo, session: Session) -> Running:
        before = session.labels, footage.truth, self._rng, corrected(session)
        scribbles = self._robot(*before)
        if not scribbles:
            return self._begin()
        if session.labels is None and self._rng.random() < 0.3:
            scribbles = tuple(s for s in scribbles if s.label > 0)
        session = annotate(session, scribbles, rng=self._rng)
        graph = session.graph.window()
        found = evidence(session)
        told = [found.inputs(t) for t in range(session.graph.shape[0])]
        inputs = dict(zip(found.objects, np.concatenate(told, axis=1), strict=True))
        target, size = targets(session, footage.truth)
        return Running(footage, session, graph, inputs, target, size)


def merge_some(truth: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Take a random set of the objects for one, and of the others for another.

    Parameters
    ----------
    truth : (T, H, W) ndarray of uint8
    rng : numpy.random.Generator

    Returns
    -------
    merged : (T, H, W) ndarray of uint8
        1 for some objects, drawn at random, 2 or background for the rest of them, as a
        coin falls. The same truth if it has one object only.
    """
    objects = objects_of(truth)
    if len(objects) < 2:
        return truth
    some = rng.choice(objects, int(rng.integers(1, len(objects))), replace=False)
    names = np.zeros(256, np.uint8)
    names[list(objects)] = rng.choice([0, 2])
    names[some] = 1
    merged: NDArray[np.uint8] = names[truth]
    return merged


def targets(session: Session, truth: NDArray[np.uint8]) -> tuple[dict[int, F32], F32]:
    """Share of every superpixel that each object covers, and its size in pixels."""
    objects = objects_of(truth)
    shares: dict[int, list[NDArray[np.float64]]] = {label: [] for label in objects}
    sizes = []
    for t, frame in enumerate(session.graph.frames):
        flat = frame.labels.ravel()
        size = np.bincount(flat, minlength=frame.n)
        sizes.append(size)
        for label in objects:
            inside = (truth[t] == label).ravel()
            shares[label].append(np.bincount(flat, inside, frame.n) / size)
    joined = {k: np.concatenate(v).astype(np.float32) for k, v in shares.items()}
    return joined, np.concatenate(sizes).astype(np.float32)


def for_training(session: Session) -> Session:
    """Leave out what only the look of the labels needs."""
    return replace(session, config=session.config.model_copy(update={"refine": "none"}))
