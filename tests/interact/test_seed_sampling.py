from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.seed_sampling import (
    discard_similar_to_objects,
    sample_presumed_background,
    sample_seeds,
)
from napari_gnn_vos.interact.strokes import paint_scribbles, rasterise
from napari_gnn_vos.structures.scribbles import ERASED
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from tests.scenes import line, plain_frame

SHAPE = (3, 60, 80)
LONG, SHORT = line(0, 1, (5, 0), (5, 79)), line(0, 1, (9, 3), (9, 4))
OTHER = line(2, 2, (40, 10), (40, 29))

WIDE_SHAPE = (2, 4, 60)
APPEARANCE = np.array([[0, 0], [1, 0], [5, 0], [9, 9], [8, 8], [0, 3]], np.float16)


@pytest.fixture
def frames():
    frame = plain_frame(np.repeat(np.arange(6), 10)[None].repeat(4, axis=0))
    return [replace(frame, appearance=APPEARANCE)] * 2


def seeds_on(*superpixels, frame=0):
    """One background seed in the middle of each superpixel."""
    n = len(superpixels)
    col = np.array(superpixels, np.float32) * 10 + 5
    zeros = np.zeros(n, np.int32)
    label = np.zeros(n, np.uint8)
    return Seeds(zeros + frame, np.ones(n, np.float32), col, label, zeros, zeros)


def kept(frames, background, fraction, *scribbles):
    painted_pixels = paint_scribbles(PaintedPixels.empty(), scribbles, WIDE_SHAPE)
    remaining = discard_similar_to_objects(frames, background, painted_pixels, fraction)
    positions = zip(remaining.frame.tolist(), remaining.col.tolist(), strict=True)
    return [(t, int(col) // 10) for t, col in positions]


STROKE = line(0, 1, (0, 1), (3, 8))


def test_seeds_most_similar_to_the_object_are_discarded(frames):
    background = seeds_on(
        1, 2, 3, 4, 5
    )  # 1, 25, 162, 128 and 9 from superpixel 0, squared
    assert kept(frames, background, 0.4, STROKE) == [(0, 2), (0, 3), (0, 4)]
    assert kept(frames, background, 0.6, STROKE) == [(0, 3), (0, 4)]
    assert len(kept(frames, background, 0.0, STROKE)) == 5


def test_similarity_is_to_the_nearest_of_several_objects(frames):
    other = line(0, 2, (0, 32), (3, 38))  # superpixel 3
    assert kept(frames, seeds_on(1, 2, 4, 5), 0.5, STROKE, other) == [(0, 2), (0, 5)]


def test_nothing_is_discarded_on_frames_with_background_strokes(frames):
    background = Seeds.concatenate(seeds_on(1, 2), seeds_on(1, 2, frame=1))
    strokes = STROKE, line(0, 0, (0, 55), (3, 55)), line(1, 1, (0, 1), (3, 8))
    assert kept(frames, background, 0.5, *strokes) == [(0, 1), (0, 2), (1, 2)]


def test_no_seeds_to_discard(frames):
    assert kept(frames, Seeds.empty(), 0.5, STROKE) == []


def sample_background(*scribbles, shape=SHAPE, **settings):
    painted_pixels = paint_scribbles(PaintedPixels.empty(), scribbles, shape)
    rng = np.random.default_rng(0)
    return sample_presumed_background(
        painted_pixels, shape, SeedSettings(**settings), rng=rng
    )


def distance_to(seeds, scribble, shape=SHAPE):
    drawn = rasterise(scribble, shape)
    positions = np.stack([seeds.row, seeds.col], axis=1)
    return np.linalg.norm(positions[:, None] - drawn[None], axis=2).min(axis=1)


def test_presumed_background_keeps_the_clearance():
    seeds = sample_background(LONG, clearance=30, background=500)
    assert len(seeds) == 500
    assert (seeds.label == 0).all()
    assert (seeds.round_index == 0).all()
    assert (seeds.frame == 0).all()
    assert distance_to(seeds, LONG).min() >= 30


def test_clearance_is_reduced_on_small_frames():
    cross = line(0, 1, (30, 0), (30, 79))  # at most 30 pixels from anywhere
    seeds = sample_background(cross, clearance=41, background=50)
    assert len(seeds) == 50
    assert distance_to(seeds, cross).min() >= 0.6 * 30


def test_presumed_background_is_divided_among_frames_with_objects():
    seeds = sample_background(
        LONG, OTHER, line(1, 0, (30, 30)), clearance=5, background=101
    )
    assert np.bincount(seeds.frame, minlength=3).tolist() == [51, 0, 51]


def test_no_object_no_sample_background():
    assert len(sample_background(line(1, 0, (30, 30)))) == 0
    assert len(sample_background()) == 0
    assert len(sample_background(LONG, background=0)) == 0


def sample(*scribbles, seed=0, round_index=1, **settings):
    rng = np.random.default_rng(seed)
    return sample_seeds(
        scribbles, SHAPE, round_index, SeedSettings(**settings), rng=rng
    )


def pixels_of(seeds):
    return list(zip(seeds.frame, seeds.row, seeds.col, strict=True))


def test_seeds_per_label_are_proportional_to_stroke_length():
    seeds = sample(LONG, line(0, 1, (7, 0), (7, 39)), OTHER, per_label=30)
    assert (seeds.label == 1).sum() == 30
    assert (seeds.row == 5).sum() == 20
    assert (seeds.label == 2).sum() == 20  # the stroke has no more pixels


def test_each_stroke_has_at_least_one_seed():
    seeds = sample(LONG, SHORT, per_label=4)
    assert (seeds.row == 9).sum() == 1


@given(seed=st.integers(0, 10**6), per_label=st.integers(1, 200))
def test_seeds_are_distinct_pixels_of_their_stroke(seed, per_label):
    seeds = sample(LONG, OTHER, seed=seed, per_label=per_label, round_index=4)
    for scribble in (LONG, OTHER):
        allowed = {tuple(p) for p in rasterise(scribble, SHAPE).tolist()}
        sampled = seeds.take(seeds.label == scribble.label)
        pixels = list(
            zip(sampled.row.astype(int), sampled.col.astype(int), strict=True)
        )
        assert set(pixels) <= allowed
        assert len(set(pixels)) == len(pixels) == min(per_label, len(allowed))
        assert (sampled.frame == scribble.frame).all()
    assert (seeds.round_index == 4).all()
    assert seeds.origin.tolist() == list(range(len(seeds)))


def test_seeds_are_reproducible_with_the_same_generator():
    assert pixels_of(sample(LONG, seed=3)) == pixels_of(sample(LONG, seed=3))
    third, fourth = (pixels_of(sample(LONG, seed=s, per_label=9)) for s in (3, 4))
    assert third != fourth


def test_eraser_strokes_have_no_seeds():
    assert len(sample(line(0, ERASED, (5, 0), (5, 79)))) == 0
    assert len(sample()) == 0
