"""Identity of objects whose appearance is too similar for the label model.

In one-vs-rest predictions, objects of similar appearance divide the probability among
them, so that each is less probable than the background. Such objects are merged into a
group, which is predicted as one object. Inside the group the identity is tracked from
the known labels along optical flow.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.interact.identity_tracking import UNKNOWN, track_identities
from napari_gnn_vos.interact.object_groups import ObjectGroups
from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
RESOLVED = 0.68
"""Mean probability from which the appearance identifies an object: six cells had 0.58
to 0.64, two to five different objects 0.65 to 0.92."""
IS_OBJECT = 0.6
"""Probability of any object of the superpixels that this mean is taken over."""


def unresolved_objects(
    label_model: Mapping[int, F32], any_object: F32
) -> tuple[int, ...]:
    """Find the objects that the label model confuses.

    These are the objects with a mean probability below `RESOLVED` on the superpixels
    where they are the most probable object. Superpixels are left out if their
    probability of any object is not above `IS_OBJECT`.

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


def divide_groups(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    groups: ObjectGroups,
    of_groups: F32,
    frames: range,
) -> F32:
    """Divide the probability of each group among its objects.

    Parameters
    ----------
    graph, node_labels, frames
        See `divide_group`.
    groups : ObjectGroups
    of_groups : (G, N) ndarray of float32

    Returns
    -------
    probability : (K, N) ndarray of float32
        Of each object, in the order of `groups.objects`.
    """
    of_objects = {
        label: probability
        for members, of_group in zip(groups.members, of_groups, strict=True)
        for label, probability in zip(
            members,
            divide_group(graph, node_labels, members, of_group, frames),
            strict=True,
        )
    }
    return np.stack([of_objects[label] for label in groups.objects])


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
        In each superpixel one object has the probability of the group and the others
        0; all have 0 where no track arrives.
    """
    if len(members) == 1:
        return probability[None]
    drawn = node_labels.drawn
    index = np.arange(len(members))[:, None]
    is_member = drawn == np.array(members)[:, None]
    known = np.where(is_member.any(axis=0), (is_member * index).sum(axis=0), UNKNOWN)
    has_other_label = (drawn != UNLABELLED) & (known == UNKNOWN)
    of_group = np.where(has_other_label, 0, probability).astype(np.float32)
    identity = track_identities(graph, known, of_group, frames)
    return np.asarray((identity == index) * of_group, np.float32)
