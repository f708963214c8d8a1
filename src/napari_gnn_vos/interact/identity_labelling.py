"""Identity of several objects: a harmonic labelling of the superpixels inside them.

One-vs-rest probabilities separate similar objects from the background, but not from
each other. The probability of any object is therefore divided among the objects by a
harmonic labelling inside them. It propagates labels from strokes along edges in space
and time. Its prior is the network's share of each object, with a larger weight where
the network prefers one object clearly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from napari_gnn_vos.interact.harmonic import (
    HarmonicParameters,
    affinity_matrix,
    solve_conjugate_gradients,
)
from napari_gnn_vos.interact.one_vs_rest import MIN_COMPLEMENT, odds
from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
INSIDE = 0.05
"""Probability of any object from which a superpixel gets an identity by the harmonic
labelling; elsewhere the network decides."""
PARAMETERS = HarmonicParameters(
    prior=0.02, drawn=50.0, propagated=0.1, iterations=500, tolerance=1e-9
)
"""Weights of the energy. The prior is multiplied by the cube of the difference between
the two largest shares of the network."""
MIN_PRIOR = np.float32(1e-4)
"""Smallest weight of the prior, so that the solution is unique."""


def combine_any_object(one_vs_rest: F32, any_object: F32) -> F32:
    r"""Combine two estimates of the probability of any object.

    The odds :math:`o = p / (1 - p)` of the result are the geometric mean of those of
    both estimates,

    .. math:: o = \sqrt{o_\text{any} \sum_k o_k}.

    Parameters
    ----------
    one_vs_rest : (K, n) ndarray of float32
        Probability of each object against the rest.
    any_object : (n,) ndarray of float32
        Probability of all objects, predicted as one.

    Returns
    -------
    probability : (n,) ndarray of float32
    """
    mean = np.sqrt(odds(one_vs_rest).sum(axis=0) * odds(any_object))
    return np.asarray(mean / (1 + mean), np.float32)


def any_object_probability(one_vs_rest: F32) -> F32:
    r"""Estimate the probability of any object from those of the single objects.

    Its odds are the sum of theirs, :math:`o = \sum_k o_k`, so that the probability of
    background is that by `one_vs_rest`.

    Parameters
    ----------
    one_vs_rest : (K, n) ndarray of float32
        Probability of each object against the rest.

    Returns
    -------
    probability : (n,) ndarray of float32
    """
    total = odds(one_vs_rest).sum(axis=0)
    return np.asarray(total / (1 + total), np.float32)


def divide_among_objects(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    objects: tuple[int, ...],
    one_vs_rest: F32,
    any_object: F32,
    window: range,
) -> F32:
    """Divide the probability of any object among the objects.

    Parameters
    ----------
    graph : VideoGraph
    node_labels : SuperpixelLabels
        Known labels of the n superpixels of the window.
    objects : tuple of K int
    one_vs_rest : (K, n) ndarray of float32
        Probability of each object against the rest, by the network.
    any_object : (n,) ndarray of float32
        Probability of any of them.
    window : range
        Frames.

    Returns
    -------
    probability : (K, n) ndarray of float32
        Of each object against the rest. The odds of the objects against background sum
        to those of `any_object`.

    Notes
    -----
    The affinity of adjacent superpixels is that of `harmonic`, multiplied by the
    probability of any object at both. Each object is solved against the others, and the
    solutions are normalised to sum 1.
    """
    network_odds = odds(one_vs_rest)
    total = np.maximum(network_odds.sum(axis=0), np.finfo(np.float32).tiny)
    share = network_odds / total
    labels = np.array(objects)[:, None]
    drawn, propagated = node_labels.drawn == labels, node_labels.propagated == labels
    is_undrawn = node_labels.drawn == UNLABELLED
    inside = np.flatnonzero((any_object > INSIDE) & is_undrawn | drawn.any(axis=0))
    if len(inside):
        affinity = affinity_matrix(graph, window)[inside][:, inside]
        sources = drawn[:, inside], propagated[:, inside]
        solution = _solve(affinity, any_object[inside], share[:, inside], *sources)
        share[:, inside] = solution / np.maximum(solution.sum(axis=0), MIN_COMPLEMENT)
    of_objects = share * odds(any_object)
    return np.asarray(of_objects / (1 + of_objects), np.float32)


def _solve(
    affinity: csr_array[np.float32],
    any_object: F32,
    share: F32,
    drawn: NDArray[np.bool_],
    propagated: NDArray[np.bool_],
) -> F32:
    r"""Solve the harmonic labelling of K objects on m superpixels inside them.

    The solution of object k minimises

    .. math:: \sum_i c_i (x_i - s_i)^2 + \sum_i \left(50\,d_i + 0.1\,r_i\right)
              (x_i - y_i)^2 + \sum_{ij} p_i p_j w_{ij} (x_i - x_j)^2

    with the network's share s of object k, the probability p of any object, the
    affinity w, indicators d and r of drawn and propagated labels, y = 1 at labels of k
    and 0 at others, and the weight :math:`c = 0.02 (s_{(1)} - s_{(2)})^3 + 10^{-4}` by
    the two largest shares.

    Parameters
    ----------
    affinity : (m, m) csr_array of float32
        The affinity w; overwritten.
    any_object : (m,) ndarray of float32
    share : (K, m) ndarray of float32
    drawn, propagated : (K, m) ndarray of bool
        Known labels of each object.

    Returns
    -------
    solution : (K, m) ndarray of float32
        Not negative.
    """
    rows = np.repeat(np.arange(len(any_object)), np.diff(affinity.indptr))
    affinity.data *= any_object[rows] * any_object[affinity.indices]
    second, first = np.sort(share, axis=0)[-2:]
    prior = PARAMETERS.prior * (first - second) ** 3 + MIN_PRIOR
    known = PARAMETERS.drawn * drawn + np.float32(PARAMETERS.propagated) * propagated
    degree = np.asarray(affinity.sum(axis=1)).ravel()
    diagonal = (degree + prior + known.sum(axis=0))[:, None].astype(np.float32)
    right_side = np.ascontiguousarray((prior * share + known).T, np.float32)
    start = np.ascontiguousarray(share.T)
    system = affinity, diagonal, right_side, start
    return np.maximum(solve_conjugate_gradients(*system, PARAMETERS).T, 0)
