import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.ndimage import label as connected_parts

from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.study.robot import SMALLEST, Robot, stroke_along
from tests.scenes import moving_square, two_squares

seeds = st.integers(0, 10**6)


def blobs(rng, shape=(48, 64), share=0.35):
    noise = gaussian_filter(rng.normal(size=shape), rng.choice([1, 2, 4, 8]))
    return noise > np.quantile(noise, 1 - share)


def draw(labels, truth, vary=False, seed=0):
    return Robot(vary)(labels, truth, np.random.default_rng(seed))


def ring(radius, width):
    rows, cols = np.indices((90, 120))
    away = np.hypot(rows - 45, cols - 60)
    return (away >= radius) & (away < radius + width)


@given(seed=seeds, vary=st.booleans())
def test_strokes_lie_inside_the_error_of_their_label(seed, vary):
    rng = np.random.default_rng(seed)
    truth, labels = np.zeros((2, 4, 48, 64), np.uint8)
    for t in range(4):
        truth[t][blobs(rng)] = 1
        truth[t][blobs(rng, share=0.2)] = 2
        labels[t][blobs(rng)] = 1
    truth[:, :8, :8], truth[:, -8:, -8:] = 1, 2  # both are somewhere
    scribbles = draw(labels, truth, vary, seed)
    assert scribbles
    assert len({s.frame for s in scribbles}) == 1
    assert len({s.label for s in scribbles}) == len(scribbles)
    for s in scribbles:
        rows, cols = rasterise(s, truth.shape).T
        assert (truth[s.frame][rows, cols] == s.label).all()
        assert (labels[s.frame][rows, cols] != s.label).all()


@given(seed=seeds, vary=st.booleans())
def test_a_stroke_stays_in_its_region(seed, vary):
    rng = np.random.default_rng(seed)
    parts, count = connected_parts(blobs(rng))
    region = parts == rng.integers(1, count + 1)
    assert_inside(stroke_along(region, rng if vary else None), region)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("radius", [8, 20])
def test_even_in_a_thin_ring(radius, width):
    assert_inside(stroke_along(ring(radius, width)), ring(radius, width))


def assert_inside(path, region):
    rows, cols = rasterise(Scribble(0, 1, path), (1, *region.shape)).T
    assert region[rows, cols].all()


def test_a_stroke_runs_along_a_bar_and_keeps_from_its_border():
    region = np.zeros((60, 100), bool)
    region[20:40, 10:90] = True
    path = stroke_along(region)
    assert np.ptp(path[:, 1]) > 55
    assert np.ptp(path[:, 0]) < 8
    assert (path[:, 0] >= 24).all()
    assert (path[:, 0] <= 35).all()


def test_nothing_to_correct_nothing_is_drawn():
    _, truth = moving_square()
    assert draw(truth, truth) == ()
    assert draw(truth, truth, vary=True) == ()


def test_small_errors_are_left_alone():
    _, truth = moving_square()
    labels = truth.copy()
    labels[2, 40, : SMALLEST - 1] = 1
    assert draw(labels, truth) == ()
    labels[2, 40, : SMALLEST + 1] = 1
    (scribble,) = draw(labels, truth)
    assert (scribble.frame, scribble.label) == (2, 0)


def test_first_every_object_and_background_on_one_frame():
    _, truth = two_squares()
    scribbles = draw(None, truth)
    assert sorted(s.label for s in scribbles) == [0, 1, 2]
    assert {s.frame for s in scribbles} == {0}  # all frames show them alike


def test_first_where_all_objects_are_seen_well():
    _, truth = two_squares()
    truth[:4][truth[:4] == 2] = 0
    assert {s.frame for s in draw(None, truth)} == {4}


def test_the_worst_frame_and_there_the_largest_region():
    _, truth = two_squares()
    labels = truth.copy()
    labels[1][labels[1] == 1] = 0
    labels[3][labels[3] > 0] = 0
    scribbles = draw(labels, truth)
    assert {s.frame for s in scribbles} == {3}
    assert {s.label for s in scribbles} == {1, 2}


def test_the_larger_error_is_drawn_first():
    _, truth = two_squares()
    labels = np.zeros_like(truth)
    labels[:, 27:30] = truth[:, 27:30]  # a few rows of the second are right
    assert [s.label for s in draw(labels, truth)] == [1, 2]


def test_at_random_only_for_the_robot_that_varies():
    _, truth = two_squares()
    labels = np.zeros_like(truth)

    def frames(vary):
        return {draw(labels, truth, vary, seed)[0].frame for seed in range(12)}

    assert frames(False) == {0}
    assert len(frames(True)) > 2


def test_a_stroke_goes_through_the_waist_of_an_object():
    region = np.zeros((60, 110), bool)
    region[10:50, 5:45] = region[10:50, 65:105] = True
    region[26:34, 45:65] = True  # narrower than twice the usual margin
    path = stroke_along(region)
    assert path[:, 1].min() < 35
    assert path[:, 1].max() > 75
    assert_inside(path, region)
