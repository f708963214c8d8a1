import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.prepare.watershed import (
    lab_colours,
    relabel_consecutively,
    relax,
    watershed_basins,
)
from tests.scenes import texture


@given(seed=st.integers(0, 10**6), count=st.integers(1, 30))
def test_relaxation_creates_no_labels(seed, count):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, count, (12, 15)).astype(np.int32)
    relaxed = relax(labels, rng.random((12, 15, 3), np.float32) * 255)
    assert set(np.unique(relaxed)) <= set(np.unique(labels))


def test_relaxation_moves_a_border_to_the_colour_change():
    colours = np.zeros((1, 8, 3), np.float32)
    colours[:, 5:] = 100
    labels = np.array([[0, 0, 0, 0, 1, 1, 1, 1]], np.int32)
    assert relax(labels, colours).tolist() == [[0, 0, 0, 0, 0, 1, 1, 1]]
    assert labels.tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]]


def test_relaxation_keeps_correct_borders():
    colours = np.zeros((6, 8, 3), np.float32)
    colours[:, 5:] = 100
    labels = np.zeros((6, 8), np.int32)
    labels[:, 5:] = 1
    np.testing.assert_array_equal(relax(labels, colours), labels)


@given(seed=st.integers(0, 10**6))
def test_consecutive_labels_keep_regions_and_order(seed):
    labels = np.random.default_rng(seed).choice([3, 7, 8, 40], (5, 6)).astype(np.int32)
    out = relabel_consecutively(labels)
    old, new = np.unique(labels), np.unique(out)
    assert new.tolist() == list(range(len(old)))
    np.testing.assert_array_equal(old[out], labels)


def test_each_grid_cell_has_a_basin():
    image = texture((40, 50))
    basins = watershed_basins(image, lab_colours(image), 10, 0)
    assert basins.min() == 0
    assert basins.max() + 1 == 4 * 5
    centres = basins[5::10, 5::10]
    assert centres.ravel().tolist() == list(range(20))


def test_lab_channels_range_from_0_to_255():
    image = np.zeros((1, 2, 3), np.uint8)
    image[0, 1] = 255
    lab = lab_colours(image)
    assert lab.dtype == np.float32
    assert lab[0, :, 0].tolist() == [0, 255]
    np.testing.assert_allclose(lab[..., 1:], 128)
