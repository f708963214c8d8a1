"""Small graphs, and what a round tells of them."""

import numpy as np

from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.video_graph import Graph


def node_inputs_of(shape, **columns):
    """Inputs of `shape` = (K, N), 0 but for some columns."""
    out = np.zeros((*shape, len(NODE_INPUT_NAMES)), np.float32)
    for name, values in columns.items():
        out[..., NODE_INPUT_NAMES.index(name)] = values
    return out


def chain(*incoming):
    """A row of superpixels on one frame; ties is how little neighbours look alike."""
    n = len(incoming) + 1
    ends = np.array([[k, k + 1] for k in range(n - 1)]).T
    edges = np.concatenate([ends, ends[::-1]], axis=1).astype(np.int32)
    edge_features = np.zeros((2 * (n - 1), len(EDGE_FEATURE_NAMES)), np.float32)
    edge_features[:, EDGE_FEATURE_NAMES.index("is_spatial")] = 1
    edge_features[:, EDGE_FEATURE_NAMES.index("delta_a")] = [*incoming, *incoming]
    order = np.argsort(edges[1] * n + edges[0])
    nodes = Columns(np.zeros((n, 0), np.float32), ())
    return Graph(
        nodes,
        edges[:, order],
        Columns(edge_features[order], EDGE_FEATURE_NAMES),
        np.array([0, n]),
    )
