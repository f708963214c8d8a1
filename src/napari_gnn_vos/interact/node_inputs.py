"""Node inputs of the network: known labels and probabilities of superpixels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.harmonic import solve_harmonic
from napari_gnn_vos.interact.label_probabilities import (
    NEUTRAL,
    label_model_probabilities,
)
from napari_gnn_vos.interact.object_grouping import group_similar_objects
from napari_gnn_vos.interact.object_groups import ObjectGroups
from napari_gnn_vos.interact.one_vs_rest import assemble_inputs, mark_absent
from napari_gnn_vos.interact.reviewed_labels import REVIEWED_WEIGHT, reviewed_labels
from napari_gnn_vos.interact.superpixel_labels import SuperpixelLabels
from napari_gnn_vos.structures.scribbles import BACKGROUND
from napari_gnn_vos.structures.session import Prediction
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class NodeInputs:
    """Node inputs of N superpixels for all groups of objects.

    Parameters
    ----------
    node_labels : SuperpixelLabels
        Labels of strokes and seeds.
    offsets : (T + 1,) ndarray of int64
        Number of the first superpixel of each frame, then N.
    objects : tuple of int
        Labels of all painted objects, without background.
    groups : ObjectGroups
        Objects that are predicted as one.
    label_model, harmonic, previous : dict of int to (N,) ndarray of float32
        Probability of each group by the label model, by the harmonic labelling, and in
        the prediction of the previous round. Keys are the first labels of the groups.
    absent : frozenset of (int, int)
        Frame and label of objects that are annotated as absent.
    """

    node_labels: SuperpixelLabels
    offsets: NDArray[np.int64]
    objects: tuple[int, ...]
    groups: ObjectGroups
    label_model: dict[int, F32]
    harmonic: dict[int, F32]
    previous: dict[int, F32]
    absent: frozenset[tuple[int, int]] = frozenset()

    def rows(self, t: int) -> slice:
        """Return the rows of the superpixels of frame `t`."""
        return slice(int(self.offsets[t]), int(self.offsets[t + 1]))

    def certain_if_single_label(self) -> NodeInputs:
        """Set all probabilities to 1 if there is a single label and no background.

        An object without background, painted or presumed, fills the frame.
        """
        labels = self.node_labels
        sources = (labels.drawn, labels.propagated, labels.presumed)
        if any((source == BACKGROUND).any() for source in sources):
            return self
        if len(self.objects) != 1:
            return self
        certain = {self.objects[0]: np.ones(len(labels.drawn), np.float32)}
        return replace(self, label_model=certain, harmonic=certain)

    def of_frame(self, t: int, groups: slice = slice(None)) -> F32:
        """Assemble the node inputs of frame `t` for K groups, (K, n, 8).

        Parameters
        ----------
        t : int
        groups : slice
            Selects groups; all by default.
        """
        rows = self.rows(t)
        node_labels = self.groups.merge(self.node_labels.take(rows))
        inputs = []
        for members in self.groups.members[groups]:
            label = members[0]
            probabilities = {
                "label_model": self.label_model[label][rows],
                "harmonic": self.harmonic[label][rows],
                "previous": self.previous[label][rows],
            }
            group_inputs = assemble_inputs(node_labels, label, probabilities)
            if all((t, member) in self.absent for member in members):
                group_inputs = mark_absent(group_inputs)
            inputs.append(group_inputs)
        return np.stack(inputs)


def gather_node_inputs(
    graph: VideoGraph,
    node_labels: SuperpixelLabels,
    previous: Prediction | None,
    settings: LabelModelSettings,
    span: range | None = None,
    reviewed_frames: Collection[int] = (),
) -> NodeInputs:
    """Compute node inputs: label model, harmonic labelling and previous prediction.

    Parameters
    ----------
    graph : VideoGraph
    node_labels : SuperpixelLabels
        Of its N superpixels.
    previous : Prediction, optional
        Prediction of the previous round.
    settings : LabelModelSettings
    span : range, optional
        Frames to compute probabilities for; all by default. Elsewhere the probability
        by label model and harmonic labelling is 0.5.
    reviewed_frames : collection of int
        Frames whose labels in the previous prediction have been corrected.

    Returns
    -------
    inputs : NodeInputs

    Notes
    -----
    Corrections of similar objects, such as cells, are drawn at their rims. Seeds that
    are propagated from there drift to the background, and a label model that is fitted
    to the strokes alone takes the surroundings of the rims for the objects. So after
    the first round the label model of a group is fitted to the reviewed labels instead
    of propagated seeds, see `reviewed_labels`.
    """
    span = span or range(graph.shape[0])
    objects = tuple(int(k) for k in np.unique(node_labels.drawn) if k > 0)
    groups = ObjectGroups.singletons(objects)
    label_model = label_model_probabilities(graph, node_labels, objects, settings, span)
    groups_similar = settings.enabled and settings.group_similar_objects
    if groups_similar and len(objects) > 1:
        groups = group_similar_objects(
            graph, node_labels, label_model, previous, settings, span
        )
    merged = groups.merge(node_labels)
    if not groups.all_single:
        label_model.clear()  # frees N numbers per object before those of the groups
        samples = merged
        if previous is not None and previous.grouped:
            previous_labels = _previous_probabilities(previous, groups, graph.n)
            reviewed = reviewed_labels(
                merged, previous_labels, graph.offsets, reviewed_frames
            )
            samples = replace(merged, propagated=reviewed)
            weight = {"propagated_weight": REVIEWED_WEIGHT}
            settings = settings.model_copy(update=weight)
        label_model = label_model_probabilities(
            graph, samples, groups.first_labels, settings, span
        )
    return NodeInputs(
        node_labels,
        graph.offsets,
        objects,
        groups,
        label_model,
        harmonic=solve_harmonic(graph, merged, label_model, span),
        previous=_previous_probabilities(previous, groups, graph.n),
    )


def merge_all_objects(
    graph: VideoGraph,
    inputs: NodeInputs,
    previous: Prediction | None,
    settings: LabelModelSettings,
) -> NodeInputs:
    """Compute the node inputs of all objects as one.

    Parameters
    ----------
    graph : VideoGraph
    inputs : NodeInputs
        Of the objects.
    previous, settings
        See `gather_node_inputs`.

    Returns
    -------
    inputs : NodeInputs
        With one group.
    """
    groups, span = ObjectGroups((inputs.objects,)), range(graph.shape[0])
    merged = groups.merge(inputs.node_labels)
    label_model = label_model_probabilities(
        graph, merged, groups.first_labels, settings, span
    )
    return replace(
        inputs,
        groups=groups,
        label_model=label_model,
        harmonic=solve_harmonic(graph, merged, label_model, span),
        previous=_previous_probabilities(previous, groups, graph.n),
    )


def _previous_probabilities(
    previous: Prediction | None, groups: ObjectGroups, n: int
) -> dict[int, F32]:
    """Collect the previous probability of each group; new groups share one array."""
    known = set(previous.objects) if previous else set()
    neutral = np.full(n, NEUTRAL, np.float32)
    return {
        group[0]: neutral
        if known.isdisjoint(group)
        else previous_probability(previous, group, n)
        for group in groups.members
    }


def previous_probability(
    previous: Prediction | None, labels: tuple[int, ...], n: int
) -> F32:
    """Sum the probabilities of a group of labels in the previous prediction.

    Returns
    -------
    probability : (n,) ndarray of float32
        0.5 if there is no previous prediction, or none of these labels.
    """
    columns = [
        1 + previous.objects.index(label)
        for label in labels
        if previous is not None and label in previous.objects
    ]
    if previous is None or not columns:
        return np.full(n, NEUTRAL, np.float32)
    frames = [frame[:, columns].sum(axis=1) for frame in previous.probability]
    return np.asarray(np.minimum(np.concatenate(frames), 1), np.float32)
