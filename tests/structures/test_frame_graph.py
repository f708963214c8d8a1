import numpy as np
import pytest

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from tests.scenes import plain_frame, steady_flow


def test_a_row_of_features_for_every_superpixel():
    one = plain_frame([[0, 1], [2, 2]])
    assert one.n == 3
    with pytest.raises(ShapeError, match=r"node_features must have shape \(3, any\)"):
        FrameGraph(
            one.labels,
            one.node_features[:2],
            one.appearance,
            one.spatial_edges,
            one.edge_features,
        )


def test_a_row_of_features_for_every_pair():
    one = plain_frame([[0, 1], [2, 2]])
    pair = np.array([[0], [1]], np.int32)
    with pytest.raises(ShapeError, match="edge_features"):
        FrameGraph(
            one.labels, one.node_features, one.appearance, pair, one.edge_features
        )
    with pytest.raises(ShapeError, match="edge_features"):
        FramePair(steady_flow(), pair, one.edge_features)


def test_flow_is_alike_both_ways():
    flow = steady_flow()
    with pytest.raises(ShapeError, match="backward"):
        Flow(flow.forward, flow.backward[1:])


def test_arrays_are_read_only():
    one = plain_frame([[0, 1], [2, 2]])
    for array in (
        one.labels,
        one.node_features,
        one.appearance,
        one.spatial_edges,
        one.edge_features,
    ):
        assert not array.flags.writeable
    assert not steady_flow().forward.flags.writeable


def test_points_lie_on_the_superpixel_of_the_nearest_pixel():
    frame = plain_frame([[0, 0, 1], [2, 2, 1]])
    row, col = np.array([0.0, 0.4, 0.6, 1.0]), np.array([1.4, 1.6, 0.0, 2.0])
    assert frame.below(row, col).tolist() == [0, 1, 2, 1]
    assert frame.below(row[:0], col[:0]).tolist() == []


def test_sizes_are_numbers_of_pixels():
    frame = plain_frame([[0, 0, 1], [2, 0, 1]])
    assert frame.sizes.tolist() == [3, 2, 1]
    assert frame.sizes is frame.sizes
    assert not frame.sizes.flags.writeable
