"""Markov random fields of several labels, made cheap by alpha-expansion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """What labels cost on N nodes (a Potts model); costs are whole numbers.

    Parameters
    ----------
    alone : (L, N) ndarray of int64
        What each of L labels costs on a node.
    edges : (2, E) ndarray of int
        Source and target; every pair of neighbours is there both ways.
    tie : (E,) ndarray of int64
        What an edge costs whose ends have different labels, the same both ways.
    """

    alone: Whole
    edges: NDArray[np.integer]
    tie: Whole

    def energy(self, labels: Whole) -> int:
        """Add up what N labels cost."""
        differ = labels[self.edges[0]] != labels[self.edges[1]]
        alone = self.alone[labels, np.arange(len(labels))].sum()
        return int(alone + self.tie[differ].sum())


def cheap_labels(field: Field) -> Whole:
    """Label all nodes, from label 0 everywhere, until no expansion makes it cheaper.

    Parameters
    ----------
    field : Field

    Returns
    -------
    labels : (N,) ndarray of int64
        Of two labels, the cheapest labelling there is; of more, at most twice as dear.

    References
    ----------
    Y. Boykov, O. Veksler, R. Zabih, "Fast Approximate Energy Minimization via Graph
    Cuts", 2001.

    Examples
    --------
    Three in a row; the one in the middle would rather be 0, but not alone:

    >>> alone = np.array([[9, 2, 9], [0, 3, 9], [9, 9, 0]])
    >>> edges = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
    >>> cheap_labels(Field(alone, edges, np.array([2, 2, 1, 1]))).tolist()
    [1, 1, 2]
    """
    count, n = field.alone.shape
    labels = np.zeros(n, np.int64)
    cost, in_vain = field.energy(labels), 0
    for label in cycle([*range(1, count), 0]):
        found = expand(field, labels, label)
        if (less := field.energy(found)) < cost:
            labels, cost, in_vain = found, less, 0
        in_vain += 1
        if in_vain >= count:
            break
    return labels


def expand(field: Field, labels: Whole, label: int) -> Whole:
    """Let a label take over the nodes that make all of it cheapest.

    Parameters
    ----------
    field : Field
    labels : (N,) ndarray of int64
    label : int
        Alpha.

    Returns
    -------
    labels : (N,) ndarray of int64
        The cheapest of all labellings where nodes keep theirs or take this one.

    Notes
    -----
    A pair is an edge each way, so that to part it costs two ties. Of two ends of other
    labels, each pays one tie for keeping its own; one is paid if just one of them takes
    the new label: two either way. Ends of the same label pay two if just one takes it.
    Beside a node that has the label already, keeping another costs two. So no nodes are
    added for edges.

    References
    ----------
    V. Kolmogorov, R. Zabih, "What Energy Functions Can Be Minimized via Graph Cuts?",
    2004.
    """
    source, target = field.edges
    free = labels != label
    both = free[source] & free[target]
    differ = labels[source] != labels[target]
    paid = np.where(free[source], field.tie, 2 * field.tie)[differ]
    keep = field.alone[labels, np.arange(len(labels))]
    keep = keep + np.bincount(target[differ], paid, len(labels)).astype(np.int64)
    number = np.cumsum(free) - 1
    parted = field.tie * np.where(differ, 1, 2)
    cost = np.stack([keep, field.alone[label]])[:, free]
    found = labels.copy()
    found[free] = np.where(
        _cheapest_cut(cost, number[field.edges[:, both]], parted[both]),
        label,
        labels[free],
    )
    return found


def _cheapest_cut(
    cost: Whole, edges: NDArray[np.integer], tie: Whole
) -> NDArray[np.bool_]:
    """Choose no or yes for n nodes: (2, n) costs and edges from yes to no, summed."""
    n = cost.shape[1]
    nodes = np.arange(n)
    rows = np.concatenate([np.full(n, n), nodes, edges[0]])
    cols = np.concatenate([nodes, np.full(n, n + 1), edges[1]])
    capacity = np.concatenate([cost[0], cost[1], tie]).astype(np.int32)
    network = csr_array((capacity, (rows, cols)), (n + 2, n + 2))
    left = network - maximum_flow(network, n, n + 1).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    out = np.zeros(n + 2, np.bool_)
    out[breadth_first_order(left, n, return_predecessors=False)] = True
    return out[:n]
