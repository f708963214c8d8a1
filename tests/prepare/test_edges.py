import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.prepare.edges import causal_edges, spatial_edges
from napari_gnn_vos.structures.frame_graph import Flow
from tests.scenes import steady_flow

HALVES = np.repeat(np.array([[0, 0, 0, 0, 1, 1, 1, 1]], np.uint16), 4, axis=0)


def test_touching_by_hand():
    edges = spatial_edges(np.array([[0, 0, 1], [2, 2, 1]], np.uint16))
    assert edges.pairs.T.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert edges.length.tolist() == [1, 2, 1]
    assert edges.pairs.dtype == np.int32


def test_corners_do_not_touch():
    edges = spatial_edges(np.array([[0, 1], [2, 3]], np.uint16))
    assert [0, 3] not in edges.pairs.T.tolist()
    assert [1, 2] not in edges.pairs.T.tolist()


def test_one_superpixel_touches_none():
    assert spatial_edges(np.zeros((4, 5), np.uint16)).pairs.shape == (2, 0)


@given(seed=st.integers(0, 10**6), most=st.integers(1, 20))
def test_touching_as_a_loop(seed, most):
    labels = np.random.default_rng(seed).integers(0, most, (6, 7)).astype(np.uint16)
    wanted = {}
    for r in range(6):
        for c in range(7):
            for rr, cc in ((r + 1, c), (r, c + 1)):
                if rr < 6 and cc < 7 and labels[r, c] != labels[rr, cc]:
                    key = tuple(sorted((int(labels[r, c]), int(labels[rr, cc]))))
                    wanted[key] = wanted.get(key, 0) + 1
    edges = spatial_edges(labels)
    found = zip(map(tuple, edges.pairs.T.tolist()), edges.length.tolist(), strict=True)
    assert dict(found) == wanted


def test_moving_by_hand():
    # cells at columns 0 2 | 4 6 go two to the right; the last leaves the frame
    edges = causal_edges(HALVES, HALVES, steady_flow((4, 8), (0, 2)), 0.0)
    assert edges.pairs.T.tolist() == [[0, 0], [0, 1], [1, 1]]
    assert edges.share_out.tolist() == [0.5, 0.5, 0.5]
    assert edges.share_back.tolist() == [0.5, 0.5, 0.5]
    assert edges.error.tolist() == [0, 0, 0]


def test_either_share_is_of_ones_own_pixels():
    finer = np.repeat(np.array([[0, 0, 1, 1, 2, 2, 2, 2]], np.uint16), 4, axis=0)
    edges = causal_edges(HALVES, finer, steady_flow((4, 8)), 0.0)
    assert edges.pairs.T.tolist() == [[0, 0], [0, 1], [1, 2]]
    assert edges.share_out.tolist() == [0.5, 0.5, 1]
    assert edges.share_back.tolist() == [1, 1, 1]


def test_pairs_that_share_little_are_left_out():
    third = np.repeat(np.array([[0, 0, 1, 1, 1, 1, 1, 1]], np.uint16), 4, axis=0)
    flow = steady_flow((4, 8))
    all_of_them = causal_edges(third, HALVES, flow, 0.0)
    assert all_of_them.pairs.T.tolist() == [[0, 0], [1, 0], [1, 1]]
    np.testing.assert_allclose(all_of_them.share_out, [1, 1 / 3, 2 / 3])
    np.testing.assert_allclose(all_of_them.share_back, [0.5, 0.5, 1])
    few = causal_edges(third, HALVES, flow, 0.6)
    assert few.pairs.T.tolist() == [[0, 0], [1, 1]]
    assert few.share_back.tolist() == [0.5, 1]


@pytest.mark.parametrize("step", [(0, 9), (0, -9), (5, 0), (-5, 0)])
def test_what_leaves_the_frame_joins_nothing(step):
    edges = causal_edges(HALVES, HALVES, steady_flow((4, 8), step), 0.0)
    assert edges.pairs.shape == (2, 0)


def test_the_error_is_what_is_missed_there_and_back():
    there, back = steady_flow((4, 8)).forward.copy(), steady_flow((4, 8)).forward.copy()
    there[:] = (0, 2)
    back[:] = (1, -2)  # misses by a row
    edges = causal_edges(HALVES, HALVES, Flow(there, back), 0.0)
    np.testing.assert_allclose(edges.error, 1)


def test_the_same_frame_is_joined_with_itself():
    labels = np.random.default_rng(0).permutation(24).reshape(4, 6)
    labels = np.kron(labels, np.ones((2, 2))).astype(np.uint16)
    edges = causal_edges(labels, labels, steady_flow(labels.shape), 0.1)
    assert edges.pairs.tolist() == [list(range(24))] * 2
    assert (edges.share_out == 1).all()
