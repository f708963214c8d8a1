"""Small graphs and their node inputs."""

import numpy as np

from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.structures.feature_names import NODE_INPUT_NAMES
from napari_gnn_vos.structures.feature_table import FeatureTable
from napari_gnn_vos.structures.video_graph import WindowGraph


def node_inputs_of(shape, **columns):
    """Create node inputs of K objects and N superpixels: 0 except in the columns."""
    out = np.zeros((*shape, len(NODE_INPUT_NAMES)), np.float32)
    for name, values in columns.items():
        out[..., NODE_INPUT_NAMES.index(name)] = values
    return out


def chain(*colour_differences):
    """Create a chain of superpixels on one frame, with the differences along it."""
    n = len(colour_differences) + 1
    ends = np.array([[k, k + 1] for k in range(n - 1)]).T
    edges = np.concatenate([ends, ends[::-1]], axis=1).astype(np.int32)
    edge_features = np.zeros((2 * (n - 1), len(EDGE_FEATURE_NAMES)), np.float32)
    edge_features[:, EDGE_FEATURE_NAMES.index("is_spatial")] = 1
    edge_features[:, EDGE_FEATURE_NAMES.index("delta_a")] = [
        *colour_differences,
        *colour_differences,
    ]
    order = np.argsort(edges[1] * n + edges[0])
    nodes = FeatureTable(np.zeros((n, 0), np.float32), ())
    return WindowGraph(
        nodes,
        edges[:, order],
        FeatureTable(edge_features[order], EDGE_FEATURE_NAMES),
        np.array([0, n]),
    )
