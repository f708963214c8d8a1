"""Training samples cut from simulated annotation sessions (paper, III-E)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.engine import Model, annotate, node_inputs, predict
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.video_graph import WindowGraph
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.metrics import objects_of
from napari_gnn_vos.study.rounds import StrokesOnFrames
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator

F32 = NDArray[np.float32]
DROPPED_GROUPS = (
    ("propagated_target", "propagated_rest"),
    ("label_model",),
    ("harmonic",),
    ("previous",),
)
"""Groups of inputs that are set to 0 at random, so that the network does not depend on
one group."""
MERGE_PROBABILITY = 0.5
"""Share of sessions in which a random subset of the objects is merged into one."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A window of a graph with node inputs and target probabilities.

    Parameters
    ----------
    graph : WindowGraph
        N superpixels.
    inputs : (N, 8) ndarray of float32
    target : (N,) ndarray of float32
        Share of the pixels of each superpixel that have the label; NaN where it is not
        known.
    size : (N,) ndarray of float32
        Number of pixels of each superpixel.
    """

    graph: WindowGraph
    inputs: F32
    target: F32
    size: F32


@dataclass(slots=True, eq=False)
class RunningSession:
    """A session in progress, from whose current state samples are cut."""

    labelled_video: LabelledVideo
    session: Session
    graph: WindowGraph
    inputs: dict[int, F32]
    target: dict[int, F32]
    size: F32

    def sample(self, frames: int, rng: Generator) -> Sample:
        """Cut a window of `frames` frames at random for a random object.

        It contains a frame whose ground truth is known.
        """
        count = len(self.graph.offsets) - 1
        starts = _window_starts(count, frames, self.labelled_video.labelled_frames)
        begin = int(starts[rng.integers(len(starts))])
        graph, rows = self.graph.subgraph(begin, min(begin + frames, count))
        label = int(rng.choice(list(self.inputs)))
        inputs = self.inputs[label][rows].copy()
        for group in DROPPED_GROUPS:
            if rng.random() < 0.08:
                inputs[:, [NODE_INPUT_NAMES.index(name) for name in group]] = 0
        return Sample(graph, inputs, self.target[label][rows], self.size[rows])


class SessionPool:
    """Sessions that advance round by round with the predictions of the network.

    Parameters
    ----------
    videos : sequence of LabelledVideo
    rounds : int
        Maximum number of rounds of a session.
    size : int
        Number of concurrent sessions.
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        videos: Sequence[LabelledVideo],
        rounds: int,
        size: int,
        rng: Generator,
    ) -> None:
        self._videos, self._rounds, self._size = videos, rounds, size
        self._rng = rng
        self._running: list[RunningSession] = []
        self._annotator = SimulatedAnnotator(vary=True)

    def advance(self, model: Model) -> None:
        """Start a session, or advance one by a round."""
        if len(self._running) < self._size:
            self._running.append(self._start_session())
            return
        index = int(self._rng.integers(len(self._running)))
        running = self._running[index]
        ended = len(running.session.rounds) >= self._rounds or self._rng.random() < 0.15
        self._running[index] = (
            self._start_session() if ended else self._continue_session(running, model)
        )

    def sample(self, frames: int) -> Sample:
        """Cut a window of `frames` frames at random for a random object."""
        running = self._running[int(self._rng.integers(len(self._running)))]
        return running.sample(frames, self._rng)

    def _start_session(self) -> RunningSession:
        labelled_video = self._videos[int(self._rng.integers(len(self._videos)))]
        if self._rng.random() < MERGE_PROBABILITY:
            labelled_video = replace(
                labelled_video,
                truth=merge_random_objects(labelled_video.truth, self._rng),
            )
        return self._annotate_session(labelled_video, labelled_video.session)

    def _continue_session(
        self, running: RunningSession, model: Model
    ) -> RunningSession:
        return self._annotate_session(
            running.labelled_video, drain(predict(running.session, model))
        )

    def _annotate_session(
        self, labelled_video: LabelledVideo, session: Session
    ) -> RunningSession:
        annotator = StrokesOnFrames(self._annotator, labelled_video.labelled_frames)
        scribbles = annotator(
            session.labels, labelled_video.truth, self._rng, session.corrected_frames
        )
        if not scribbles:
            return self._start_session()
        if session.labels is None and self._rng.random() < 0.3:
            scribbles = tuple(s for s in scribbles if s.label > 0)
        session = annotate(session, scribbles, rng=self._rng)
        graph = session.graph.window()
        inputs = node_inputs(session)
        per_frame = [inputs.of_frame(t) for t in range(session.graph.shape[0])]
        inputs_by_label = dict(
            zip(inputs.objects, np.concatenate(per_frame, axis=1), strict=True)
        )
        target, size = targets(session, labelled_video)
        return RunningSession(
            labelled_video, session, graph, inputs_by_label, target, size
        )


def merge_random_objects(truth: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Merge a random subset of the objects into one label.

    Parameters
    ----------
    truth : (T, H, W) ndarray of uint8
    rng : numpy.random.Generator

    Returns
    -------
    merged : (T, H, W) ndarray of uint8
        Label 1 for a random subset of the objects; 2 or 0, at random, for the remaining
        ones. `truth` itself if it has one object.
    """
    objects = objects_of(truth)
    if len(objects) < 2:
        return truth
    subset = rng.choice(objects, int(rng.integers(1, len(objects))), replace=False)
    new_label = np.zeros(256, np.uint8)
    new_label[list(objects)] = rng.choice([0, 2])
    new_label[subset] = 1
    merged: NDArray[np.uint8] = new_label[truth]
    return merged


def _window_starts(
    count: int, frames: int, labelled: Sequence[int]
) -> NDArray[np.intp]:
    """Find the first frames of all windows that contain a labelled frame."""
    frames = min(frames, count)
    known = np.isin(np.arange(count), labelled)
    windows = np.lib.stride_tricks.sliding_window_view(known, frames)
    return np.flatnonzero(windows.any(axis=1))


def targets(
    session: Session, labelled_video: LabelledVideo
) -> tuple[dict[int, F32], F32]:
    """Compute the targets of all superpixels.

    Parameters
    ----------
    session : Session
        Of the video, with the superpixels of any round.
    labelled_video : LabelledVideo

    Returns
    -------
    shares : dict of int to (N,) ndarray of float32
        Share of the pixels of each superpixel that belong to an object; NaN on frames
        whose ground truth is not known.
    size : (N,) ndarray of float32
        Number of their pixels.
    """
    truth, labelled = labelled_video.truth, set(labelled_video.labelled_frames)
    objects = objects_of(truth)
    shares: dict[int, list[NDArray[np.float64]]] = {label: [] for label in objects}
    sizes = []
    for t, frame in enumerate(session.graph.frames):
        flat = frame.labels.ravel()
        size = np.bincount(flat, minlength=frame.n)
        sizes.append(size)
        for label in objects:
            inside = (truth[t] == label).ravel()
            share = np.bincount(flat, inside, frame.n) / size
            shares[label].append(share if t in labelled else np.full(frame.n, np.nan))
    joined = {k: np.concatenate(v).astype(np.float32) for k, v in shares.items()}
    return joined, np.concatenate(sizes).astype(np.float32)


def without_refinement(session: Session) -> Session:
    """Disable the refinement of pixels and superpixels for training.

    Pixels are not needed. The distributed networks were trained on the prepared
    superpixels, and splitting them takes longer than a step of a training.
    """
    changes = {"refine": "none", "coarse_to_fine": False}
    return replace(session, config=session.config.model_copy(update=changes))
