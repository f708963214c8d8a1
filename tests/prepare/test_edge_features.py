import numpy as np

from napari_gnn_vos.prepare.edge_features import (
    COLOUR_UNIT,
    EDGE_FEATURE_NAMES,
    MOTION_UNIT,
    causal_edge_features,
    spatial_edge_features,
)
from napari_gnn_vos.prepare.edges import causal_edges, spatial_edges
from napari_gnn_vos.prepare.node_features import MOTION_SCALE
from napari_gnn_vos.structures.incoming_edges import MIRRORED
from tests.scenes import steady_flow


def column(edge_features, name):
    return edge_features[:, EDGE_FEATURE_NAMES.index(name)]


def test_spatial_features_of_a_small_case():
    edges = spatial_edges(np.array([[0, 0, 1], [2, 2, 1]], np.uint16))
    edge_features = spatial_edge_features(edges, np.zeros((3, 7), np.float32))
    # 0-1 have a common border of 1 pixel, 0-2 of 2, 1-2 of 1; sums 3, 2, 3
    np.testing.assert_allclose(
        column(edge_features, "border_share_source"), [1 / 3, 2 / 3, 1 / 2]
    )
    np.testing.assert_allclose(
        column(edge_features, "border_share_target"), [1 / 2, 2 / 3, 1 / 3]
    )
    assert (column(edge_features, "is_spatial") == 1).all()
    rest = set(EDGE_FEATURE_NAMES) - {
        "is_spatial",
        "border_share_source",
        "border_share_target",
    }
    for name in rest:
        assert (column(edge_features, name) == 0).all()
    assert edge_features.dtype == np.float32


def test_differences_of_a_small_case():
    edges = spatial_edges(np.array([[0, 1]], np.uint16))
    means = np.zeros((2, 7), np.float32)
    means[1, 1] = -COLOUR_UNIT  # colour a
    unit = MOTION_SCALE * MOTION_UNIT
    means[1, 3:5] = np.array([0.6, 0.8]) * unit  # to the next frame
    means[1, 5:7] = np.array([0, -3]) * unit  # to the previous frame
    (features,) = spatial_edge_features(edges, means)
    expected = {
        "delta_l": 0,
        "delta_a": np.log(2),
        "delta_b": 0,
        "delta_motion_next": np.log(2),
        "delta_motion_previous": np.log(4),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(
            features[EDGE_FEATURE_NAMES.index(name)], value, rtol=1e-6
        )


def test_causal_features_of_a_small_case():
    labels = np.repeat(np.array([[0, 0, 1, 1, 1, 1]], np.uint16), 4, axis=0)
    single = np.zeros((4, 6), np.uint16)
    edges = causal_edges(labels, single, steady_flow((4, 6), (0, 0)), 0.0)
    means, means_next = np.zeros((2, 7), np.float32), np.ones((1, 7), np.float32)
    edge_features = causal_edge_features(edges, means, means_next)
    np.testing.assert_allclose(column(edge_features, "flow_share_source"), 1)
    np.testing.assert_allclose(
        column(edge_features, "flow_share_target"), [1 / 3, 2 / 3]
    )
    np.testing.assert_allclose(
        column(edge_features, "delta_l"), np.log1p(1 / COLOUR_UNIT)
    )
    assert (column(edge_features, "from_past") == 1).all()
    for name in (
        "is_spatial",
        "from_future",
        "border_share_source",
        "border_share_target",
    ):
        assert (column(edge_features, name) == 0).all()
    assert (column(edge_features, "return_error") == 0).all()


def test_mirrored_columns_are_pairs():
    for name, mirror in MIRRORED.items():
        assert MIRRORED[mirror] == name
        assert {name, mirror} <= set(EDGE_FEATURE_NAMES)
