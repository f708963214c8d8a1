import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_gnn_vos.config import SuperpixelSettings
from napari_gnn_vos.prepare.superpixels import METHODS, oversegment
from tests.scenes import RED, moving_squares, texture

STILL = np.zeros((48, 64, 2), np.float32)


def cut(picture, method, budget=40, motion=None):
    motion = np.zeros((*picture.shape[:2], 2), np.float32) if motion is None else motion
    return oversegment(
        picture, [motion], SuperpixelSettings(method=method, per_frame=budget)
    )


def assert_consecutive(labels, shape):
    assert labels.shape == shape
    assert labels.dtype == np.uint16
    assert (np.bincount(labels.ravel()) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_every_number_is_used(method):
    picture = texture()
    labels = cut(picture, method)
    assert_consecutive(labels, (48, 64))
    assert 10 < labels.max() + 1 < 80
    np.testing.assert_array_equal(labels, cut(picture, method))


@settings(max_examples=12)
@given(
    method=st.sampled_from(sorted(METHODS)),
    seed=st.integers(0, 10**6),
    height=st.integers(16, 40),
    width=st.integers(16, 40),
    contrast=st.sampled_from([0, 5, 100]),
    budget=st.integers(16, 200),
)
def test_every_number_is_used_on_any_picture(
    method, seed, height, width, contrast, budget
):
    picture = texture((height, width), seed, contrast=contrast)
    noise = np.random.default_rng(seed).normal(size=(height, width, 2))
    labels = cut(picture, method, budget, noise.astype(np.float32))
    assert_consecutive(labels, (height, width))
    if method == "merge":
        assert labels.max() < max(4, min(budget, height * width // 36))


def test_merging_keeps_to_the_budget_to_the_number():
    picture = texture()
    for budget in (16, 40, 60):
        assert cut(picture, "merge", budget).max() + 1 == budget


def test_quality_is_in_the_number_of_superpixels():
    asked = SuperpixelSettings(per_frame=40)
    counts = {
        quality: int(oversegment(texture(), [STILL], asked, quality).max()) + 1
        for quality in ("fast", "balanced", "best")
    }
    assert counts == {"fast": 30, "balanced": 40, "best": 60}


def test_a_budget_above_all_basins_merges_none():
    plenty = METHODS["merge"](texture(), [STILL], 10**6)
    assert plenty.max() + 1 == 8 * 10  # one for every six pixels each way
    assert_consecutive(plenty.astype(np.uint16), (48, 64))


@pytest.mark.parametrize("method", ["merge", "watershed"])
def test_superpixels_stay_within_an_object(method):
    video, truth = moving_squares((12, 12, 24, (0, 0), RED))
    labels = cut(video.rgb(0), method, 80)
    inside = np.bincount(labels.ravel(), truth[0].ravel()) / np.bincount(labels.ravel())
    ceiling = (inside > 0.5)[labels]
    both, either = (ceiling & (truth[0] > 0)).sum(), (ceiling | (truth[0] > 0)).sum()
    assert both / either > 0.9


def test_merging_looks_at_motion():
    picture = texture(contrast=0)
    causal_edges = STILL.copy()
    causal_edges[:, :30] = (0, 9)
    labels = METHODS["merge"](picture, [causal_edges], 16)
    left = np.bincount(labels.ravel(), (causal_edges[..., 1] > 0).ravel())
    share = left / np.bincount(labels.ravel())
    assert (np.abs(share - 0.5) > 0.3).all()
    assert 0 < (share > 0.5).sum() < len(share)


def test_a_flat_strip_has_markers_however_few_are_asked_for():
    labels = METHODS["watershed"](texture((16, 400)), [], 4)
    assert_consecutive(labels.astype(np.uint16), (16, 400))
