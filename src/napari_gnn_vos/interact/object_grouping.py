"""Group objects of similar appearance, which are then predicted as one object."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.label_probabilities import label_model_probabilities
from napari_gnn_vos.interact.object_groups import ObjectGroups
from napari_gnn_vos.interact.similar_objects import IS_OBJECT, unresolved_objects
from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels
from napari_gnn_vos.structures.session import Prediction
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]


def group_similar_objects(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    label_model: dict[int, F32],
    previous: Prediction | None,
    settings: LabelModelSettings,
    span: range,
) -> ObjectGroups:
    """Group objects that the label model confuses.

    The groups are revised only when there is a new object. With strokes on further
    frames the label model overfits: it separates the annotated superpixels of objects
    that have the same appearance, but not the others. So a new object also joins the
    group of the previous prediction if its appearance is similar to that group.

    Parameters
    ----------
    graph : VideoGraph
    node_labels : SuperpixelLabels
        Of its N superpixels.
    label_model : dict of int to (N,) ndarray of float32
        Probability of each object by the label model.
    previous : Prediction, optional
        Prediction of the previous round.
    settings : LabelModelSettings
    span : range
        Frames to compare the probabilities in.

    Returns
    -------
    groups : ObjectGroups
    """
    objects = tuple(label_model)
    predicted, grouped = (previous.objects, previous.grouped) if previous else ((), ())
    if set(objects) <= set(predicted):
        return ObjectGroups.with_group(grouped, objects)
    merged = ObjectGroups((objects,)).merge(node_labels)
    appearance = settings.model_copy(update={"node_features": False})
    rows = slice(graph.offsets[span.start], graph.offsets[span.stop])
    any_object = label_model_probabilities(
        graph, merged, objects[:1], appearance, span
    )[objects[0]][rows]
    of_span = {label: p[rows] for label, p in label_model.items()}
    unresolved = unresolved_objects(of_span, any_object)
    similar = _similar_to_group(
        graph, node_labels, grouped, set(objects) - set(predicted), appearance, span
    )
    return ObjectGroups.with_group({*grouped, *unresolved, *similar}, objects)


def _similar_to_group(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    grouped: tuple[int, ...],
    new_objects: Collection[int],
    settings: LabelModelSettings,
    span: range,
) -> list[int]:
    """Find the new objects whose appearance is similar to that of a group.

    A label model of the group, fitted without the strokes of a new object, assigns the
    superpixels of that object to the group.
    """
    if not grouped:
        return []
    similar = []
    for label in new_objects:
        others = ObjectGroups((grouped,)).merge(node_labels.without(label))
        of_group = label_model_probabilities(
            graph, others, grouped[:1], settings, span
        )[grouped[0]]
        if of_group[node_labels.drawn == label].mean() > IS_OBJECT:
            similar.append(label)
    return similar
