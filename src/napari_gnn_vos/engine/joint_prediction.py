"""Predict several objects together, by windows of frames.

The network predicts each group of objects against the rest, and all objects as one. The
latter probability is divided among the groups (`interact.identity_labelling`), and that
of each group among its objects (`interact.similar_objects`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.engine.group_prediction import Model, PredictedGroups
from napari_gnn_vos.interact.harmonic import solution_windows
from napari_gnn_vos.interact.identity_labelling import (
    any_object_probability,
    combine_any_object,
    divide_among_objects,
)
from napari_gnn_vos.interact.node_inputs import NodeInputs
from napari_gnn_vos.interact.one_vs_rest import one_vs_rest, zero_absent_objects
from napari_gnn_vos.interact.similar_objects import divide_groups
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]


class JointPrediction:
    """Probabilities of several objects, computed by windows of frames.

    The result of `run` does not depend on the order of the windows, nor on the calls of
    `preview`.

    Parameters
    ----------
    model : Model
    graph : VideoGraph
    inputs : NodeInputs
        Of several objects.
    any_object : callable, optional
        Computes the inputs of all objects in one group, before the first window. None
        if the probability of any object is not divided among the groups.
    first : int
        Frame that prediction begins with.
    streams : bool
        See `PredictedGroups`.
    """

    def __init__(
        self,
        model: Model,
        graph: VideoGraph,
        inputs: NodeInputs,
        any_object: Callable[[], NodeInputs] | None,
        first: int = 0,
        *,
        streams: bool = False,
    ) -> None:
        self._model, self._graph = model, graph
        self._inputs, self._any_inputs = inputs, any_object
        self._first, self.streams = first, streams
        self._group_labels = inputs.groups.merge(inputs.node_labels)
        self._of_groups = PredictedGroups(model, graph, inputs, first, streams=streams)
        self._of_any: PredictedGroups | None = None
        self._results: dict[int, F32] = {}

    def windows(self) -> list[tuple[range, range]]:
        """List the windows by their distance to the first frame.

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
            return max(kept.start - self._first, self._first - kept.stop + 1, 0)

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
        # objects last, as `LabelModelRecorder` keeps the inputs of the last pass
        if self._any_inputs is not None:
            yield from self._extend(self._any_object(self._any_inputs), window)
        yield from self._extend(self._of_groups, window)
        self._solve(window, kept, self._of_any)

    def preview(self, frames: range) -> Pipeline[bool]:
        """Predict frames around the first one, from the inputs of these frames alone.

        All objects as one are not predicted: the probability of any object is estimated
        by `any_object_probability`.

        Parameters
        ----------
        frames : range
            Contains those of earlier calls.

        Yields
        ------
        step : Progress
            After each frame that a network predicts.

        Returns
        -------
        predicted : bool
            Whether `frames` yields preliminary probabilities. Objects of a group are
            not identified before all of them have drawn labels in `frames`.
        """
        yield from self._extend(self._of_groups, frames)
        drawn = self._inputs.node_labels.drawn[self._rows(frames)]
        if not np.isin(self._inputs.groups.grouped, drawn).all():
            return False
        self._solve(frames, frames, None)
        return True

    def frames(self, frames: range) -> Iterator[F32]:
        """Yield the probabilities of predicted frames, (n, K) each; discard them."""
        for t in frames:
            yield self._results.pop(t)

    def _any_object(self, inputs: Callable[[], NodeInputs]) -> PredictedGroups:
        """Return the prediction of all objects as one."""
        if self._of_any is None:
            network = self._model, self._graph, inputs()
            self._of_any = PredictedGroups(*network, self._first, streams=False)
        return self._of_any

    def _extend(self, predicted: PredictedGroups, frames: range) -> Pipeline[None]:
        for done, _ in enumerate(predicted.extend(frames)):
            yield Progress("predict", done + 1, len(frames))

    def _solve(
        self, window: range, kept: range, of_any: PredictedGroups | None
    ) -> None:
        """Identify the objects in a window, and combine them in the `kept` frames."""
        inputs = self._inputs
        if inputs.groups.all_single:
            of_objects = self._divide(window, kept, of_any)
        else:
            parts = [self._divide(*part, of_any) for part in solution_windows(kept)]
            of_groups = np.zeros((len(parts[0]), self._graph.n), np.float32)
            of_groups[:, self._rows(kept)] = np.concatenate(parts, axis=1)
            labels, groups = inputs.node_labels, inputs.groups
            divided = divide_groups(self._graph, labels, groups, of_groups, kept)
            of_objects = divided[:, self._rows(kept)]
        for t, of_frame in zip(kept, self._by_frame(of_objects, kept), strict=True):
            self._results[t] = combine_objects(inputs, t, of_frame)

    def _divide(
        self, window: range, kept: range, of_any: PredictedGroups | None
    ) -> F32:
        """Divide the probability of any object among G groups, (G, n of `kept`)."""
        if self._any_inputs is None:
            return self._of_groups.columns(kept)
        rows, rows_kept = self._rows(window), self._rows(kept)
        of_groups = self._of_groups.columns(window)
        if of_any is None:
            any_object = any_object_probability(of_groups)
        else:
            any_object = combine_any_object(of_groups, of_any.columns(window)[0])
        divided = divide_among_objects(
            self._graph,
            self._group_labels.take(rows),
            self._inputs.groups.first_labels,
            of_groups,
            any_object,
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
