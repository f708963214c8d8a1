"""A Markov random field in place of the network (paper, Table II)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.feature_names import column
from napari_gnn_vos.structures.video_graph import Graph
from napari_gnn_vos.study.expansion import Field, cheap_labels

F32 = NDArray[np.float32]
WHOLE = 1000
"""Costs are whole numbers of thousandths."""
CUT = 2.0
"""Strength of ties against the label model (the paper's lambda), as usual."""


def graph_cut(graph: Graph, inputs: F32, strength: float = CUT) -> F32:
    """Answer with labels that cost little: the label model, held together by ties.

    Parameters
    ----------
    graph : Graph
        N superpixels.
    inputs : (K, N, 8) ndarray of float32
        Of K objects.
    strength : float
        Of ties against the label model, the paper's lambda.

    Returns
    -------
    probability : (K, N) ndarray of float32
        0 or 1; background where all are 0.
    """
    labels = cheap_labels(field_of(graph, inputs, strength))
    objects = np.arange(1, len(inputs) + 1)
    return np.asarray(labels == objects[:, None], np.float32)


def field_of(graph: Graph, inputs: F32, strength: float) -> Field:
    """Say what background and objects cost on superpixels, and cut ties between them.

    Parameters
    ----------
    graph : Graph
        N superpixels.
    inputs : (K, N, 8) ndarray of float32
    strength : float

    Returns
    -------
    field : Field
        Label 0 is background, label k the k-th object.

    Notes
    -----
    Labels cost -log p of the label model; background is as likely as that no object is
    there. To divide these by their sum would add the same to all labels of a superpixel
    and change no choice. A label other than the drawn one costs more than all that a
    superpixel could save by it. Cut ties cost the share of pixels that flow joins, or
    the likeness of what touches (paper, IV-B).
    """
    p = np.clip((column(inputs, "label_model") + 1) / 2, 1e-3, 1 - 1e-3)
    costs = np.concatenate([-np.log(1 - p).sum(axis=0, keepdims=True), -np.log(p)])
    alone = 2 * _whole(costs)  # for a pair of neighbours is an edge each way
    tie = _whole(strength * _ties(graph))
    most = (
        alone.max(axis=0)
        + np.bincount(graph.edge_index[1], 2 * tie, alone.shape[1])
        + 1
    )
    is_object = column(inputs, "drawn_target").any(axis=0, keepdims=True)
    is_other = np.concatenate([is_object, column(inputs, "drawn_rest") > 0])
    return Field(
        np.where(is_other, most.astype(np.int64), alone), graph.edge_index, tie
    )


def _whole(costs: NDArray[np.floating]) -> NDArray[np.int64]:
    whole: NDArray[np.int64] = np.rint(costs * WHOLE).astype(np.int64)
    return whole


def _ties(graph: Graph) -> NDArray[np.float64]:
    column_of = graph.edge_features.names.index
    edge_features = graph.edge_features.values
    look = edge_features[:, column_of("delta_l") : column_of("delta_b") + 1].sum(axis=1)
    shares = column_of("flow_share_source"), column_of("flow_share_target")
    touches = edge_features[:, column_of("is_spatial")] > 0
    share = edge_features[:, shares].max(axis=1)
    return np.asarray(np.where(touches, np.exp(-1.5 * look), share), np.float64)
