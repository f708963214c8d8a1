import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from napari_gnn_vos.structures.noise import QUIET, denoised, noise_level
from napari_gnn_vos.structures.video import Video


def picture(width, *, channels=1, seed=0):
    """Discs on a slope, and white noise of some width; the same without."""
    rows, cols = np.indices((96, 128))
    clean = 60 + 0.6 * cols
    clean[np.hypot(rows - 48, cols - 40) < 20] = 170
    noise = np.random.default_rng(seed).normal(0, width, (96, 128, channels))
    noisy = np.clip(clean[..., None] + noise, 0, 255).astype(np.uint8)
    return np.repeat(noisy, 3 // channels, axis=2), clean


@pytest.mark.parametrize("width", [6, 12, 25])
def test_white_noise_is_measured(width):
    noisy, _ = picture(width)
    assert noise_level(noisy[..., 0]) == pytest.approx(width, rel=0.15)


@pytest.mark.parametrize("name", ["grass", "gravel", "brick"])
def test_fine_texture_is_no_noise(name):
    texture = getattr(data, name)()
    noise = np.random.default_rng(0).normal(0, 20, texture.shape)
    noisy = np.clip(texture + noise, 0, 255).astype(np.uint8)
    assert noise_level(texture) < QUIET
    assert noise_level(noisy) == pytest.approx(20, rel=0.15)


def test_edges_and_slopes_are_no_noise():
    clean, _ = picture(0)
    assert noise_level(clean[..., 0]) < 1


def test_noise_is_measured_where_there_is_light():
    """The black around cells, cut off by the display range, tells nothing."""
    noisy, clean = picture(12)
    noisy[clean < 110] = 0
    assert noise_level(noisy[..., 0]) == pytest.approx(12, rel=0.25)


def test_a_black_picture_has_no_noise():
    assert noise_level(np.zeros((20, 20), np.uint8)) == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_most_noise_is_taken_out_and_the_rim_stays(channels):
    noisy, clean = picture(15, channels=channels)
    smooth = denoised(noisy)
    before = np.abs(noisy[..., 0] - clean).mean()
    after = np.abs(smooth[..., 0] - clean).mean()
    assert smooth.shape == noisy.shape and smooth.dtype == np.uint8
    assert after < 0.5 * before
    blurred = gaussian_filter(noisy[..., 0].astype(float), 2)
    rim = np.abs(np.hypot(*(np.indices(clean.shape) - [[[48]], [[40]]])) - 20) < 2
    assert (
        np.abs(smooth[..., 0] - clean)[rim].mean() < np.abs(blurred - clean)[rim].mean()
    )


def test_grey_stays_grey():
    smooth = denoised(picture(15)[0])
    np.testing.assert_array_equal(smooth[..., 0], smooth[..., 1])
    np.testing.assert_array_equal(smooth[..., 0], smooth[..., 2])


def test_little_noise_is_left_as_it_is():
    noisy, _ = picture(QUIET / 2)
    assert denoised(noisy) is noisy


def test_a_video_takes_noise_out_where_it_is_asked_to():
    noisy, _ = picture(15)
    video = Video.from_array(np.stack([noisy, noisy]))
    np.testing.assert_array_equal(video.rgb(1), noisy)
    np.testing.assert_array_equal(video.rgb(1, denoise=True), denoised(noisy))
