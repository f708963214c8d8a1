import numpy as np
import pytest

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from tests.scenes import plain_frame, steady_flow


def test_node_features_need_a_row_per_superpixel():
    frame = plain_frame([[0, 1], [2, 2]])
    assert frame.n == 3
    with pytest.raises(ShapeError, match=r"node_features must have shape \(3, any\)"):
        FrameGraph(
            frame.labels,
            frame.node_features[:2],
            frame.appearance,
            frame.spatial_edges,
            frame.edge_features,
        )


def test_edge_features_need_a_row_per_edge():
    frame = plain_frame([[0, 1], [2, 2]])
    pair = np.array([[0], [1]], np.int32)
    with pytest.raises(ShapeError, match="edge_features"):
        FrameGraph(
            frame.labels,
            frame.node_features,
            frame.appearance,
            pair,
            frame.edge_features,
        )
    with pytest.raises(ShapeError, match="edge_features"):
        FramePair(steady_flow(), pair, frame.edge_features)


def test_forward_and_backward_flow_need_equal_shapes():
    flow = steady_flow()
    with pytest.raises(ShapeError, match="backward"):
        Flow(flow.forward, flow.backward[1:])


def test_arrays_are_read_only():
    frame = plain_frame([[0, 1], [2, 2]])
    for array in (
        frame.labels,
        frame.node_features,
        frame.appearance,
        frame.spatial_edges,
        frame.edge_features,
    ):
        assert not array.flags.writeable
    assert not steady_flow().forward.flags.writeable


def test_nodes_at_points_are_those_of_the_nearest_pixel():
    frame = plain_frame([[0, 0, 1], [2, 2, 1]])
    row, col = np.array([0.0, 0.4, 0.6, 1.0]), np.array([1.4, 1.6, 0.0, 2.0])
    assert frame.nodes_at(row, col).tolist() == [0, 1, 2, 1]
    assert frame.nodes_at(row[:0], col[:0]).tolist() == []


def test_sizes_are_pixel_counts():
    frame = plain_frame([[0, 0, 1], [2, 0, 1]])
    assert frame.sizes.tolist() == [3, 2, 1]
    assert frame.sizes is frame.sizes
    assert not frame.sizes.flags.writeable
