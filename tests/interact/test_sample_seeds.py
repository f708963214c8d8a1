import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.config import SeedSettings
from napari_gnn_vos.interact.sample_seeds import sample_seeds
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import ERASED
from tests.scenes import line

SHAPE = (3, 60, 80)
LONG, SHORT = line(0, 1, (5, 0), (5, 79)), line(0, 1, (9, 3), (9, 4))
OTHER = line(2, 2, (40, 10), (40, 29))


def sample(*scribbles, seed=0, round_index=1, **settings):
    rng = np.random.default_rng(seed)
    return sample_seeds(
        scribbles, SHAPE, round_index, SeedSettings(**settings), rng=rng
    )


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
    seeds = sample(LONG, OTHER, seed=seed, per_label=per_label, round_index=4)
    for scribble in (LONG, OTHER):
        allowed = {tuple(p) for p in rasterise(scribble, SHAPE).tolist()}
        mine = seeds.take(seeds.label == scribble.label)
        found = list(zip(mine.row.astype(int), mine.col.astype(int), strict=True))
        assert set(found) <= allowed
        assert len(set(found)) == len(found) == min(per_label, len(allowed))
        assert (mine.frame == scribble.frame).all()
    assert (seeds.round_index == 4).all()
    assert seeds.origin.tolist() == list(range(len(seeds)))


def test_the_same_generator_the_same_seeds():
    assert pixels_of(sample(LONG, seed=3)) == pixels_of(sample(LONG, seed=3))
    one, other = (pixels_of(sample(LONG, seed=s, per_label=9)) for s in (3, 4))
    assert one != other


def test_an_eraser_gives_none():
    assert len(sample(line(0, ERASED, (5, 0), (5, 79)))) == 0
    assert len(sample()) == 0
