import numpy as np

from napari_gnn_vos.interact.boundary_superpixels import boundary_superpixels
from napari_gnn_vos.structures.frame_graph import FrameGraph


def row_of_superpixels(n):
    """A frame with a row of n superpixels of one pixel each."""
    edges = np.stack([np.arange(n - 1), np.arange(1, n)]).astype(np.int32)
    return FrameGraph(
        np.arange(n, dtype=np.uint16)[None],
        np.zeros((n, 1), np.float32),
        np.zeros((n, 1), np.float16),
        edges,
        np.zeros((n - 1, 1), np.float32),
    )


def test_both_sides_of_boundaries_and_uncertain_superpixels_are_marked():
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    probability = np.eye(3, dtype=np.float32)[labels]
    probability[8] = 0.2, 0.0, 0.8
    marked = boundary_superpixels(row_of_superpixels(9), probability)
    np.testing.assert_array_equal(np.flatnonzero(marked), [2, 3, 4, 5, 8])
