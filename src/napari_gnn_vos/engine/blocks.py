"""Run the network on blocks of objects, to limit the memory for many objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.node_inputs import NodeInputs
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
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
