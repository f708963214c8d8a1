"""Baseline: a Potts model solved by graph cuts (paper, Table II)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.feature_names import column
from napari_gnn_vos.structures.video_graph import WindowGraph
from napari_gnn_vos.study.alpha_expansion import PottsModel, alpha_expansion

F32 = NDArray[np.float32]
COST_SCALE = 1000
"""Factor by which costs are scaled before they are rounded to integers."""
SMOOTHNESS = 2.0
"""Default weight of the pairwise term against the unary term (lambda in the paper)."""


def graph_cut(graph: WindowGraph, inputs: F32, strength: float = SMOOTHNESS) -> F32:
    """Minimise a Potts energy with label-model unaries by alpha-expansion.

    Parameters
    ----------
    graph : WindowGraph
        N superpixels.
    inputs : (K, N, 8) ndarray of float32
        Of K objects.
    strength : float
        Weight of the pairwise term (lambda in the paper).

    Returns
    -------
    probability : (K, N) ndarray of float32
        0 or 1; background where all are 0.
    """
    labels = alpha_expansion(potts_model(graph, inputs, strength))
    objects = np.arange(1, len(inputs) + 1)
    return np.asarray(labels == objects[:, None], np.float32)


def potts_model(graph: WindowGraph, inputs: F32, strength: float) -> PottsModel:
    """Build the Potts model of background and objects on the superpixels.

    Parameters
    ----------
    graph : WindowGraph
        N superpixels.
    inputs : (K, N, 8) ndarray of float32
    strength : float

    Returns
    -------
    model : PottsModel
        Label 0 is background, label k the k-th object.

    Notes
    -----
    The unary cost of an object is -log p of the label model, that of background the sum
    of -log(1 - p) over all objects. Normalising the probabilities would add the same
    cost to all labels of a superpixel and not change the minimum. A label that
    contradicts a drawn one costs more than all pairwise and unary costs it could save.
    The pairwise cost is the overlap by flow for causal edges, and the similarity of
    colour for spatial edges (paper, IV-B).
    """
    p = np.clip((column(inputs, "label_model") + 1) / 2, 1e-3, 1 - 1e-3)
    costs = np.concatenate([-np.log(1 - p).sum(axis=0, keepdims=True), -np.log(p)])
    unary = 2 * _integer_costs(costs)  # each pair of neighbours has two edges
    pairwise = _integer_costs(strength * _edge_strengths(graph))
    prohibitive = (
        unary.max(axis=0)
        + np.bincount(graph.edge_index[1], 2 * pairwise, unary.shape[1])
        + 1
    )
    is_object = column(inputs, "drawn_target").any(axis=0, keepdims=True)
    is_other = np.concatenate([is_object, column(inputs, "drawn_rest") > 0])
    return PottsModel(
        np.where(is_other, prohibitive.astype(np.int64), unary),
        graph.edge_index,
        pairwise,
    )


def _integer_costs(costs: NDArray[np.floating]) -> NDArray[np.int64]:
    return np.asarray(np.rint(costs * COST_SCALE), np.int64)


def _edge_strengths(graph: WindowGraph) -> NDArray[np.float64]:
    column_of = graph.edge_features.names.index
    edge_features = graph.edge_features.values
    difference = edge_features[:, column_of("delta_l") : column_of("delta_b") + 1].sum(
        axis=1
    )
    shares = column_of("flow_share_source"), column_of("flow_share_target")
    spatial = edge_features[:, column_of("is_spatial")] > 0
    share = edge_features[:, shares].max(axis=1)
    return np.asarray(np.where(spatial, np.exp(-1.5 * difference), share), np.float64)
