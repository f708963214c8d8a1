import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.prepare.superpixel_pooling import CELL_SIZE, pool_maps, pool_mean
from napari_gnn_vos.prepare.watershed import relabel_consecutively
from napari_gnn_vos.vision import cv2

numbers = st.integers(0, 10**6)


def random_labels(rng, shape=(10, 13), count=9):
    return relabel_consecutively(rng.integers(0, count, shape).astype(np.int32))


@given(seed=numbers)
def test_mean_equals_a_loop(seed):
    rng = np.random.default_rng(seed)
    labels, image = random_labels(rng), rng.normal(size=(10, 13, 3))
    mean = pool_mean(image, labels)
    assert mean.dtype == np.float32
    for k in range(labels.max() + 1):
        np.testing.assert_allclose(
            mean[k], image[labels == k].mean(axis=0), rtol=1e-5, atol=1e-6
        )


@given(seed=numbers)
def test_mean_of_constant_superpixels_is_exact(seed):
    rng = np.random.default_rng(seed)
    labels = random_labels(rng)
    values = rng.normal(size=(labels.max() + 1, 2)).astype(np.float32)
    np.testing.assert_allclose(pool_mean(values[labels], labels), values, 1e-5)


def test_image_of_another_size_raises_an_error():
    with pytest.raises(ShapeError, match=r"image must have shape \(4, 4, any\)"):
        pool_mean(np.zeros((4, 5, 1)), np.zeros((4, 4), int))


@given(seed=numbers)
def test_pooled_maps_equal_a_loop_over_every_second_pixel(seed):
    rng = np.random.default_rng(seed)
    labels = random_labels(rng, (17, 22), count=6)
    maps = [rng.random((3, 4, 2), np.float32), rng.random((2, 2, 1), np.float32)]
    pooled = pool_maps(maps, labels)
    assert pooled.dtype == np.float16
    resized = np.concatenate(
        [cv2.resize(m, (6, 5)).reshape(5, 6, -1) for m in maps], axis=2
    )
    for k in range(labels.max() + 1):
        cells = [
            resized[r // CELL_SIZE, c // CELL_SIZE]
            for r in range(0, 17, 2)
            for c in range(0, 22, 2)
            if labels[r, c] == k
        ]
        if cells:
            np.testing.assert_allclose(pooled[k], np.mean(cells, axis=0), atol=2e-3)


def test_unsampled_superpixel_has_the_value_of_its_cell():
    labels = np.zeros((16, 16), np.int32)
    labels[9, 13] = 1
    ramp = np.arange(16, dtype=np.float32).reshape(4, 4, 1)
    pooled = pool_maps([ramp], labels)
    assert pooled[1, 0] == ramp[9 // CELL_SIZE, 13 // CELL_SIZE, 0] == 11


def test_constant_map_stays_constant():
    pooled = pool_maps(
        [np.full((2, 3, 2), 4, np.float32)], np.arange(256).reshape(16, 16)
    )
    assert pooled.shape == (256, 2)
    assert (pooled == 4).all()
