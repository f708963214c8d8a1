import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from napari_gnn_vos.structures.noise import MAX_UNFILTERED_NOISE, denoised, noise_level
from napari_gnn_vos.structures.video import Video


def noisy_image(std, *, channels=1, seed=0):
    """A disc on a ramp with white noise, and without."""
    rows, cols = np.indices((96, 128))
    clean = 60 + 0.6 * cols
    clean[np.hypot(rows - 48, cols - 40) < 20] = 170
    noise = np.random.default_rng(seed).normal(0, std, (96, 128, channels))
    noisy = np.clip(clean[..., None] + noise, 0, 255).astype(np.uint8)
    return np.repeat(noisy, 3 // channels, axis=2), clean


@pytest.mark.parametrize("std", [6, 12, 25])
def test_white_noise_is_estimated(std):
    noisy, _ = noisy_image(std)
    assert noise_level(noisy[..., 0]) == pytest.approx(std, rel=0.15)


@pytest.mark.parametrize("name", ["grass", "gravel", "brick"])
def test_fine_texture_is_not_noise(name):
    texture = getattr(data, name)()
    noise = np.random.default_rng(0).normal(0, 20, texture.shape)
    noisy = np.clip(texture + noise, 0, 255).astype(np.uint8)
    assert noise_level(texture) < MAX_UNFILTERED_NOISE
    assert noise_level(noisy) == pytest.approx(20, rel=0.15)


def test_edges_and_ramps_are_not_noise():
    clean, _ = noisy_image(0)
    assert noise_level(clean[..., 0]) < 1


def test_saturated_pixels_are_ignored():
    noisy, clean = noisy_image(12)
    noisy[clean < 110] = 0
    assert noise_level(noisy[..., 0]) == pytest.approx(12, rel=0.25)


def test_black_image_has_no_noise():
    assert noise_level(np.zeros((20, 20), np.uint8)) == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_is_reduced_and_edges_are_kept(channels):
    noisy, clean = noisy_image(15, channels=channels)
    smooth = denoised(noisy)
    before = np.abs(noisy[..., 0] - clean).mean()
    after = np.abs(smooth[..., 0] - clean).mean()
    assert smooth.shape == noisy.shape and smooth.dtype == np.uint8
    assert after < 0.5 * before
    blurred = gaussian_filter(noisy[..., 0].astype(float), 2)
    edge = np.abs(np.hypot(*(np.indices(clean.shape) - [[[48]], [[40]]])) - 20) < 2
    assert (
        np.abs(smooth[..., 0] - clean)[edge].mean()
        < np.abs(blurred - clean)[edge].mean()
    )


def test_denoised_grey_image_stays_grey():
    smooth = denoised(noisy_image(15)[0])
    np.testing.assert_array_equal(smooth[..., 0], smooth[..., 1])
    np.testing.assert_array_equal(smooth[..., 0], smooth[..., 2])


def test_image_with_little_noise_is_unchanged():
    noisy, _ = noisy_image(MAX_UNFILTERED_NOISE / 2)
    assert denoised(noisy) is noisy


def test_video_denoises_on_request():
    noisy, _ = noisy_image(15)
    video = Video.from_array(np.stack([noisy, noisy]))
    np.testing.assert_array_equal(video.rgb(1), noisy)
    np.testing.assert_array_equal(video.rgb(1, denoise=True), denoised(noisy))
