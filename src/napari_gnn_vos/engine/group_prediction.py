"""Predict groups of objects by the network, in all frames or outwards from one.

The network predicts each group against the rest. Many groups are predicted in blocks,
to limit the memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import wrong_type
from napari_gnn_vos.interact.node_inputs import NodeInputs
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
Item = TypeVar("Item")
Frames = Iterator[tuple[int, F32]]
OBJECTS_AT_A_TIME = 32
"""Largest number of objects that the network predicts in one pass over the video."""


class Model(Protocol):
    """A function that predicts probabilities of superpixels, such as `Predictor`."""

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range, /
    ) -> Iterator[F32]:
        """Predict the superpixels of some frames.

        Parameters
        ----------
        graph : VideoGraph
        node_inputs : callable
            From the index of a frame to the inputs of its n superpixels for K objects,
            (K, n, 8); columns as in `structures.feature_names.NODE_INPUT_NAMES`.
        frames : range

        Yields
        ------
        probability : (K, n) ndarray of float32
            Of each object against the rest; one array per frame, in the order of
            `frames`.
        """


def _model(name: str, value: object) -> object:
    if callable(value) and not isinstance(value, type):
        return value
    raise wrong_type(name, "a model", value, "Load one with load_model().")


MODEL = _model
"""Check of an argument, see `arguments.validated`."""


def predict_groups(
    model: Model, graph: VideoGraph, inputs: NodeInputs, frames: range
) -> Iterator[F32]:
    """Predict all groups of objects, in blocks of up to `OBJECTS_AT_A_TIME`.

    Parameters
    ----------
    model : Model
    graph : VideoGraph
    inputs : NodeInputs
    frames : range

    Yields
    ------
    probability : (K, n) ndarray of float32
        Of each group against the rest, one array per frame.
    """
    count = len(inputs.groups.members)
    indices = np.array_split(np.arange(count), -(-count // OBJECTS_AT_A_TIME))
    *blocks, last = (slice(int(k[0]), int(k[-1]) + 1) for k in indices)
    by_frame: list[list[F32]] = [[] for _ in frames]  # of all blocks but the last
    for block in blocks:
        predictions = model(graph, partial(inputs.of_frame, groups=block), frames)
        for of_frame, probability in zip(by_frame, predictions, strict=True):
            of_frame.append(probability)
    predictions = model(graph, partial(inputs.of_frame, groups=last), frames)
    for of_frame, probability in zip(by_frame, predictions, strict=True):
        yield np.concatenate([*of_frame, probability]) if of_frame else probability
        of_frame.clear()


def in_turns(*iterators: Iterator[Item]) -> Iterator[Item]:
    """Yield one item of each iterator in turns, until all have ended.

    Examples
    --------
    >>> list(in_turns(iter("abc"), iter("x")))
    ['a', 'x', 'b', 'c']
    """
    remaining = deque(iterators)
    while remaining:
        iterator = remaining.popleft()
        for item in islice(iterator, 1):
            yield item
            remaining.append(iterator)


class PredictedGroups:
    """Probabilities of groups of objects in a range of frames that can be extended.

    Parameters
    ----------
    model : Model
    graph : VideoGraph
    inputs : NodeInputs
    first : int
        Frame that the range is extended from.
    streams : bool
        Whether the frames from `first` on, and those before it, are computed by one
        stream each, which applies every layer to a frame once. Otherwise each extension
        of the range computes the frames in its receptive field again.

    Attributes
    ----------
    frames : range
        Predicted frames, at first none.
    """

    def __init__(
        self,
        model: Model,
        graph: VideoGraph,
        inputs: NodeInputs,
        first: int,
        *,
        streams: bool,
    ) -> None:
        self._model, self._graph, self._inputs = model, graph, inputs
        self._by_frame: dict[int, F32] = {}
        self.frames = range(first, first)
        sides = range(first, graph.shape[0]), range(first - 1, -1, -1)
        self._streams = tuple(map(self._predict, sides)) if streams else ()

    def extend(self, frames: range) -> Iterator[int]:
        """Predict the frames between the range and both ends of `frames`.

        Parameters
        ----------
        frames : range
            Contains, overlaps or adjoins the range. Without streams the first call may
            leave out `first`.

        Yields
        ------
        t : int
            Each predicted frame.
        """
        for t, probability in self._missing(frames):
            self._by_frame[t] = probability
            yield t
        start, stop = (self.frames or frames).start, (self.frames or frames).stop
        self.frames = range(min(start, frames.start), max(stop, frames.stop))
        if len(self.frames) == self._graph.shape[0]:
            self._streams = ()  # which frees their states

    def columns(self, frames: range) -> F32:
        """Concatenate the probabilities of G groups in predicted frames, (G, n)."""
        return np.concatenate([self._by_frame[t] for t in frames], axis=1)

    def _missing(self, frames: range) -> Frames:
        """Predict the frames that are outside of the present range."""
        start, stop = self.frames.start, self.frames.stop
        if self._streams:
            after, before = self._streams
            return in_turns(
                zip(range(stop, frames.stop), after, strict=False),
                zip(range(start - 1, frames.start - 1, -1), before, strict=False),
            )
        if not self.frames:
            return zip(frames, self._predict(frames), strict=True)
        parts = range(frames.start, start), range(stop, frames.stop)
        return in_turns(
            *(zip(part, self._predict(part), strict=True) for part in parts if part)
        )

    def _predict(self, frames: range) -> Iterator[F32]:
        return predict_groups(self._model, self._graph, self._inputs, frames)
