from types import SimpleNamespace

import numpy as np
import pytest

from napari_gnn_vos.interact.identity_tracking import UNKNOWN, track_identities

NAMES = ("flow_share_source", "flow_share_target")


def row_of_superpixels(frames, causal=None):
    """A row of superpixels of 10 pixels in each frame; flow is zero by default."""
    n = len(frames[0])
    edges = np.stack([np.arange(n - 1), np.arange(1, n)]).astype(np.int32)
    causal = np.stack([np.arange(n)] * 2).astype(np.int32) if causal is None else causal
    shares = np.ones((causal.shape[1], 2), np.float32)
    frame = SimpleNamespace(spatial_edges=edges, sizes=np.full(n, 10))
    pair = SimpleNamespace(causal_edges=causal, edge_features=shares)
    graph = SimpleNamespace(
        frames=[frame] * len(frames),
        pairs=[pair] * (len(frames) - 1),
        offsets=np.arange(len(frames) + 1) * n,
        n=n * len(frames),
        edge_feature_names=NAMES,
    )
    return graph, np.array(frames, np.float32).ravel()


def track(frames, known, causal=None):
    graph, probability = row_of_superpixels(frames, causal)
    index = np.full(graph.n, UNKNOWN)
    for (t, node), identity in known.items():
        index[graph.offsets[t] + node] = identity
    span = range(len(frames))
    return track_identities(graph, index, probability, span).reshape(len(frames), -1)


def test_separate_regions_keep_their_identity():
    frames = [[1, 1, 0, 0, 0, 1, 1]] * 4
    identity = track(frames, {(1, 0): 0, (1, 6): 1})
    np.testing.assert_array_equal(identity[:, [0, 1, 5, 6]], [[0, 0, 1, 1]] * 4)


def test_regions_that_touch_for_a_while_keep_their_identity():
    apart, joined = [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]
    identity = track([apart, joined, joined, apart], {(0, 0): 0, (0, 4): 1})
    np.testing.assert_array_equal(identity[:, [0, 1, 3, 4]], [[0, 0, 1, 1]] * 4)


def test_a_region_without_a_track_has_no_identity():
    frames = [[1, 1, 0, 0, 0, 1, 1]] * 2
    causal = np.array([[0, 1, 5, 6], [0, 1, 5, 6]], np.int32)
    identity = track(frames, {(0, 0): 0}, causal)
    np.testing.assert_array_equal(identity[1, [0, 1]], [0, 0])
    np.testing.assert_array_equal(identity[1, [5, 6]], [UNKNOWN] * 2)


def test_a_track_passes_a_gap_of_the_prediction():
    inside, gap = [1, 1, 0], [0.2, 0.2, 0]
    identity = track([inside, gap, gap, inside], {(0, 0): 0})
    np.testing.assert_array_equal(identity[3, :2], [0, 0])


def test_one_stroke_separates_a_daughter_from_the_division_on():
    whole, divided = [1, 1, 1, 1, 1], [1, 1, 0, 1, 1]
    frames = [whole, whole, divided, divided, divided, divided]
    identity = track(frames, {(0, 0): 0, (4, 4): 1})
    np.testing.assert_array_equal(identity[2:, [0, 1, 3, 4]], [[0, 0, 1, 1]] * 4)
    np.testing.assert_array_equal(identity[0], [0] * 5)


@pytest.mark.parametrize("shape", [(1, 3), (3, 1)])
def test_nothing_is_tracked_without_known_identities(shape):
    assert (track(np.ones(shape).tolist(), {}) == UNKNOWN).all()
