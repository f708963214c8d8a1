"""What the network must beat: simpler answers from the same evidence.

Each is an `Answer`: from a graph and the inputs of one label to probabilities;
`Everywhere` makes a `Model` of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra, maximum_flow

from napari_gnn_vos.structures.input_names import INPUT_NAMES
from napari_gnn_vos.structures.video_graph import Graph, VideoGraph

F32 = NDArray[np.float32]
Answer = Callable[[Graph, F32], F32]
"""From a graph of N superpixels and (N, 8) inputs of a label to (N,) probabilities."""
WHOLE = 1000
"""Capacities of the cut are whole numbers of thousandths."""
CUT = 2.0
"""Strength of ties against the label model (the paper's lambda), as usual."""


@dataclass(frozen=True, slots=True)
class Everywhere:
    """A model that answers for the whole video at once, a label after the other.

    Parameters
    ----------
    answer : callable
        See `Answer`.
    """

    answer: Answer

    def __call__(
        self, graph: VideoGraph, told: Callable[[int], F32], frames: range
    ) -> Iterator[F32]:
        """Answer some frames, see `engine.Model`."""
        window = graph.window()
        inputs = np.concatenate([told(t) for t in range(graph.shape[0])], axis=1)
        found = np.stack([self.answer(window, one) for one in inputs])
        parts = np.split(found, window.first[1:-1], axis=1)
        yield from parts[frames.start : frames.stop]


def _column(inputs: F32, name: str) -> F32:
    column: F32 = inputs[:, INPUT_NAMES.index(name)]
    return column


def _chance(inputs: F32, name: str) -> F32:
    """Probability behind a column that runs from -1 to 1."""
    return np.asarray((_column(inputs, name) + 1) / 2, np.float32)


def label_model_alone(graph: Graph, inputs: F32) -> F32:  # noqa: ARG001 - an Answer
    """Answer with the label model."""
    return _chance(inputs, "label_model")


def diffusion_alone(graph: Graph, inputs: F32) -> F32:  # noqa: ARG001 - an Answer
    """Answer with the label model diffused over the graph."""
    return _chance(inputs, "harmonic")


def seeds_alone(graph: Graph, inputs: F32) -> F32:
    """Answer with the label of the seed that is nearest along the graph."""
    column = graph.links.names.index
    look = graph.links.values[:, column("far_l") : column("far_b") + 1].sum(axis=1)
    n = len(inputs)
    ties = csr_array((0.05 + look, (graph.edges[0], graph.edges[1])), (n, n))
    reach = []
    for side in ("it", "other"):
        on = _column(inputs, f"drawn_{side}") + _column(inputs, f"spread_{side}") > 0
        seeds = np.flatnonzero(on)
        far = np.full(n, np.inf)
        if len(seeds):
            far = dijkstra(ties, indices=seeds, min_only=True)
        reach.append(np.minimum(far, 1e9))
    nearer = np.clip(reach[1] - reach[0], -30, 30)
    return np.asarray(1 / (1 + np.exp(-nearer)), np.float32)


def graph_cut(graph: Graph, inputs: F32, strength: float = CUT) -> F32:
    """Answer with the cheapest cut: the label model, held together by ties.

    Unary terms are -log p of the label model, infinite on drawn superpixels; ties cost
    the share of pixels that flow joins, or the likeness of what touches (paper, IV-B).
    Every object is cut out against the rest on its own: with one object that is the
    best labelling there is, with several it stands in for alpha-expansion.

    Parameters
    ----------
    graph : Graph
        N superpixels.
    inputs : (N, 8) ndarray of float32
    strength : float
        Of ties against the label model, the paper's lambda.

    Returns
    -------
    probability : (N,) ndarray of float32
        0 or 1.
    """
    p = np.clip(label_model_alone(graph, inputs), 1e-3, 1 - 1e-3)
    cost = np.stack([-np.log(1 - p), -np.log(p)])
    for k, name in enumerate(("drawn_it", "drawn_other")):
        cost[k, _column(inputs, name) > 0] = 1e3
    return _cheapest_cut(cost, graph.edges, strength * _ties(graph))


def _ties(graph: Graph) -> NDArray[np.float64]:
    column = graph.links.names.index
    links = graph.links.values
    look = links[:, column("far_l") : column("far_b") + 1].sum(axis=1)
    share = np.maximum(links[:, column("share_out")], links[:, column("share_back")])
    touches = links[:, column("touches")] > 0
    return np.where(touches, np.exp(-1.5 * look), share)


def _cheapest_cut(
    cost: NDArray[np.floating[Any]],
    edges: NDArray[np.int32],
    tie: NDArray[np.floating[Any]],
) -> F32:
    """Label 0 or 1 of n nodes, where (2, n) costs and ties cut add up to the least."""
    n = cost.shape[1]
    nodes = np.arange(n)
    rows = np.concatenate([np.full(n, n), nodes, edges[0]])
    cols = np.concatenate([nodes, np.full(n, n + 1), edges[1]])
    capacity = np.rint(np.concatenate([cost[0], cost[1], tie]) * WHOLE)
    network = csr_array((capacity.astype(np.int32), (rows, cols)), (n + 2, n + 2))
    left = network - maximum_flow(network, n, n + 1).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = breadth_first_order(left, n, return_predecessors=False)
    out = np.zeros(n + 2, np.float32)
    out[reached] = 1
    return out[:n]


BASELINES: dict[str, Answer] = {
    "spread seeds alone": seeds_alone,
    "label model alone": label_model_alone,
    "label model + diffusion": diffusion_alone,
    "label model + graph cut": graph_cut,
}
