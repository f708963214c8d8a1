"""What the label model learns from: drawn superpixels, guesses and seeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import LabelModelSettings
from napari_gnn_vos.interact.label_model import LabelModel
from napari_gnn_vos.interact.superpixel_labels import UNLABELLED, SuperpixelLabels
from napari_gnn_vos.structures.feature_names import RESIDUAL_MOTION
from napari_gnn_vos.structures.frame_graph import FrameGraph
from napari_gnn_vos.structures.video_graph import VideoGraph

F32 = NDArray[np.float32]
NODE_FEATURE_WEIGHT, RESIDUAL_WEIGHT = 2.0, 3.0
"""Weights of standardised node features beside deep features of weight 1."""


def disputed(
    appearance: NDArray[np.float16], labels: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Tell which superpixels look exactly like one of another label.

    The parts of a superpixel that strokes have split share the appearance of the whole:
    they would teach the label model that the same look is both.

    Parameters
    ----------
    appearance : (n, A) ndarray of float16
    labels : (n,) ndarray of int

    Returns
    -------
    disputed : (n,) ndarray of bool
    """
    _, look = np.unique(appearance, axis=0, return_inverse=True)
    pairs = np.unique(np.stack([look.ravel(), labels]), axis=1)
    both = pairs[0][1:][np.diff(pairs[0]) == 0]
    return np.isin(look.ravel(), both)


def not_slivers(frame: FrameGraph, sliver: float) -> F32:
    """How much superpixels of a frame count by their size, 0 to 1, (n,).

    Strokes leave slivers where a brush is wider than what it corrects. To the backbone,
    whose cells are larger, they look like what lies around them.
    """
    size = frame.sizes
    least = np.float32(max(sliver * size.mean(), 1))
    return np.minimum(size / least, 1).astype(np.float32)


def label_model_inputs(frame: FrameGraph, settings: LabelModelSettings) -> F32:
    """Concatenate deep and, by settings, node features of superpixels, (n, C)."""
    appearance = frame.appearance.astype(np.float32)
    if not settings.node_features:
        return appearance
    return np.concatenate([appearance, frame.node_features], axis=1)


def input_weights(
    columns: int, node_feature_names: tuple[str, ...], settings: LabelModelSettings
) -> F32:
    """Weights of the standardised columns of `label_model_inputs`, (C,).

    Parameters
    ----------
    columns : int
        Deep features.
    node_feature_names : tuple of str
    settings : LabelModelSettings

    Returns
    -------
    weights : (C,) ndarray of float32
        Regularisation penalises a column less, the larger its weight.
    """
    names = node_feature_names if settings.node_features else ()
    nodes = [
        RESIDUAL_WEIGHT if name == RESIDUAL_MOTION else NODE_FEATURE_WEIGHT
        for name in names
    ]
    return np.array([1.0] * columns + nodes, np.float32)


def fit_label_model(
    graph: VideoGraph, node_labels: SuperpixelLabels, settings: LabelModelSettings
) -> LabelModel:
    """Fit on drawn superpixels, guessed background and, counting less, on seeds.

    Slivers count less, too.
    """
    frames, first = graph.frames, graph.offsets
    known, labels, weights, reference = [], [], [], []
    for source, weight in (
        (node_labels.drawn, 1.0),
        (node_labels.guessed, 1.0),
        (node_labels.propagated, settings.propagated_weight),
    ):
        where = np.flatnonzero(source != UNLABELLED)
        at = np.searchsorted(first, where, side="right") - 1
        for t in np.unique(at):
            rows = where[at == t]
            if source is node_labels.drawn:
                looks = frames[int(t)].appearance[rows - first[t]]
                rows = rows[~disputed(looks, source[rows])]
            inputs = label_model_inputs(frames[int(t)], settings)
            known.append(inputs[rows - first[t]])
            labels.append(source[rows])
            counts = np.full(len(rows), weight, np.float32)
            if source is node_labels.drawn:
                counts *= not_slivers(frames[int(t)], settings.small_superpixel)[
                    rows - first[t]
                ]
            weights.append(counts)
            if weight == 1.0:
                reference.append(inputs)
    columns = frames[0].appearance.shape[1]
    return LabelModel(
        np.concatenate(known),
        np.concatenate(labels),
        np.concatenate(weights),
        np.concatenate(reference),
        input_weights(columns, graph.node_feature_names, settings),
        settings,
    )
