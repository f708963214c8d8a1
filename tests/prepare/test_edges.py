import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.prepare.edges import causal_edges, spatial_edges
from napari_gnn_vos.structures.frame_graph import Flow
from tests.scenes import steady_flow

HALVES = np.repeat(np.array([[0, 0, 0, 0, 1, 1, 1, 1]], np.uint16), 4, axis=0)


def test_spatial_edges_of_a_small_case():
    edges = spatial_edges(np.array([[0, 0, 1], [2, 2, 1]], np.uint16))
    assert edges.pairs.T.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert edges.length.tolist() == [1, 2, 1]
    assert edges.pairs.dtype == np.int32


def test_diagonal_superpixels_are_not_adjacent():
    edges = spatial_edges(np.array([[0, 1], [2, 3]], np.uint16))
    assert [0, 3] not in edges.pairs.T.tolist()
    assert [1, 2] not in edges.pairs.T.tolist()


def test_single_superpixel_has_no_edges():
    assert spatial_edges(np.zeros((4, 5), np.uint16)).pairs.shape == (2, 0)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 20))
def test_spatial_edges_equal_a_loop(seed, count):
    labels = np.random.default_rng(seed).integers(0, count, (6, 7)).astype(np.uint16)
    expected = {}
    for r in range(6):
        for c in range(7):
            for rr, cc in ((r + 1, c), (r, c + 1)):
                if rr < 6 and cc < 7 and labels[r, c] != labels[rr, cc]:
                    key = tuple(sorted((int(labels[r, c]), int(labels[rr, cc]))))
                    expected[key] = expected.get(key, 0) + 1
    edges = spatial_edges(labels)
    actual = zip(map(tuple, edges.pairs.T.tolist()), edges.length.tolist(), strict=True)
    assert dict(actual) == expected


def test_causal_edges_of_a_small_case():
    # cells at columns 0 2 | 4 6 move two to the right; the last leaves the frame
    edges = causal_edges(HALVES, HALVES, steady_flow((4, 8), (0, 2)), 0.0)
    assert edges.pairs.T.tolist() == [[0, 0], [0, 1], [1, 1]]
    assert edges.share_source.tolist() == [0.5, 0.5, 0.5]
    assert edges.share_target.tolist() == [0.5, 0.5, 0.5]
    assert edges.error.tolist() == [0, 0, 0]


def test_shares_are_relative_to_source_and_target():
    finer = np.repeat(np.array([[0, 0, 1, 1, 2, 2, 2, 2]], np.uint16), 4, axis=0)
    edges = causal_edges(HALVES, finer, steady_flow((4, 8)), 0.0)
    assert edges.pairs.T.tolist() == [[0, 0], [0, 1], [1, 2]]
    assert edges.share_source.tolist() == [0.5, 0.5, 1]
    assert edges.share_target.tolist() == [1, 1, 1]


def test_pairs_of_small_share_are_omitted():
    third = np.repeat(np.array([[0, 0, 1, 1, 1, 1, 1, 1]], np.uint16), 4, axis=0)
    flow = steady_flow((4, 8))
    every = causal_edges(third, HALVES, flow, 0.0)
    assert every.pairs.T.tolist() == [[0, 0], [1, 0], [1, 1]]
    np.testing.assert_allclose(every.share_source, [1, 1 / 3, 2 / 3])
    np.testing.assert_allclose(every.share_target, [0.5, 0.5, 1])
    selected = causal_edges(third, HALVES, flow, 0.6)
    assert selected.pairs.T.tolist() == [[0, 0], [1, 1]]
    assert selected.share_target.tolist() == [0.5, 1]


@pytest.mark.parametrize("step", [(0, 9), (0, -9), (5, 0), (-5, 0)])
def test_flow_out_of_the_frame_gives_no_edges(step):
    edges = causal_edges(HALVES, HALVES, steady_flow((4, 8), step), 0.0)
    assert edges.pairs.shape == (2, 0)


def test_error_is_the_forward_backward_error():
    forward = np.zeros_like(steady_flow((4, 8)).forward)
    backward = forward.copy()
    forward[:] = (0, 2)
    backward[:] = (1, -2)  # an error of one row
    edges = causal_edges(HALVES, HALVES, Flow(forward, backward), 0.0)
    np.testing.assert_allclose(edges.error, 1)


def test_identical_frames_have_identity_edges():
    labels = np.random.default_rng(0).permutation(24).reshape(4, 6)
    labels = np.kron(labels, np.ones((2, 2))).astype(np.uint16)
    edges = causal_edges(labels, labels, steady_flow(labels.shape), 0.1)
    assert edges.pairs.tolist() == [list(range(24))] * 2
    assert (edges.share_source == 1).all()
