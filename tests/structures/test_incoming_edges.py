import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.structures.incoming_edges import (
    renumber_sources,
    window_edge_index,
    window_shifts,
)
from tests.scenes import random_graph

seeds = st.integers(0, 10**6)


def locate_source(graph, t, number):
    """Frame and superpixel within that frame of a source of an edge into frame `t`."""
    incoming = graph.incoming[t]
    if number < incoming.previous_count:
        return t - 1, number
    number -= incoming.previous_count
    return (
        (t, number) if number < graph.counts[t] else (t + 1, number - graph.counts[t])
    )


@given(seed=seeds, ends=st.tuples(st.integers(0, 5), st.integers(0, 5)))
def test_window_edge_index_equals_a_loop(seed, ends):
    graph = random_graph(np.random.default_rng(seed), frames=6)
    span = range(min(ends), max(ends) + 1)
    offsets = graph.offsets[span.start : span.stop + 1] - graph.offsets[span.start]
    edge_index, inside = window_edge_index([graph.incoming[t] for t in span], offsets)
    expected_index, expected_inside = [], []
    for k, t in enumerate(span):
        incoming = graph.incoming[t]
        for number, target in zip(incoming.source, incoming.target, strict=True):
            frame, source = locate_source(graph, t, number)
            start = graph.offsets[frame] - graph.offsets[span.start]
            expected_index.append((start + source, offsets[k] + target))
            expected_inside.append(frame in span)
    np.testing.assert_array_equal(edge_index.T, expected_index)
    np.testing.assert_array_equal(inside, expected_inside)
    assert edge_index.dtype == np.int32
    assert (np.diff(edge_index[1]) >= 0).all()


@given(seed=seeds)
def test_window_shifts_number_superpixels_from_the_first_frame(seed):
    graph = random_graph(np.random.default_rng(seed))
    previous = np.array([graph.incoming[t].previous_count for t in range(5)])
    shifts = window_shifts(previous, graph.offsets)
    for t, (source_shift, target_shift) in enumerate(shifts.T):
        incoming = graph.incoming[t]
        for number in incoming.source:
            frame, source = locate_source(graph, t, number)
            assert number + source_shift == graph.offsets[frame] + source
        assert target_shift == graph.offsets[t]


@given(seed=seeds, starts=st.permutations([0, 100, 200]))
def test_renumbered_sources_equal_a_loop(seed, starts):
    graph = random_graph(np.random.default_rng(seed), frames=3)
    for t in range(3):
        incoming, count = graph.incoming[t], int(graph.counts[t])
        renumbered = renumber_sources(incoming, count, np.array(starts))
        expected = [
            starts[frame - t + 1] + source
            for frame, source in (locate_source(graph, t, k) for k in incoming.source)
        ]
        assert renumbered.tolist() == expected
        assert renumbered.dtype == np.int32
