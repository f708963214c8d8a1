"""What the network must beat: simpler answers from the same evidence.

Each is an `Answer`: from a graph and the inputs of all objects to probabilities;
`WholeVideoModel` makes a `Model` of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from napari_gnn_vos.structures.feature_names import column
from napari_gnn_vos.structures.video_graph import Graph, VideoGraph
from napari_gnn_vos.study.graph_cut import graph_cut

F32 = NDArray[np.float32]
Answer = Callable[[Graph, F32], F32]
"""From a graph of N superpixels and (K, N, 8) inputs of K objects to (K, N)
probabilities, every object against the rest."""


@dataclass(frozen=True, slots=True)
class WholeVideoModel:
    """A model that answers for the whole video at once.

    Parameters
    ----------
    answer : callable
        See `Answer`.
    """

    answer: Answer

    def __call__(
        self, graph: VideoGraph, node_inputs: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Answer some frames, see `engine.Model`."""
        window = graph.window()
        inputs = np.concatenate([node_inputs(t) for t in range(graph.shape[0])], axis=1)
        parts = np.split(self.answer(window, inputs), window.offsets[1:-1], axis=1)
        yield from parts[frames.start : frames.stop]


def _chance(inputs: F32, name: str) -> F32:
    """Probability behind a column that runs from -1 to 1."""
    return np.asarray((column(inputs, name) + 1) / 2, np.float32)


def label_model_alone(graph: Graph, inputs: F32) -> F32:  # noqa: ARG001 - an Answer
    """Answer with the label model."""
    return _chance(inputs, "label_model")


def diffusion_alone(graph: Graph, inputs: F32) -> F32:  # noqa: ARG001 - an Answer
    """Answer with the label model diffused over the graph."""
    return _chance(inputs, "harmonic")


def seeds_alone(graph: Graph, inputs: F32) -> F32:
    """Answer with the label of the seed that is nearest along the graph."""
    column_of = graph.edge_features.names.index
    look = graph.edge_features.values[
        :, column_of("delta_l") : column_of("delta_b") + 1
    ]
    n = inputs.shape[1]
    incoming = csr_array((0.05 + look.sum(axis=1), tuple(graph.edge_index)), (n, n))
    reach = []
    for side in ("target", "rest"):
        on = column(inputs, f"drawn_{side}") + column(inputs, f"propagated_{side}") > 0
        reach.append(np.stack([_far(incoming, np.flatnonzero(seeds)) for seeds in on]))
    nearer = np.clip(reach[1] - reach[0], -30, 30)
    return np.asarray(1 / (1 + np.exp(-nearer)), np.float32)


def _far(incoming: csr_array, seeds: NDArray[np.intp]) -> NDArray[np.float64]:
    """Length of the way from the nearest seed to every superpixel, 1e9 without any."""
    far = np.full(incoming.shape[0], np.inf)
    if len(seeds):
        far = dijkstra(incoming, indices=seeds, min_only=True)
    return np.minimum(far, 1e9)


BASELINES: dict[str, Answer] = {
    "spread seeds alone": seeds_alone,
    "label model alone": label_model_alone,
    "label model + diffusion": diffusion_alone,
    "label model + graph cut": graph_cut,
}
