"""Multi-label Markov random fields minimised by alpha-expansion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PottsModel:
    """Potts model on N nodes with integer costs.

    Parameters
    ----------
    unary : (L, N) ndarray of int64
        Cost of each of L labels per node.
    edges : (2, E) ndarray of int
        Source and target; each pair of neighbours is stored in both directions.
    pairwise : (E,) ndarray of int64
        Cost of an edge whose ends differ in label, equal in both directions.
    """

    unary: Integers
    edges: NDArray[np.integer]
    pairwise: Integers

    def energy(self, labels: Integers) -> int:
        """Compute the total cost of N labels."""
        differ = labels[self.edges[0]] != labels[self.edges[1]]
        unary = self.unary[labels, np.arange(len(labels))].sum()
        return int(unary + self.pairwise[differ].sum())


def alpha_expansion(model: PottsModel) -> Integers:
    """Minimise the energy by expansion moves, starting from label 0 on all nodes.

    Parameters
    ----------
    model : PottsModel

    Returns
    -------
    labels : (N,) ndarray of int64
        The optimum for two labels; at most twice the optimum for more.

    References
    ----------
    Y. Boykov, O. Veksler, R. Zabih, "Fast Approximate Energy Minimization via Graph
    Cuts", 2001.

    Examples
    --------
    Three nodes in a chain; the middle one prefers 0, but not alone:

    >>> unary = np.array([[9, 2, 9], [0, 3, 9], [9, 9, 0]])
    >>> edges = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
    >>> alpha_expansion(PottsModel(unary, edges, np.array([2, 2, 1, 1]))).tolist()
    [1, 1, 2]
    """
    count, n = model.unary.shape
    labels = np.zeros(n, np.int64)
    cost, failed_moves = model.energy(labels), 0
    for label in cycle([*range(1, count), 0]):
        candidate = expansion_move(model, labels, label)
        if (energy := model.energy(candidate)) < cost:
            labels, cost, failed_moves = candidate, energy, 0
        failed_moves += 1
        if failed_moves >= count:
            break
    return labels


def expansion_move(model: PottsModel, labels: Integers, label: int) -> Integers:
    """Find the optimal expansion move: each node keeps its label or takes alpha.

    Parameters
    ----------
    model : PottsModel
    labels : (N,) ndarray of int64
    label : int
        Alpha.

    Returns
    -------
    labels : (N,) ndarray of int64
        The labelling of lowest energy within one expansion move.

    Notes
    -----
    Each pair of neighbours is stored as two edges, so separating it costs 2 w, where w
    is `pairwise`. If the ends carry different labels, both of them other than alpha,
    each end pays w for keeping its label, and the pair pays w if exactly one end moves:
    2 w if one or neither moves. If the ends carry the same label, the pair pays 2 w if
    exactly one end moves. Next to a node that is already alpha, keeping another label
    costs 2 w. No auxiliary nodes are needed.

    References
    ----------
    V. Kolmogorov, R. Zabih, "What Energy Functions Can Be Minimized via Graph Cuts?",
    2004.
    """
    source, target = model.edges
    movable = labels != label
    both = movable[source] & movable[target]
    differ = labels[source] != labels[target]
    edge_cost = np.where(movable[source], model.pairwise, 2 * model.pairwise)[differ]
    keep_cost = model.unary[labels, np.arange(len(labels))]
    keep_cost = keep_cost + np.bincount(target[differ], edge_cost, len(labels)).astype(
        np.int64
    )
    number = np.cumsum(movable) - 1
    separation_cost = model.pairwise * np.where(differ, 1, 2)
    cost = np.stack([keep_cost, model.unary[label]])[:, movable]
    moved = labels.copy()
    moved[movable] = np.where(
        _minimum_cut(cost, number[model.edges[:, both]], separation_cost[both]),
        label,
        labels[movable],
    )
    return moved


def _minimum_cut(
    cost: Integers, edges: NDArray[np.integer], pairwise: Integers
) -> NDArray[np.bool_]:
    """Solve a binary labelling of n nodes with (2, n) costs by maximum flow."""
    n = cost.shape[1]
    nodes = np.arange(n)
    rows = np.concatenate([np.full(n, n), nodes, edges[0]])
    cols = np.concatenate([nodes, np.full(n, n + 1), edges[1]])
    capacity = np.concatenate([cost[0], cost[1], pairwise]).astype(np.int32)
    network = csr_array((capacity, (rows, cols)), (n + 2, n + 2))
    residual = network - maximum_flow(network, n, n + 1).flow
    residual.data = np.maximum(residual.data, 0)
    residual.eliminate_zeros()
    reachable = np.zeros(n + 2, np.bool_)
    reachable[breadth_first_order(residual, n, return_predecessors=False)] = True
    return reachable[:n]
