import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.prepare.node_features import (
    MOTION_SCALE,
    NODE_FEATURE_NAMES,
    NODE_FEATURES,
    FrameView,
    at_border,
    colour,
    compute_node_features,
    log_size,
    motion,
    occluded,
)
from napari_gnn_vos.prepare.watershed import relabel_consecutively
from napari_gnn_vos.structures.frame_graph import Flow
from tests.scenes import steady_flow, texture


def halves(shape=(16, 16)):
    labels = np.zeros(shape, np.uint16)
    labels[:, shape[1] // 2 :] = 1
    return labels


def view(labels, image=None, previous=None, following=None):
    image = np.zeros((*labels.shape, 3), np.uint8) if image is None else image
    return FrameView(labels, image, previous, following)


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), previous=st.booleans(), following=st.booleans())
@pytest.mark.parametrize("feature", NODE_FEATURES, ids=lambda f: f.names[0])
def test_each_feature_has_its_shape(feature, seed, previous, following):
    rng = np.random.default_rng(seed)
    labels = relabel_consecutively(rng.integers(0, 9, (17, 21)).astype(np.int32))
    flows = [
        Flow(*(9 * rng.normal(size=(2, 9, 11, 2))).astype(np.float16)) for _ in range(2)
    ]
    one = view(
        labels.astype(np.uint16),
        texture((17, 21), seed),
        flows[0] if previous else None,
        flows[1] if following else None,
    )
    values = feature.compute(one)
    assert values.shape == (labels.max() + 1, len(feature.names))
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


def test_all_features_together():
    one = view(halves(), following=steady_flow((16, 16)))
    assert compute_node_features(one).shape == (2, len(NODE_FEATURE_NAMES))
    assert len(set(NODE_FEATURE_NAMES)) == len(NODE_FEATURE_NAMES) == 13


def test_log_size():
    labels = np.zeros((16, 16), np.uint16)
    labels[:4, :8] = 1
    np.testing.assert_allclose(
        log_size(view(labels)), np.log2([[224], [32]]) / 20, rtol=1e-6
    )


def test_superpixels_at_the_border():
    labels = np.zeros((16, 16), np.uint16)
    labels[3:5, 3:5] = 1
    labels[9, 15] = 2
    assert at_border(view(labels)).tolist() == [[1], [0], [1]]


def test_colour_of_black_and_striped_superpixels():
    image = np.zeros((16, 16, 3), np.uint8)
    image[::2, 8:] = 255
    values = colour(view(halves(), image))
    # L is 0 and 255 of 255; a and b are 128 of 255; std is times four
    np.testing.assert_allclose(values[0, :3], [0, 128 / 255, 128 / 255], atol=1e-6)
    np.testing.assert_allclose(values[1, :3], [0.5, 128 / 255, 128 / 255], atol=1e-6)
    np.testing.assert_allclose(values[0, 3:], 0, atol=2e-3)
    np.testing.assert_allclose(values[1, 3], 2, rtol=1e-5)


def test_motion_relative_to_the_median():
    labels = np.repeat(np.arange(5, dtype=np.uint16)[None], 16, axis=0).repeat(4, 1)
    forward = np.zeros((8, 10, 2), np.float16)
    forward[:] = (0, 5)
    forward[:, 8:] = (MOTION_SCALE, 5)  # the last of five moves down
    flow = Flow(forward, np.zeros_like(forward))
    values = motion(view(labels, following=flow))
    np.testing.assert_allclose(values[:3, 0], 0, atol=1e-6)
    assert 0.9 * np.log(2) < values[4, 0] < np.log(2)
    # at the first frame the motion to the previous one is the negative
    np.testing.assert_allclose(values[:, 1], values[:, 0], atol=1e-6)


def test_motion_at_the_ends_is_the_negative_of_the_other():
    flow = steady_flow((16, 16), (2, -3))
    first, last = view(halves(), following=flow), view(halves(), previous=flow)
    for one in (first, last):
        np.testing.assert_allclose(one.means[:, 3:], [[2, -3, -2, 3]] * 2)
    assert (view(halves()).means[:, 3:] == 0).all()


def test_motions_to_both_frames():
    previous, following = (steady_flow((16, 16), step) for step in ((1, 4), (2, -3)))
    both = view(halves(), previous=previous, following=following)
    assert [motion[5, 5].tolist() for motion in both.motions] == [[2, -3], [-1, -4]]
    np.testing.assert_allclose(both.means[:, 3:], [[2, -3, -1, -4]] * 2)
    assert view(halves()).motions == []


def test_view_with_other_labels_equals_a_new_view():
    flow = steady_flow((16, 16), (2, -3))
    whole = view(np.zeros((16, 16), np.uint16), texture((16, 16)), following=flow)
    assert whole.means.shape == (1, 7)
    relabelled = whole.with_labels(halves())
    fresh = view(halves(), texture((16, 16)), following=flow)
    np.testing.assert_array_equal(relabelled.means, fresh.means)
    np.testing.assert_array_equal(
        compute_node_features(relabelled), compute_node_features(fresh)
    )


def test_occlusion_in_the_next_and_previous_frame():
    still = np.zeros((8, 8, 2), np.float16)
    right = still.copy()
    right[..., 1] = 8  # four cells; three stay without a vector
    shares = occluded(
        view(halves(), previous=Flow(still, still), following=Flow(still, right))
    )
    np.testing.assert_allclose(shares, [[3 / 4, 0], [0, 0]])
    shares = occluded(
        view(halves(), previous=Flow(right, still), following=Flow(still, still))
    )
    np.testing.assert_allclose(shares, [[0, 3 / 4], [0, 0]])
    assert (occluded(view(halves())) == 0).all()
