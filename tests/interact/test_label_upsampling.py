import numpy as np
import pytest

from napari_gnn_vos.interact.label_upsampling import upsample_labels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_enlarged_boundary_follows_the_full_image(dtype):
    image = np.zeros((80, 120, 3), np.uint8)
    image[:, 61:] = 200
    labels = np.zeros((20, 30), dtype)
    labels[:, 15:] = np.iinfo(dtype).max
    upsampled = upsample_labels(labels, image)
    assert upsampled.dtype == dtype
    expected = np.where(image[..., 0] > 0, np.iinfo(dtype).max, 0)
    np.testing.assert_array_equal(upsampled, expected)


def test_sizes_that_are_no_multiples_are_enlarged():
    labels = np.arange(17 * 23).reshape(17, 23).astype(np.uint16) // 100
    image = np.full((100, 71, 3), 90, np.uint8)
    upsampled = upsample_labels(labels, image)
    rows, cols = np.arange(100) * 17 // 100, np.arange(71) * 23 // 71
    nearest = labels[np.ix_(rows, cols)]
    assert (upsampled == nearest).mean() > 0.95
    assert set(np.unique(upsampled)) == set(np.unique(labels))
