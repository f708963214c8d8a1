r"""Identity of objects that their appearance does not separate.

In one-vs-rest predictions, objects of similar appearance divide the probability among
them, so that each is less probable than the background. Such objects are merged into a
group, which is predicted as one object. Inside the group the identity is the solution
of a diffusion of the known labels, in which the affinity of an edge is multiplied by
the squared probability of the group at both ends, so that labels do not diffuse through
the background.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.harmonic import Diffusion, solve_harmonic
from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
RESOLVED = 0.68
"""Mean probability from which the appearance identifies an object: six cells had 0.58
to 0.64, two to five different objects 0.65 to 0.92."""
IS_OBJECT = 0.6
"""Probability of any object of the superpixels that this mean is taken over."""
DIFFUSION = Diffusion(prior=1e-5, propagated=0.3, iterations=200)
AFFINITY_EXPONENT = 2.0
MIN_AFFINITY = 0.01
"""Lower limit of the probability of a group before its power is taken."""


def unresolved_objects(
    label_model: Mapping[int, F32], any_object: F32
) -> tuple[int, ...]:
    """Find the objects that the appearance does not identify.

    Where something is an object, one of the objects has a large probability by the
    label model if the appearance identifies it.

    Parameters
    ----------
    label_model : mapping of int to (N,) ndarray of float32
        Probability of each object.
    any_object : (N,) ndarray of float32
        Probability of all objects merged into one.

    Returns
    -------
    labels : tuple of int
    """
    p = np.stack(list(label_model.values()))[:, any_object > IS_OBJECT]
    likeliest, largest = p.argmax(axis=0), p.max(axis=0)
    return tuple(
        label
        for k, label in enumerate(label_model)
        if (likeliest == k).any() and largest[likeliest == k].mean() < RESOLVED
    )


def divide_group(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    members: tuple[int, ...],
    probability: F32,
    frames: range,
) -> F32:
    """Divide the probability of a group among its objects.

    Parameters
    ----------
    graph : VideoGraph
    node_labels : SuperpixelLabels
        Of its N superpixels.
    members : tuple of K int
    probability : (N,) ndarray of float32
        Of the group.
    frames : range
        Frames to divide.

    Returns
    -------
    probability : (K, N) ndarray of float32
        All of it is assigned to the likeliest object.
    """
    if len(members) == 1:
        return probability[None]
    weights = np.clip(probability, MIN_AFFINITY, 1) ** AFFINITY_EXPONENT
    prior = np.full(graph.n, 1 / len(members), np.float32)
    priors = dict.fromkeys(members, prior)
    rest = weights.astype(np.float32), DIFFUSION
    shares = solve_harmonic(graph, node_labels, priors, frames, *rest)
    likeliest = np.stack([shares[label] for label in members]).argmax(axis=0)
    chosen = likeliest == np.arange(len(members))[:, None]
    return np.asarray(chosen * probability, np.float32)
