import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.structures.incoming_edges import MIRRORED
from napari_gnn_vos.structures.video_graph import OverlaySequence
from tests.scenes import plain_frame, random_graph


@pytest.fixture
def graph():
    return random_graph(np.random.default_rng(0))


def assert_same(actual, expected):
    np.testing.assert_array_equal(actual.edge_index, expected.edge_index)
    np.testing.assert_array_equal(
        actual.edge_features.values, expected.edge_features.values
    )
    np.testing.assert_array_equal(
        actual.node_features.values, expected.node_features.values
    )
    np.testing.assert_array_equal(actual.offsets, expected.offsets)


def test_window_of_all_frames_equals_a_loop(graph):
    whole = graph.window()
    expected = {}
    for t, frame in enumerate(graph.frames):
        for (a, b), features in zip(
            frame.spatial_edges.T, frame.edge_features, strict=True
        ):
            expected[a + graph.offsets[t], b + graph.offsets[t]] = features
    for t, pair in enumerate(graph.pairs):
        for (a, b), features in zip(
            pair.causal_edges.T, pair.edge_features, strict=True
        ):
            expected[a + graph.offsets[t], b + graph.offsets[t + 1]] = features
    actual = {
        tuple(e): features
        for e, features in zip(
            whole.edge_index.T, whole.edge_features.values, strict=True
        )
    }
    assert len(actual) == whole.edge_index.shape[1] == 2 * len(expected)
    for ends, features in expected.items():
        np.testing.assert_array_equal(actual[ends], features)
    np.testing.assert_array_equal(
        whole.node_features.values,
        np.concatenate([f.node_features for f in graph.frames]),
    )


@given(seed=st.integers(0, 10**6))
def test_edges_are_sorted_and_have_their_mirror(seed):
    whole = random_graph(np.random.default_rng(seed), frames=4).window()
    keys = whole.edge_index[1].astype(np.int64) * 10**6 + whole.edge_index[0]
    assert (np.diff(keys) > 0).all()
    position = {tuple(e): k for k, e in enumerate(whole.edge_index.T.tolist())}
    reverse = [position[b, a] for a, b in whole.edge_index.T.tolist()]
    for name in whole.edge_features.names:
        column = whole.edge_features.names.index(name)
        mirror = whole.edge_features.names.index(MIRRORED.get(name, name))
        np.testing.assert_array_equal(
            whole.edge_features.values[:, column],
            whole.edge_features.values[reverse, mirror],
        )


def test_edges_are_marked_by_direction_in_time(graph):
    whole = graph.window()
    frame = np.searchsorted(whole.offsets, whole.edge_index, side="right")
    ahead = frame[1] - frame[0]
    for name, step in (("is_spatial", 0), ("from_past", 1), ("from_future", -1)):
        column = whole.edge_features.values[:, whole.edge_features.names.index(name)]
        np.testing.assert_array_equal(column == 1, ahead == step)


@given(seed=st.integers(0, 10**6), ends=st.tuples(st.integers(0, 5), st.integers(0, 5)))
def test_cut_of_the_whole_graph_equals_a_window(seed, ends):
    graph = random_graph(np.random.default_rng(seed), frames=6)
    start, stop = min(ends), max(ends) + 1
    cut, rows = graph.window().subgraph(start, stop)
    assert_same(cut, graph.window(start, stop))
    assert (rows.start, rows.stop) == (graph.offsets[start], graph.offsets[stop])


def test_cut_of_a_window_equals_a_window(graph):
    cut, _ = graph.window(1, 5).subgraph(1, 3)
    assert_same(cut, graph.window(2, 4))


def test_counts_and_offsets(graph):
    assert graph.n == sum(frame.n for frame in graph.frames)
    assert graph.offsets.tolist() == [0, *np.cumsum(graph.counts)]
    assert not graph.counts.flags.writeable


def test_exchange_leaves_the_original_unchanged(graph):
    labels = np.arange(48).reshape(6, 8)
    new = graph.with_frames({2: plain_frame(labels)}, {})
    assert new.frames[2].n == new.counts[2] == 48
    assert graph.frames[2].n == graph.counts[2] < 48
    assert new.frames[1] is graph.frames[1]
    twice = new.with_frames({3: plain_frame(labels)}, {})
    assert (twice.counts[2], twice.counts[3]) == (48, 48)


def test_incoming_edges_are_released_with_the_graph():
    graph = random_graph(np.random.default_rng(0))
    graph.window()
    incoming = weakref.ref(graph.incoming)
    del graph
    assert incoming() is None


def test_replaced_is_a_sequence():
    items = OverlaySequence([0, 1, 2, 3], {1: 10}).with_items({3: 30})
    assert list(items) == [0, 10, 2, 30]
    assert items[1:] == [10, 2, 30]
    assert items[-1] == 30
    with pytest.raises(IndexError):
        items[4]
