import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.config import SuperpixelSettings
from napari_gnn_vos.prepare.superpixels import METHODS, oversegment
from tests.scenes import RED, moving_squares, texture

STILL = np.zeros((48, 64, 2), np.float32)


def segment(image, method, budget=40, motion=None):
    motion = np.zeros((*image.shape[:2], 2), np.float32) if motion is None else motion
    return oversegment(
        image, [motion], SuperpixelSettings(method=method, per_frame=budget)
    )


def assert_consecutive(labels, shape):
    assert labels.shape == shape
    assert labels.dtype == np.uint16
    assert (np.bincount(labels.ravel()) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_superpixels_are_non_empty(method):
    image = texture()
    labels = segment(image, method)
    assert_consecutive(labels, (48, 64))
    assert 10 < labels.max() + 1 < 80
    np.testing.assert_array_equal(labels, segment(image, method))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("budget", [1, 40])
def test_single_image_is_segmented_without_motion(method, budget):
    labels = METHODS[method](texture(), [], budget)
    assert_consecutive(labels.astype(np.uint16), (48, 64))


@settings(max_examples=12)
@given(
    method=st.sampled_from(sorted(METHODS)),
    seed=st.integers(0, 10**6),
    height=st.integers(16, 40),
    width=st.integers(16, 40),
    contrast=st.sampled_from([0, 5, 100]),
    budget=st.integers(16, 200),
)
def test_superpixels_of_any_image_are_non_empty(
    method, seed, height, width, contrast, budget
):
    image = texture((height, width), seed, contrast=contrast)
    noise = np.random.default_rng(seed).normal(size=(height, width, 2))
    labels = segment(image, method, budget, noise.astype(np.float32))
    assert_consecutive(labels, (height, width))
    if method == "merge":
        assert labels.max() < max(4, min(budget, height * width // 36))


def test_merging_meets_the_budget_exactly():
    image = texture()
    for budget in (16, 40, 60):
        assert segment(image, "merge", budget).max() + 1 == budget


def test_quality_determines_the_number_of_superpixels():
    superpixel_settings = SuperpixelSettings(per_frame=40)
    counts = {
        quality: int(
            oversegment(texture(), [STILL], superpixel_settings, quality).max()
        )
        + 1
        for quality in ("fast", "balanced", "best")
    }
    assert counts == {"fast": 30, "balanced": 40, "best": 60}


def test_budget_above_the_number_of_basins_merges_none():
    basins = METHODS["merge"](texture(), [STILL], 10**6)
    assert basins.max() + 1 == 8 * 10  # markers at a distance of six pixels
    assert_consecutive(basins.astype(np.uint16), (48, 64))


@pytest.mark.parametrize("method", ["merge", "watershed"])
def test_superpixels_follow_object_boundaries(method):
    video, truth = moving_squares((12, 12, 24, (0, 0), RED))
    labels = segment(video.rgb(0), method, 80)
    inside = np.bincount(labels.ravel(), truth[0].ravel()) / np.bincount(labels.ravel())
    mask = (inside > 0.5)[labels]
    intersection, union = (mask & (truth[0] > 0)).sum(), (mask | (truth[0] > 0)).sum()
    assert intersection / union > 0.9


def test_merging_depends_on_motion():
    image = texture(contrast=0)
    motion = STILL.copy()
    motion[:, :30] = (0, 9)
    labels = METHODS["merge"](image, [motion], 16)
    left = np.bincount(labels.ravel(), (motion[..., 1] > 0).ravel())
    share = left / np.bincount(labels.ravel())
    assert (np.abs(share - 0.5) > 0.3).all()
    assert 0 < (share > 0.5).sum() < len(share)


def test_narrow_image_has_markers_at_a_small_budget():
    labels = METHODS["watershed"](texture((16, 400)), [], 4)
    assert_consecutive(labels.astype(np.uint16), (16, 400))
