import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.sample_seeds import guess_background, sample_seeds
from napari_gnn_vos.interact.strokes import add_ink, rasterise
from napari_gnn_vos.structures.scribbles import ERASED
from napari_gnn_vos.structures.seeds import Ink
from tests.scenes import line

SHAPE = (3, 60, 80)
LONG, SHORT = line(0, 1, (5, 0), (5, 79)), line(0, 1, (9, 3), (9, 4))
OTHER = line(2, 2, (40, 10), (40, 29))


def sample(*scribbles, seed=0, turn=1, **settings):
    rng = np.random.default_rng(seed)
    return sample_seeds(scribbles, SHAPE, turn, SeedSettings(**settings), rng=rng)


def pixels_of(seeds):
    return list(zip(seeds.frame, seeds.row, seeds.col, strict=True))


def test_so_many_a_label_in_proportion_to_length():
    seeds = sample(LONG, line(0, 1, (7, 0), (7, 39)), OTHER, per_label=30)
    assert (seeds.label == 1).sum() == 30
    assert (seeds.row == 5).sum() == 20
    assert (seeds.label == 2).sum() == 20  # all pixels there are


def test_at_least_one_from_each_stroke():
    seeds = sample(LONG, SHORT, per_label=4)
    assert (seeds.row == 9).sum() == 1


@given(seed=st.integers(0, 10**6), per_label=st.integers(1, 200))
def test_only_pixels_of_the_stroke_and_none_twice(seed, per_label):
    seeds = sample(LONG, OTHER, seed=seed, per_label=per_label, turn=4)
    for scribble in (LONG, OTHER):
        allowed = {tuple(p) for p in rasterise(scribble, SHAPE).tolist()}
        mine = seeds.take(seeds.label == scribble.label)
        found = list(zip(mine.row.astype(int), mine.col.astype(int), strict=True))
        assert set(found) <= allowed
        assert len(set(found)) == len(found) == min(per_label, len(allowed))
        assert (mine.frame == scribble.frame).all()
    assert (seeds.turn == 4).all()
    assert seeds.origin.tolist() == list(range(len(seeds)))


def test_the_same_generator_the_same_seeds():
    assert pixels_of(sample(LONG, seed=3)) == pixels_of(sample(LONG, seed=3))
    one, other = (pixels_of(sample(LONG, seed=s, per_label=9)) for s in (3, 4))
    assert one != other


def test_an_eraser_gives_none():
    assert len(sample(line(0, ERASED, (5, 0), (5, 79)))) == 0
    assert len(sample()) == 0


def guess(*scribbles, shape=SHAPE, **settings):
    ink = add_ink(Ink.none(), scribbles, shape)
    rng = np.random.default_rng(0)
    return guess_background(ink, shape, SeedSettings(**settings), rng=rng)


def away(seeds, scribble, shape=SHAPE):
    drawn = rasterise(scribble, shape)
    there = np.stack([seeds.row, seeds.col], axis=1)
    return np.linalg.norm(there[:, None] - drawn[None], axis=2).min(axis=1)


def test_guesses_keep_clear_of_strokes():
    seeds = guess(LONG, clearance=30, background=500)
    assert len(seeds) == 500
    assert (seeds.label == 0).all()
    assert (seeds.turn == 0).all()
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
