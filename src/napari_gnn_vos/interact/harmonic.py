"""Solve the harmonic labelling of the superpixel graph by conjugate gradients.

The probability x of a label minimises, over all superpixels i and edges (i, j),

    sum_i a_i (x_i - y_i)^2 + sum_ij w_ij (x_i - x_j)^2,

where w is the affinity of adjacent superpixels, and y with weight a combines the prior
of the label model with the known labels. The network reaches only as many edges as it
has layers; the harmonic labelling reaches the whole video.

References
----------
X. Zhu et al., "Semi-Supervised Learning Using Gaussian Fields and Harmonic Functions",
ICML 2003; L. Grady, "Random Walks for Image Segmentation", PAMI 2006.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.incoming_edges import IncomingEdges, window_edge_index
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.structures.weak_cache import WeakCache

F32 = NDArray[np.float32]
SPATIAL_WEIGHT, CAUSAL_WEIGHT = 0.3, 1.0
"""Weight of spatial and of causal edges."""
BORDER_FACTOR = 4
"""Factor of the share in the common border, in the affinity of spatial edges."""
CONTRAST = 1.5
"""Factor of the difference of colour and motion in the exponent of the affinity."""
WINDOW_FRAMES, MARGIN_FRAMES = 128, 48
"""Frames solved together, and additional frames on both sides of the window."""
LABELS_AT_A_TIME = 32
"""Labels solved together, which limits the memory for many objects."""
_AFFINITIES: WeakCache[IncomingEdges, F32] = WeakCache()


@dataclass(frozen=True, slots=True)
class HarmonicParameters:
    """Parameters of the harmonic labelling: weights of the energy, and solver.

    Parameters
    ----------
    prior, drawn, propagated : float
        Weight of the prior, of a painted and of a propagated label.
    iterations : int
        Limit of conjugate gradient iterations.
    tolerance : float
        Squared, preconditioned norm of the residual at which iteration ends, relative
        to that of the right side. With the default weights, limit and tolerance the
        mean error of the probability is about 0.01.
    """

    prior: float = 0.02
    drawn: float = 50.0
    propagated: float = 1.0
    iterations: int = 60
    tolerance: float = 1e-6


DEFAULT_PARAMETERS = HarmonicParameters()


def solve_harmonic(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    priors: Mapping[int, F32],
    frames: range,
    parameters: HarmonicParameters = DEFAULT_PARAMETERS,
) -> dict[int, F32]:
    """Solve the harmonic labelling of each label against the rest.

    Parameters
    ----------
    graph : VideoGraph
        N superpixels.
    node_labels : SuperpixelLabels
        Their known labels.
    priors : mapping of int to (N,) ndarray of float32
        Prior probability of each label, by the label model.
    frames : range
        Frames to solve; elsewhere the result is the prior.
    parameters : HarmonicParameters

    Returns
    -------
    probability : dict of int to (N,) ndarray of float32

    Notes
    -----
    Long videos are solved in overlapping windows. The margin is as long as the
    influence of a label reaches.
    """
    labels, offsets = list(priors), graph.offsets
    terms = _DataTerms.of(node_labels, parameters)
    solution = {label: prior.copy() for label, prior in priors.items()}
    for window, result in solution_windows(frames):
        rows = slice(offsets[window.start], offsets[window.stop])
        kept = slice(offsets[result.start], offsets[result.stop])
        affinity = affinity_matrix(graph, window)
        degree = np.asarray(affinity.sum(axis=1)).reshape(-1, 1).astype(np.float32)
        diagonal = degree + terms.weight[rows]
        for start in range(0, len(labels), LABELS_AT_A_TIME):
            block = labels[start : start + LABELS_AT_A_TIME]
            prior = np.stack([priors[label][rows] for label in block], axis=1)
            system = affinity, diagonal, terms.right_side(rows, block, prior)
            x = solve_conjugate_gradients(*system, prior, parameters)
            for label, column in zip(block, x.T, strict=True):
                part = column[kept.start - rows.start : kept.stop - rows.start]
                solution[label][kept] = part
    for column in solution.values():
        np.clip(column, 0, 1, out=column)
    return solution


@dataclass(frozen=True, slots=True, eq=False)
class _DataTerms:
    """Data terms of the quadratic energy: prior and known labels of N superpixels.

    Parameters
    ----------
    weight : (N, 1) ndarray of float32
        Total weight of prior and known label.
    sources : tuple of ((N,) ndarray of int16, float)
        Known labels with their weight.
    prior : float
        Weight of the prior.
    """

    weight: F32
    sources: tuple[tuple[NDArray[np.int16], float], ...]
    prior: float

    @classmethod
    def of(
        cls, node_labels: SuperpixelLabels, parameters: HarmonicParameters
    ) -> _DataTerms:
        """Collect painted and propagated labels."""
        sources = (
            (node_labels.drawn, parameters.drawn),
            (node_labels.propagated, parameters.propagated),
        )
        total = np.full((len(node_labels.drawn), 1), parameters.prior, np.float32)
        for labels, weight in sources:
            total[labels != UNLABELLED] += weight
        return cls(total, sources, parameters.prior)

    def right_side(self, rows: slice, labels: list[int], prior: F32) -> F32:
        """Assemble the right side for K labels, (n, K), from their priors."""
        right_side = prior * np.float32(self.prior)
        for source, weight in self.sources:
            right_side += np.float32(weight) * (source[rows, None] == np.array(labels))
        return right_side


def solution_windows(frames: range) -> Iterator[tuple[range, range]]:
    """Divide consecutive frames into windows that overlap by their margins.

    Parameters
    ----------
    frames : range

    Yields
    ------
    window, kept : range
        Frames that are solved together, and those among them whose solution is kept.

    Examples
    --------
    >>> list(solution_windows(range(300)))
    [(range(0, 176), range(0, 128)), (range(80, 300), range(128, 300))]
    """
    for start in frames[: max(len(frames) - MARGIN_FRAMES, 1) : WINDOW_FRAMES]:
        stop = start + WINDOW_FRAMES
        if stop + MARGIN_FRAMES >= frames.stop:
            stop = frames.stop
        window_start = max(start - MARGIN_FRAMES, frames.start)
        window_stop = min(stop + MARGIN_FRAMES, frames.stop)
        yield range(window_start, window_stop), range(start, stop)


def affinity_matrix(graph: VideoGraph, window: range) -> csr_array[np.float32]:
    """Assemble the affinity matrix of the n superpixels of a window.

    Parameters
    ----------
    graph : VideoGraph
    window : range
        Consecutive frames; edges to other frames are left out.

    Returns
    -------
    affinity : (n, n) csr_array of float32
        Symmetric. Row i, column j: affinity of the superpixels i and j, 0 without an
        edge. Superpixels are numbered from 0 in the first frame of the window.
    """
    offsets = graph.offsets[window.start : window.stop + 1]
    offsets = offsets - offsets[0]
    n = int(offsets[-1])
    incoming = [graph.incoming[t] for t in window]
    (source, target), inside = window_edge_index(incoming, offsets)
    compute = partial(_edge_affinity, names=graph.edge_feature_names)
    affinity = np.concatenate([_AFFINITIES.get(edges, compute) for edges in incoming])
    in_degree = np.bincount(target[inside], minlength=n)
    row_start = np.concatenate([[0], np.cumsum(in_degree)]).astype(np.int32)
    return csr_array((affinity[inside], source[inside], row_start), (n, n))


def _edge_affinity(incoming: IncomingEdges, names: tuple[str, ...]) -> F32:
    r"""Compute the affinity of the superpixels at both ends of each edge.

    .. math:: w = \exp(-1.5\,\delta) \cdot
              \begin{cases} 0.3 \cdot 4\,b & \text{spatial edge} \\
                             f & \text{causal edge} \end{cases}

    with the sum :math:`\delta` of the features of the differences of L, a, b and motion
    to the next frame, and the larger of the shares of source and target in the common
    border, b, or in the pixels that flow maps to the other, f. See
    `prepare.edge_features`.

    Parameters
    ----------
    incoming : IncomingEdges
        e edges.
    names : tuple of str
        Names of the columns of `edge_features`.

    Returns
    -------
    affinity : (e,) ndarray of float32
    """
    column = {name: incoming.edge_features[:, k] for k, name in enumerate(names)}
    difference = column["delta_l"] + column["delta_a"] + column["delta_b"]
    difference = difference + column["delta_motion_next"]
    overlap = np.maximum(column["flow_share_source"], column["flow_share_target"])
    border = np.maximum(column["border_share_source"], column["border_share_target"])
    spatial = column["is_spatial"]
    weight = SPATIAL_WEIGHT * spatial * border * BORDER_FACTOR
    weight = weight + CAUSAL_WEIGHT * (1 - spatial) * overlap
    return np.asarray(np.exp(-CONTRAST * difference) * weight, np.float32)


def solve_conjugate_gradients(
    affinity: csr_array[np.float32],
    diagonal: F32,
    right_side: F32,
    start: F32,
    parameters: HarmonicParameters,
) -> F32:
    """Solve ``(diag(diagonal) - affinity) x = right_side`` for all columns at once.

    Conjugate gradients with Jacobi preconditioner; converged columns do not change.

    Parameters
    ----------
    affinity : (n, n) csr_array of float32
        Symmetric, non-negative.
    diagonal : (n, 1) ndarray of float32
    right_side, start : (n, K) ndarray of float32
    parameters : HarmonicParameters
        Limit of iterations, and tolerance.

    Returns
    -------
    x : (n, K) ndarray of float32
    """
    x = start.copy()
    residual = right_side - (diagonal * x - affinity @ x)
    z = residual / diagonal
    direction, rz = z, _column_dot(residual, z)
    norm = np.maximum(_column_dot(right_side, right_side / diagonal), 1e-12)
    for _ in range(parameters.iterations):
        active = rz >= parameters.tolerance * norm
        if not active.any():
            break
        q = diagonal * direction - affinity @ direction
        step = np.where(active, rz / _column_dot(direction, q), 0).astype(np.float32)
        x += step * direction
        residual -= step * q
        z = residual / diagonal
        rz, previous_rz = _column_dot(residual, z), rz
        direction = z + (rz / previous_rz).astype(np.float32) * direction
    return x


def _column_dot(a: F32, b: F32) -> NDArray[np.float64]:
    """Compute the inner product of each pair of columns, (K,), at least 1e-30."""
    products = np.einsum("nk,nk->k", a, b)
    return np.asarray(np.maximum(products.astype(np.float64), 1e-30))
