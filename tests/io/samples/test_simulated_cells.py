import numpy as np
import pytest

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.io.samples.simulated_cells import simulate_cells
from napari_gnn_vos.structures.noise import MAX_UNFILTERED_NOISE, noise_level


@pytest.fixture(scope="module")
def simulated():
    return simulate_cells()


def test_cells_are_brighter_than_the_background(simulated):
    video, truth = simulated
    assert video.frames.shape == truth.shape == (40, 384, 384)
    assert (video.frames.dtype, truth.dtype) == (np.uint16, np.uint8)
    for t in (0, 20, 39):
        inside, outside = (
            video.frames[t][mask] for mask in (truth[t] > 0, truth[t] == 0)
        )
        assert np.median(inside) > 2 * np.median(outside)


def test_same_seed_gives_same_time_lapse(simulated):
    repeated, different = simulate_cells(), simulate_cells(1)
    assert (
        simulated[0].fingerprint()
        == repeated[0].fingerprint()
        != different[0].fingerprint()
    )
    np.testing.assert_array_equal(simulated[1], repeated[1])


def test_cells_move_less_than_four_pixels_per_frame(simulated):
    _, truth = simulated
    for cell in range(1, 15):
        positions = [np.argwhere(mask == cell) for mask in truth]
        visible = [pixels for pixels in positions if len(pixels) > 200]
        centres = np.array([pixels.mean(axis=0) for pixels in visible])
        steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
        assert len(steps) > 10 and np.median(steps) < 4


def test_fewer_photons_give_more_noise():
    dim, bright = (
        simulate_cells(0, photons)[0].rgb(3)[..., 0] for photons in (15, 500)
    )
    assert noise_level(dim) > 1.5 * noise_level(bright) > MAX_UNFILTERED_NOISE


def test_unlabelled_cells_are_background(simulated):
    _, truth = simulate_cells(cells=6)
    np.testing.assert_array_equal(truth, np.where(simulated[1] <= 6, simulated[1], 0))


@pytest.mark.parametrize(
    "parameters", [{"seed": -1}, {"photons": 0}, {"cells": 15}], ids=str
)
def test_invalid_parameters_are_refused(parameters):
    with pytest.raises(SettingsError, match="1 to 14 cells"):
        simulate_cells(**parameters)
