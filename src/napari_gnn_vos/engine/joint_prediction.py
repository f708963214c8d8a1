"""Predict several objects together, by windows of frames.

The network predicts each object against the rest, and all objects as one. The latter
probability is divided among the objects (`interact.identity_labelling`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine.blocks import Model, predict_groups
from napari_gnn_vos.interact.absence import zero_absent_objects
from napari_gnn_vos.interact.harmonic import solution_windows
from napari_gnn_vos.interact.identity import divide_groups
from napari_gnn_vos.interact.identity_labelling import (
    combine_any_object,
    divide_among_objects,
)
from napari_gnn_vos.interact.node_inputs import NodeInputs
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]


class JointPrediction:
    """Probabilities of several objects, computed by windows of frames.

    The result does not depend on the order of the windows.

    Parameters
    ----------
    model : Model
    graph : VideoGraph
    inputs : NodeInputs
        Of at least two groups of objects.
    any_object : NodeInputs
        The same with all objects in one group.
    """

    def __init__(
        self,
        model: Model,
        graph: VideoGraph,
        inputs: NodeInputs,
        any_object: NodeInputs,
    ) -> None:
        self._model, self._graph = model, graph
        self._inputs, self._any_object = inputs, any_object
        self._group_labels = inputs.groups.merge(inputs.node_labels)
        self._of_groups: dict[int, F32] = {}
        self._of_any: dict[int, F32] = {}
        self._results: dict[int, F32] = {}

    def windows(self, first: int) -> list[tuple[range, range]]:
        """List the windows by their distance to frame `first`.

        Returns
        -------
        windows : list of (range, range)
            Frames of each window with its margins, and those whose result is kept. A
            single one if there are groups of several objects, because these are divided
            in the whole video.
        """
        whole = range(self._graph.shape[0])
        if not self._inputs.groups.all_single:
            return [(whole, whole)]

        def distance(window: tuple[range, range]) -> int:
            _, kept = window
            return max(kept.start - first, first - kept.stop + 1, 0)

        return sorted(solution_windows(whole), key=distance)

    def run(self, window: range, kept: range) -> Pipeline[None]:
        """Predict a window, whose probabilities `frames` then yields.

        Parameters
        ----------
        window, kept : range
            One of `windows`.

        Yields
        ------
        step : Progress
            After each frame that a network predicts.
        """
        yield from self._run_network(window)
        inputs = self._inputs
        if inputs.groups.all_single:
            of_objects = self._divide(window, kept)
        else:
            parts = [self._divide(*part) for part in solution_windows(kept)]
            of_groups = np.concatenate(parts, axis=1)
            labels, groups = inputs.node_labels, inputs.groups
            of_objects = divide_groups(self._graph, labels, groups, of_groups, kept)
        for t, of_frame in zip(kept, self._by_frame(of_objects, kept), strict=True):
            self._results[t] = combine_objects(inputs, t, of_frame)

    def frames(self, frames: range) -> Iterator[F32]:
        """Yield the probabilities of predicted frames, (n, K) each, once."""
        for t in frames:
            yield self._results.pop(t)

    def _run_network(self, window: range) -> Pipeline[None]:
        """Predict the frames of a window that no earlier one contained."""
        missing = [t for t in window if t not in self._of_any]
        total = len(self._of_groups) + len(missing)
        for frames in _runs(missing):
            # objects last, as `LabelModelRecorder` keeps the inputs of the last pass
            for inputs, out in (
                (self._any_object, self._of_any),
                (self._inputs, self._of_groups),
            ):
                predicted = predict_groups(self._model, self._graph, inputs, frames)
                for t, probability in zip(frames, predicted, strict=True):
                    out[t] = probability
                    yield Progress("predict", len(self._of_groups), total)

    def _divide(self, window: range, kept: range) -> F32:
        """Divide the probability of any object among G groups, (G, n of `kept`)."""
        rows, rows_kept = self._rows(window), self._rows(kept)
        of_groups = np.concatenate([self._of_groups[t] for t in window], axis=1)
        of_any = np.concatenate([self._of_any[t][0] for t in window])
        divided = divide_among_objects(
            self._graph,
            self._group_labels.take(rows),
            self._inputs.groups.first_labels,
            of_groups,
            combine_any_object(of_groups, of_any),
            window,
        )
        return divided[:, rows_kept.start - rows.start : rows_kept.stop - rows.start]

    def _rows(self, frames: range) -> slice:
        offsets = self._graph.offsets
        return slice(int(offsets[frames.start]), int(offsets[frames.stop]))

    def _by_frame(self, probability: F32, frames: range) -> list[F32]:
        """Split the columns of consecutive frames by frame."""
        offsets = self._graph.offsets[frames.start : frames.stop + 1]
        return np.split(probability, offsets[1:-1] - offsets[0], axis=1)


def _runs(frames: list[int]) -> Iterator[range]:
    """Divide ascending frames into runs of consecutive ones."""
    start = 0
    for stop in range(1, len(frames) + 1):
        if stop == len(frames) or frames[stop] != frames[stop - 1] + 1:
            yield range(frames[start], frames[stop - 1] + 1)
            start = stop


def combine_objects(inputs: NodeInputs, t: int, probabilities: F32) -> F32:
    """Combine the one-vs-rest probabilities of frame `t`.

    Parameters
    ----------
    inputs : NodeInputs
        Names the objects that are absent, and the drawn labels.
    t : int
    probabilities : (K - 1, n) ndarray of float32
        Of each object against the rest.

    Returns
    -------
    probability : (n, K) ndarray of float32
        See `one_vs_rest`.
    """
    drawn = inputs.node_labels.drawn[inputs.rows(t)]
    absent = {label for frame, label in inputs.absent if frame == t}
    if absent:
        probabilities = zero_absent_objects(probabilities, inputs.objects, absent)
    return one_vs_rest(probabilities, drawn, inputs.objects)
