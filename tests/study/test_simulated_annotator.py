import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.simulated_annotator import (
    SimulatedAnnotator,
    scribbles_for_errors,
)
from tests.scenes import moving_square, two_squares

seeds = st.integers(0, 10**6)


def blobs(rng, shape=(48, 64), share=0.35):
    noise = gaussian_filter(rng.normal(size=shape), rng.choice([1, 2, 4, 8]))
    return noise > np.quantile(noise, 1 - share)


def draw(labels, truth, vary=False, seed=0):
    return SimulatedAnnotator(vary)(labels, truth, np.random.default_rng(seed))


def ring(radius, width):
    rows, cols = np.indices((90, 120))
    distance = np.hypot(rows - 45, cols - 60)
    return (distance >= radius) & (distance < radius + width)


@given(seed=seeds, vary=st.booleans())
def test_strokes_lie_inside_the_error_of_their_label(seed, vary):
    rng = np.random.default_rng(seed)
    truth, labels = np.zeros((2, 4, 48, 64), np.uint8)
    for t in range(4):
        truth[t][blobs(rng)] = 1
        truth[t][blobs(rng, share=0.2)] = 2
        labels[t][blobs(rng)] = 1
    truth[:, :8, :8], truth[:, -8:, -8:] = 1, 2  # both objects are present
    scribbles = draw(labels, truth, vary, seed)
    assert scribbles
    assert len({s.frame for s in scribbles}) == 1
    for s in scribbles:
        rows, cols = rasterise(s, truth.shape).T
        assert (truth[s.frame][rows, cols] == s.label).all()
        assert (labels[s.frame][rows, cols] != s.label).all()


@given(seed=seeds)
def test_strokes_stay_in_a_region_of_any_shape(seed):
    region = blobs(np.random.default_rng(seed))
    for path in scribbles_for_errors(region):
        assert_inside(path, region)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("radius", [8, 20])
def test_strokes_stay_in_a_thin_ring(radius, width):
    for path in scribbles_for_errors(ring(radius, width)):
        assert_inside(path, ring(radius, width))


def assert_inside(path, region):
    rows, cols = rasterise(Scribble(0, 1, path), (1, *region.shape)).T
    assert region[rows, cols].all()


def test_stroke_follows_the_skeleton_of_a_bar():
    region = np.zeros((60, 100), bool)
    region[20:40, 10:90] = True
    (path,) = scribbles_for_errors(region)
    assert np.ptp(path[:, 1]) > 55
    middle = path[np.abs(path[:, 1] - 50) < 25]
    assert (np.abs(middle[:, 0] - 29.5) < 3).all()


def test_correct_labels_get_no_stroke():
    _, truth = moving_square()
    assert draw(truth, truth) == ()
    assert draw(truth, truth, vary=True) == ()


def test_narrow_error_next_to_a_wide_one_gets_no_stroke():
    region = np.zeros((60, 100), bool)
    region[10:40, 10:40] = True
    region[50:52, 10:90] = True
    (path,) = scribbles_for_errors(region)
    assert path[:, 0].max() < 45


def test_boundary_error_of_one_pixel_gets_no_stroke():
    assert scribbles_for_errors(ring(30, 1)) == []


def test_small_error_gets_a_stroke_if_it_is_the_only_one():
    region = np.zeros((40, 40), bool)
    region[20, 10:19] = True
    (path,) = scribbles_for_errors(region)
    assert_inside(path, region)
    region[20, 13:19] = False
    assert scribbles_for_errors(region) == []


def test_disk_with_a_point_skeleton_gets_a_stroke():
    rows, cols = np.indices((60, 60))
    region = np.hypot(rows - 30, cols - 25) < 20
    (path,) = scribbles_for_errors(region)
    assert_inside(path, region)
    assert 10 <= np.ptp(path[:, 1]) <= 30


def test_each_region_gets_a_stroke():
    region = np.zeros((60, 100), bool)
    region[5:25, 5:30] = region[30:55, 50:90] = True
    assert len(scribbles_for_errors(region)) == 2


def test_frame_of_errors_gets_one_stroke():
    (path,) = scribbles_for_errors(np.ones((40, 80), bool))
    assert_inside(path, np.ones((40, 80), bool))


def test_first_round_has_strokes_on_all_labels_of_one_frame():
    _, truth = two_squares()
    scribbles = draw(None, truth)
    assert sorted(s.label for s in scribbles) == [0, 1, 2]
    assert {s.frame for s in scribbles} == {0}  # areas are equal on all frames


def test_first_round_is_on_a_frame_with_all_objects():
    _, truth = two_squares()
    truth[:4][truth[:4] == 2] = 0
    assert {s.frame for s in draw(None, truth)} == {4}


def test_correction_is_on_the_worst_frame():
    _, truth = two_squares()
    labels = truth.copy()
    labels[1][labels[1] == 1] = 0
    labels[3][labels[3] > 0] = 0
    scribbles = draw(labels, truth)
    assert {s.frame for s in scribbles} == {3}
    assert {s.label for s in scribbles} == {1, 2}


def test_strokes_are_sorted_by_length():
    _, truth = two_squares()
    labels = np.zeros_like(truth)
    labels[:, 27:30] = truth[:, 27:30]  # a few rows of object 2 are correct
    lengths = [
        np.linalg.norm(np.diff(s.path, axis=0), axis=1).sum()
        for s in draw(labels, truth)
    ]
    assert lengths == sorted(lengths, reverse=True)


def test_no_frame_is_corrected_twice_before_all_were():
    _, truth = two_squares()
    labels = np.zeros_like(truth)
    used = []
    for _ in range(len(truth)):
        (frame,) = {
            s.frame
            for s in SimulatedAnnotator()(labels, truth, np.random.default_rng(0), used)
        }
        assert frame not in used
        used.append(frame)
    assert SimulatedAnnotator()(labels, truth, np.random.default_rng(0), used)


def test_frame_is_random_only_if_vary_is_set():
    _, truth = two_squares()
    labels = np.zeros_like(truth)

    def frames(vary):
        return {draw(labels, truth, vary, seed)[0].frame for seed in range(12)}

    assert frames(False) == {0}
    assert len(frames(True)) > 2
