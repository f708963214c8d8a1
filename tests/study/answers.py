"""Small graphs, and what a round tells of them."""

import numpy as np

from napari_gnn_vos.prepare.edge_features import LINK_NAMES
from napari_gnn_vos.structures.columns import Columns
from napari_gnn_vos.structures.input_names import INPUT_NAMES
from napari_gnn_vos.structures.video_graph import Graph


def inputs_of(shape, **columns):
    """Inputs of `shape` = (K, N), 0 but for some columns."""
    out = np.zeros((*shape, len(INPUT_NAMES)), np.float32)
    for name, values in columns.items():
        out[..., INPUT_NAMES.index(name)] = values
    return out


def chain(*ties):
    """A row of superpixels on one frame; ties is how little neighbours look alike."""
    n = len(ties) + 1
    ends = np.array([[k, k + 1] for k in range(n - 1)]).T
    edges = np.concatenate([ends, ends[::-1]], axis=1).astype(np.int32)
    links = np.zeros((2 * (n - 1), len(LINK_NAMES)), np.float32)
    links[:, LINK_NAMES.index("touches")] = 1
    links[:, LINK_NAMES.index("far_a")] = [*ties, *ties]
    order = np.argsort(edges[1] * n + edges[0])
    nodes = Columns(np.zeros((n, 0), np.float32), ())
    return Graph(
        nodes, edges[:, order], Columns(links[order], LINK_NAMES), np.array([0, n])
    )
