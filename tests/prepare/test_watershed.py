import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.prepare.watershed import (
    consecutive,
    lab_colours,
    relax,
    watershed_basins,
)
from tests.scenes import texture


@given(seed=st.integers(0, 10**6), most=st.integers(1, 30))
def test_relaxing_invents_no_number(seed, most):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, most, (12, 15)).astype(np.int32)
    relaxed = relax(labels, rng.random((12, 15, 3), np.float32) * 255)
    assert set(np.unique(relaxed)) <= set(np.unique(labels))


def test_relaxing_moves_a_border_to_where_colour_changes():
    colours = np.zeros((1, 8, 3), np.float32)
    colours[:, 5:] = 100
    labels = np.array([[0, 0, 0, 0, 1, 1, 1, 1]], np.int32)
    assert relax(labels, colours).tolist() == [[0, 0, 0, 0, 0, 1, 1, 1]]
    assert labels.tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]]


def test_relaxing_keeps_what_is_right():
    colours = np.zeros((6, 8, 3), np.float32)
    colours[:, 5:] = 100
    labels = np.zeros((6, 8), np.int32)
    labels[:, 5:] = 1
    np.testing.assert_array_equal(relax(labels, colours), labels)


@given(seed=st.integers(0, 10**6))
def test_consecutive_numbers_keep_the_parts_and_their_order(seed):
    labels = np.random.default_rng(seed).choice([3, 7, 8, 40], (5, 6)).astype(np.int32)
    out = consecutive(labels)
    old, new = np.unique(labels), np.unique(out)
    assert new.tolist() == list(range(len(old)))
    np.testing.assert_array_equal(old[out], labels)


def test_a_marker_for_every_cell_of_the_grid():
    picture = texture((40, 50))
    basins = watershed_basins(picture, lab_colours(picture), 10, 0)
    assert basins.min() == 0
    assert basins.max() + 1 == 4 * 5
    centres = basins[5::10, 5::10]
    assert centres.ravel().tolist() == list(range(20))


def test_colours_run_from_0_to_255():
    picture = np.zeros((1, 2, 3), np.uint8)
    picture[0, 1] = 255
    lab = lab_colours(picture)
    assert lab.dtype == np.float32
    assert lab[0, :, 0].tolist() == [0, 255]
    np.testing.assert_allclose(lab[..., 1:], 128)
