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
    """Combine two estimates of the probability of any object.

    Parameters
    ----------
    one_vs_rest : (K, n) ndarray of float32
        Probability of each object against the rest.
    any_object : (n,) ndarray of float32
        Probability of all objects, predicted as one.

    Returns
    -------
    probability : (n,) ndarray of float32
        Its odds are the geometric mean of those of `any_object` and the sum of the odds
        of the objects.
    """
    mean = np.sqrt(odds(one_vs_rest).sum(axis=0) * odds(any_object))
    return np.asarray(mean / (1 + mean), np.float32)


def any_object_probability(one_vs_rest: F32) -> F32:
    """Compute the probability of any object from those of the objects alone.

    Parameters
    ----------
    one_vs_rest : (K, n) ndarray of float32
        Probability of each object against the rest.

    Returns
    -------
    probability : (n,) ndarray of float32
        Its odds are the sum of those of the objects.
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
    """Solve the harmonic labelling of K objects inside the objects, (K, m)."""
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
