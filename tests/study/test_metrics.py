import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.study.metrics import (
    boundary_f,
    false_positive_share,
    harmful_rounds,
    identity_switches,
    jaccard,
    object_areas,
    objects_of,
    present_mean,
    strokes_to_reach,
)


def test_jaccard_by_hand():
    labels = np.array([[[1, 1, 0, 2]], [[0, 0, 0, 0]], [[2, 2, 2, 2]]], np.uint8)
    truth = np.array([[[0, 1, 1, 2]], [[1, 0, 0, 0]], [[2, 2, 0, 0]]], np.uint8)
    j = jaccard(labels, truth, [1, 2])
    np.testing.assert_allclose(j, [[1 / 3, 1], [0, 1], [1, 0.5]])


def test_objects_are_sorted_and_may_have_gaps():
    assert objects_of(np.array([[[0, 7, 2]]], np.uint8)) == (2, 7)
    assert objects_of(np.zeros((1, 2, 2), np.uint8)) == ()


def square(row, col, side, shape=(100, 120), label=1):
    mask = np.zeros((1, *shape), np.uint8)
    mask[0, row : row + side, col : col + side] = label
    return mask


def test_boundary_within_the_tolerance_has_f_of_one():
    """The diagonal of 100 x 120 pixels is 156, so the tolerance is 2."""
    truth = square(20, 20, 40)
    for d in (0, 1, 2):
        np.testing.assert_array_equal(
            boundary_f(square(20 + d, 20, 40), truth, [1]), [[1]]
        )
    assert boundary_f(square(23, 20, 40), truth, [1]) < 1


def test_boundary_by_hand():
    """A column of one pixel a row: two lines of boundary, both beside it."""
    truth, labels = np.zeros((2, 1, 30, 40), np.uint8)
    truth[0, :, 10], labels[0, :15, 10] = 1, 1
    wanted_recall = (2 * 15 + 2) / 60
    f = boundary_f(labels, truth, [1])
    np.testing.assert_allclose(f, 2 * wanted_recall / (1 + wanted_recall))


def test_missing_boundaries_have_f_of_zero_or_one():
    nothing, truth = np.zeros((1, 100, 120), np.uint8), square(20, 20, 40)
    np.testing.assert_array_equal(boundary_f(nothing, nothing, [1, 2]), [[1, 1]])
    np.testing.assert_array_equal(boundary_f(nothing, truth, [1, 2]), [[0, 1]])
    np.testing.assert_array_equal(boundary_f(truth, nothing, [1]), [[0]])
    everything = np.ones_like(truth)
    np.testing.assert_array_equal(boundary_f(everything, truth, [1]), [[0]])


def test_objects_are_measured_separately():
    truth = square(10, 10, 30) + square(50, 60, 40, label=2)
    labels = square(10, 10, 30) + square(50, 75, 40, label=2)
    f = boundary_f(labels, truth, [1, 2])
    assert f.shape == (1, 2)
    assert f[0, 0] == 1
    assert 0 < f[0, 1] < 1


@given(st.integers(0, 2**32 - 1))
def test_boundary_f_equals_a_plain_loop(seed):
    """Every pixel of a boundary looks for one of the other's within the tolerance."""
    rng = np.random.default_rng(seed)
    size = (13, 17)
    labels, truth = (rng.random((2, 1, *size)) < rng.random((2, 1, 1, 1))).astype("u1")
    edges = [boundary_pixels(mask[0]) for mask in (labels, truth)]
    if not all(map(len, edges)):
        wanted = float(not any(map(len, edges)))
    else:
        far = np.linalg.norm(edges[0][:, None] - edges[1][None], axis=2)
        near = far <= np.ceil(0.008 * np.hypot(*size))
        p, r = near.any(axis=1).mean(), near.any(axis=0).mean()
        wanted = 2 * p * r / (p + r) if p + r else 0
    assert boundary_f(labels, truth, [1])[0, 0] == pytest.approx(wanted)


def boundary_pixels(mask):
    found = []
    for r, c in np.ndindex(mask.shape):
        near = [(r, c + 1), (r + 1, c), (r + 1, c + 1)]
        near = [at for at in near if at[0] < len(mask) and at[1] < len(mask[0])]
        if any(mask[at] != mask[r, c] for at in near):
            found.append((r, c))
    return np.array(found).reshape(-1, 2)


def rows_of(*rows):
    """Frames of one row each."""
    return np.array(rows, np.uint8)[:, None]


def test_object_areas_by_hand():
    labels = rows_of([1, 1, 0, 3], [3, 0, 0, 0])
    assert object_areas(labels, [1, 3]).tolist() == [[2, 1], [0, 1]]


def test_present_mean_ignores_frames_without_the_object():
    j = np.array([[0.5, 1.0], [1.0, 0.2], [0.9, 0.4]])
    area = np.array([[4, 0], [0, 7], [2, 1]])
    assert present_mean(j, area) == pytest.approx([0.7, 0.3])


def test_false_positive_share_by_hand():
    """Object 1 is absent on two frames of ten pixels; object 2 never is."""
    predicted, true = np.array([[[3, 1], [2, 5], [4, 4]], [[3, 1], [0, 5], [0, 4]]])
    assert false_positive_share(predicted, true, 10) == [6 / 20, None]


def test_one_object_cannot_switch_identity():
    truth = rows_of([1, 1, 0], [1, 1, 1])
    labels = rows_of([0, 0, 0], [2, 2, 2])  # label 2 is no object of this truth
    assert identity_switches(labels, truth, [1]) == [0]


def test_identity_switches_by_hand():
    """Objects 1 and 2 of two pixels each exchange labels on frames 1, 2 and 4."""
    truth = rows_of(*[[1, 1, 2, 2]] * 5)
    swapped, right = [2, 2, 1, 1], [1, 1, 2, 2]
    labels = rows_of(right, swapped, swapped, right, swapped)
    assert identity_switches(labels, truth, [1, 2]) == [2, 2]


def test_half_an_object_or_background_is_no_identity_switch():
    truth = rows_of([1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1])
    labels = rows_of([1, 1, 2, 2], [0, 0, 0, 2], [1, 2, 2, 2])
    assert identity_switches(labels, truth, [1, 2]) == [1, 0]


def test_labels_of_several_other_objects_add_up_to_a_switch():
    truth, labels = rows_of([1, 1, 1, 0]), rows_of([1, 2, 3, 0])
    assert identity_switches(labels, truth, [1, 2, 3]) == [1, 0, 0]


def test_an_object_that_returns_confused_switches_again():
    truth = rows_of([1, 1], [0, 0], [1, 1])
    labels = rows_of([2, 2], [0, 0], [2, 2])
    assert identity_switches(labels, truth, [1, 2]) == [2, 0]


def test_harmful_rounds_lower_j_by_more_than_the_tolerance():
    assert harmful_rounds([0.9]) == 0
    assert harmful_rounds([0.9, 0.8, 0.797, 0.85, 0.84]) == 2


def test_strokes_to_reach_a_level_by_hand():
    j, strokes = [0.5, 0.79, 0.85, 0.7], [2, 3, 4, 1]
    assert strokes_to_reach(j, strokes, 0.5) == 2
    assert strokes_to_reach(j, strokes, 0.8) == 9
    assert strokes_to_reach(j, strokes, 0.9) is None
