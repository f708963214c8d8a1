from dataclasses import replace

import numpy as np
import pytest

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.guess_background import guess_background, unlike_objects
from napari_gnn_vos.interact.strokes import paint_scribbles, rasterise
from napari_gnn_vos.structures.seeds import PaintedPixels, Seeds
from tests.scenes import line, plain_frame

WIDE = (2, 4, 60)
SHAPE = (3, 60, 80)
LONG, OTHER = line(0, 1, (5, 0), (5, 79)), line(2, 2, (40, 10), (40, 29))
LOOKS = np.array([[0, 0], [1, 0], [5, 0], [9, 9], [8, 8], [0, 3]], np.float16)


@pytest.fixture
def frames():
    frame = plain_frame(np.repeat(np.arange(6), 10)[None].repeat(4, axis=0))
    return [replace(frame, appearance=LOOKS)] * 2


def on(*superpixels, frame=0):
    """A guess in the middle of each."""
    n = len(superpixels)
    col = np.array(superpixels, np.float32) * 10 + 5
    whole = np.zeros(n, np.int32)
    label = np.zeros(n, np.uint8)
    return Seeds(whole + frame, np.ones(n, np.float32), col, label, whole, whole)


def kept(frames, guess, share, *scribbles):
    painted_pixels = paint_scribbles(PaintedPixels.none(), scribbles, WIDE)
    left = unlike_objects(frames, guess, painted_pixels, share)
    return [(int(t), int(c) // 10) for t, c in zip(left.frame, left.col, strict=True)]


STROKE = line(0, 1, (0, 1), (3, 8))


def test_those_most_like_the_object_go(frames):
    guess = on(1, 2, 3, 4, 5)  # 1, 25, 162, 128 and 9 from superpixel 0, squared
    assert kept(frames, guess, 0.4, STROKE) == [(0, 2), (0, 3), (0, 4)]
    assert kept(frames, guess, 0.6, STROKE) == [(0, 3), (0, 4)]
    assert len(kept(frames, guess, 0.0, STROKE)) == 5


def test_the_nearest_of_several_objects_counts(frames):
    other = line(0, 2, (0, 32), (3, 38))  # superpixel 3
    assert kept(frames, on(1, 2, 4, 5), 0.5, STROKE, other) == [(0, 2), (0, 5)]


def test_where_background_is_drawn_all_stay(frames):
    guess = Seeds.join(on(1, 2), on(1, 2, frame=1))
    strokes = STROKE, line(0, 0, (0, 55), (3, 55)), line(1, 1, (0, 1), (3, 8))
    assert kept(frames, guess, 0.5, *strokes) == [(0, 1), (0, 2), (1, 2)]


def test_nothing_guessed(frames):
    assert kept(frames, Seeds.none(), 0.5, STROKE) == []


def guess(*scribbles, shape=SHAPE, **settings):
    painted_pixels = paint_scribbles(PaintedPixels.none(), scribbles, shape)
    rng = np.random.default_rng(0)
    return guess_background(painted_pixels, shape, SeedSettings(**settings), rng=rng)


def away(seeds, scribble, shape=SHAPE):
    drawn = rasterise(scribble, shape)
    there = np.stack([seeds.row, seeds.col], axis=1)
    return np.linalg.norm(there[:, None] - drawn[None], axis=2).min(axis=1)


def test_guesses_keep_clear_of_strokes():
    seeds = guess(LONG, clearance=30, background=500)
    assert len(seeds) == 500
    assert (seeds.label == 0).all()
    assert (seeds.round_index == 0).all()
    assert (seeds.frame == 0).all()
    assert away(seeds, LONG).min() >= 30


def test_a_small_frame_leaves_less_room():
    cross = line(0, 1, (30, 0), (30, 79))  # at most 30 pixels from anywhere
    seeds = guess(cross, clearance=41, background=50)
    assert len(seeds) == 50
    assert away(seeds, cross).min() >= 0.6 * 30


def test_guesses_are_shared_by_the_frames_with_objects():
    seeds = guess(LONG, OTHER, line(1, 0, (30, 30)), clearance=5, background=101)
    assert np.bincount(seeds.frame, minlength=3).tolist() == [51, 0, 51]


def test_no_object_no_guess():
    assert len(guess(line(1, 0, (30, 30)))) == 0
    assert len(guess()) == 0
    assert len(guess(LONG, background=0)) == 0
