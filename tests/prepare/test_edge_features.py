import numpy as np

from napari_gnn_vos.prepare.edge_features import (
    LINK_NAMES,
    NEAR_COLOUR,
    NEAR_MOTION,
    describe_moving,
    describe_touching,
)
from napari_gnn_vos.prepare.edges import moving, touching
from napari_gnn_vos.prepare.node_features import FAST
from napari_gnn_vos.structures.frame_ties import MIRRORED
from tests.scenes import steady_flow


def column(links, name):
    return links[:, LINK_NAMES.index(name)]


def test_touching_by_hand():
    ties = touching(np.array([[0, 0, 1], [2, 2, 1]], np.uint16))
    links = describe_touching(ties, np.zeros((3, 7), np.float32))
    # 0-1 share one pixel of border, 0-2 two, 1-2 one; so 3 around 0, 2, 3
    np.testing.assert_allclose(column(links, "border_out"), [1 / 3, 2 / 3, 1 / 2])
    np.testing.assert_allclose(column(links, "border_back"), [1 / 2, 2 / 3, 1 / 3])
    assert (column(links, "touches") == 1).all()
    rest = set(LINK_NAMES) - {"touches", "border_out", "border_back"}
    for name in rest:
        assert (column(links, name) == 0).all()
    assert links.dtype == np.float32


def test_differences_by_hand():
    ties = touching(np.array([[0, 1]], np.uint16))
    means = np.zeros((2, 7), np.float32)
    means[1, 1] = -NEAR_COLOUR  # colour a
    means[1, 3:5] = np.array([0.6, 0.8]) * FAST * NEAR_MOTION  # to the next frame
    means[1, 5:7] = np.array([0, -3]) * FAST * NEAR_MOTION  # to the one before
    (link,) = describe_touching(ties, means)
    wanted = {
        "far_l": 0,
        "far_a": np.log(2),
        "far_b": 0,
        "far_motion_next": np.log(2),
        "far_motion_before": np.log(4),
    }
    for name, value in wanted.items():
        np.testing.assert_allclose(link[LINK_NAMES.index(name)], value, rtol=1e-6)


def test_moving_by_hand():
    labels = np.repeat(np.array([[0, 0, 1, 1, 1, 1]], np.uint16), 4, axis=0)
    still = np.zeros((4, 6), np.uint16)
    ties = moving(labels, still, steady_flow((4, 6), (0, 0)), 0.0)
    means, after = np.zeros((2, 7), np.float32), np.ones((1, 7), np.float32)
    links = describe_moving(ties, means, after)
    np.testing.assert_allclose(column(links, "share_out"), 1)
    np.testing.assert_allclose(column(links, "share_back"), [1 / 3, 2 / 3])
    np.testing.assert_allclose(column(links, "far_l"), np.log1p(1 / NEAR_COLOUR))
    assert (column(links, "from_past") == 1).all()
    for name in ("touches", "from_future", "border_out", "border_back"):
        assert (column(links, name) == 0).all()
    assert (column(links, "return_error") == 0).all()


def test_a_mirrored_column_has_its_partner():
    for name, mirror in MIRRORED.items():
        assert MIRRORED[mirror] == name
        assert {name, mirror} <= set(LINK_NAMES)
