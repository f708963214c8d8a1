from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.seed_propagation import bilinear, propagate_seeds
from napari_gnn_vos.prepare.flow import flow_between
from napari_gnn_vos.structures.frame_graph import Flow, FramePair
from napari_gnn_vos.structures.seeds import Seeds
from tests.scenes import SHAPE, moving_square, steady_pair

FRAMES = 6


def seeds(*points):
    """Seeds (frame, row, col) with labels 1, 2, ... and origins 10, 11, ..."""
    frame, row, col = np.array(points).T
    numbers = np.arange(len(points))
    return Seeds(
        frame.astype(np.int32),
        row.astype(np.float32),
        col.astype(np.float32),
        (numbers + 1).astype(np.uint8),
        (numbers + 10).astype(np.int32),
        np.full(len(points), 3, np.int32),
    )


def propagated(drawn, pairs, shape=(FRAMES, *SHAPE), **settings):
    return propagate_seeds(drawn, pairs, shape, SeedSettings(**settings))


def steady(step):
    return [steady_pair(step=step)] * (FRAMES - 1)


def test_seeds_follow_flow_in_both_directions():
    out = propagated(seeds((2, 20, 30)), steady((1, 3)))
    order = np.argsort(out.frame)
    assert out.frame[order].tolist() == [0, 1, 3, 4, 5]
    np.testing.assert_allclose(out.row[order], [18, 19, 21, 22, 23])
    np.testing.assert_allclose(out.col[order], [24, 27, 33, 36, 39])


def test_label_origin_and_round_are_kept():
    out = propagated(seeds((0, 20, 30), (5, 10, 10)), steady((0, 0)))
    assert len(out) == 10
    assert (out.label[out.origin == 10] == 1).all()
    assert (out.label[out.origin == 11] == 2).all()
    assert (out.round_index == 3).all()
    assert set(out.frame[out.origin == 11].tolist()) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("start", "step", "stays"),
    [
        ((20, 57), (0, 3), 2),  # 57, 60, 63 and out at 66
        ((20, 7), (0, -3), 2),
        ((40, 30), (3, 0), 2),  # 40, 43, 46, out at 49
        ((7, 30), (-3, 0), 2),
    ],
)
def test_tracks_end_at_the_border_of_the_frame(start, step, stays):
    out = propagated(seeds((0, *start)), steady(step))
    assert sorted(out.frame.tolist()) == list(range(1, stays + 1))


def test_tracks_end_after_the_maximum_number_of_frames():
    out = propagated(
        seeds((0, 20, 30), (1, 20, 30)), steady((0, 0)), propagation_frames=2
    )
    assert sorted(out.frame[out.label == 1].tolist()) == [1, 2]
    assert sorted(out.frame[out.label == 2].tolist()) == [0, 2, 3]
    assert len(propagated(seeds((2, 9, 9)), steady((0, 0)), propagation_frames=0)) == 0


def pair_with_error(error, step):
    pair = steady_pair(step=step)
    backward = pair.flow.backward.copy()
    backward[..., 0] += error
    flow = Flow(pair.flow.forward, backward)
    return FramePair(flow, pair.causal_edges, pair.edge_features)


def test_tracks_end_at_forward_backward_errors():
    slow = [pair_with_error(error, (0, 1)) for error in (1.5, 1.5, 2.5, 0, 0)]
    assert sorted(propagated(seeds((0, 20, 10)), slow).frame.tolist()) == [1, 2]
    wide = propagated(seeds((0, 20, 10)), slow, return_error=3)
    assert sorted(wide.frame.tolist()) == [1, 2, 3, 4, 5]


def test_accepted_error_increases_with_displacement():
    fast = [pair_with_error(2.5, (0, 30))]
    shape = (2, *SHAPE)
    assert len(propagated(seeds((0, 20, 10)), fast, shape)) == 1  # a tenth of 30 pixels
    assert len(propagated(seeds((0, 20, 10)), fast, shape, return_share=0.05)) == 0


def test_tracks_end_near_motion_boundaries():
    field = np.zeros((24, 32, 2), np.float16)
    field[:, 16:] = (0, 4)  # pixels right of column 32 move
    pair = FramePair(Flow(field, -field), *_no_edges())
    out = propagated(seeds((0, 20, 10), (0, 20, 29)), [pair], (2, *SHAPE))
    assert out.label.tolist() == [1]


def _no_edges():
    pair = steady_pair()
    return pair.causal_edges, pair.edge_features


def test_seeds_follow_a_moving_square():
    video, truth = moving_square(FRAMES)
    pictures = [video.rgb(t) for t in range(FRAMES)]
    pairs = [FramePair(flow_between(a, b), *_no_edges()) for a, b in pairwise(pictures)]
    inside = [(0, r, c) for r in (21, 23, 25) for c in (13, 15, 17)]
    out = propagated(seeds(*inside), pairs)
    assert len(out) > 0.8 * len(inside) * (FRAMES - 1)
    rows, cols = np.rint(out.row).astype(int), np.rint(out.col).astype(int)
    assert (truth[out.frame, rows, cols] == 1).all()


def test_no_seeds_are_propagated_from_none():
    assert len(propagated(Seeds.empty(), steady((0, 0)))) == 0


def bilinear_loop(field, row, col):
    """Interpolate at one position, clamped to the border."""
    h, w = field.shape[:2]
    row, col = min(max(row, 0), h - 1), min(max(col, 0), w - 1)
    r, c = int(np.floor(row)), int(np.floor(col))
    y, x = row - r, col - c
    rr, cc = min(r + 1, h - 1), min(c + 1, w - 1)
    top = (1 - x) * field[r, c] + x * field[r, cc]
    return (1 - y) * top + y * ((1 - x) * field[rr, c] + x * field[rr, cc])


@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
)
def test_bilinear_interpolation_equals_a_loop(seed, shape):
    rng = np.random.default_rng(seed)
    field = rng.normal(size=(*shape, 2)).astype(np.float16)
    row, col = rng.uniform(-2, 8, (2, 30)).astype(np.float32)
    expected = [
        bilinear_loop(field.astype(float), r, c) for r, c in zip(row, col, strict=True)
    ]
    actual = [
        bilinear(field.view(np.uint16), *position)
        for position in zip(row, col, strict=True)
    ]
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize("value", [0, -0.0, 1.5, -2.25, 6e-8, -1e-5, 65504])
def test_float16_bit_patterns_are_converted(value):
    field = np.full((2, 2, 2), value, np.float16)
    position = np.float32(0), np.float32(0)
    assert bilinear(field.view(np.uint16), *position) == (field[0, 0, 0],) * 2
