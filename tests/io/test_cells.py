import numpy as np
import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.cells import grow_cells
from napari_gnn_vos.structures.noise import MAX_UNFILTERED_NOISE, noise_level


@pytest.fixture(scope="module")
def grown():
    return grow_cells()


def test_cells_are_brighter_than_what_is_around_them(grown):
    video, truth = grown
    assert video.frames.shape == truth.shape == (40, 384, 384)
    assert (video.frames.dtype, truth.dtype) == (np.uint16, np.uint8)
    for t in (0, 20, 39):
        inside, outside = (
            video.frames[t][mask] for mask in (truth[t] > 0, truth[t] == 0)
        )
        assert np.median(inside) > 2 * np.median(outside)


def test_a_seed_always_gives_the_same_time_lapse(grown):
    again, other = grow_cells(), grow_cells(1)
    assert grown[0].fingerprint() == again[0].fingerprint() != other[0].fingerprint()
    np.testing.assert_array_equal(grown[1], again[1])


def test_cells_move_by_little_from_frame_to_frame(grown):
    _, truth = grown
    for cell in range(1, 15):
        places = [np.argwhere(mask == cell) for mask in truth]
        middles = np.array([place.mean(axis=0) for place in places if len(place) > 200])
        steps = np.linalg.norm(np.diff(middles, axis=0), axis=1)
        assert len(steps) > 10 and np.median(steps) < 4


def test_less_light_is_more_noise():
    dim, bright = (grow_cells(0, photons)[0].rgb(3)[..., 0] for photons in (15, 500))
    assert noise_level(dim) > 1.5 * noise_level(bright) > MAX_UNFILTERED_NOISE


def test_the_other_cells_are_background(grown):
    _, truth = grow_cells(cells=6)
    np.testing.assert_array_equal(truth, np.where(grown[1] <= 6, grown[1], 0))


@pytest.mark.parametrize("odd", [{"seed": -1}, {"photons": 0}, {"cells": 15}], ids=str)
def test_a_time_lapse_that_cannot_be_is_refused(odd):
    with pytest.raises(SettingsError, match="1 to 14 cells"):
        grow_cells(**odd)
