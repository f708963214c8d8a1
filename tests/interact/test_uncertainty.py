import numpy as np
import pytest

import napari_gnn_vos
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.interact.uncertainty import (
    calibrate,
    expected_j,
    expected_overlap,
    most_uncertain_frames,
)
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Prediction, Session
from tests.controller.fakes import video


def session(expected, drawn=()):
    expected = np.array(expected, np.float32)[:, None]
    pixels = np.zeros(len(drawn), np.int64)
    painted_pixels = PaintedPixels(
        np.array(drawn, np.int64), pixels, pixels, pixels + 1
    )
    prediction = Prediction((1,), (), expected)
    return Session(
        video(), graph=None, painted_pixels=painted_pixels, prediction=prediction
    )


def test_frame_of_lowest_expected_j_is_first():
    order = [*most_uncertain_frames(session([0.9, 0.9, 0.2, 0.9]))]
    assert order[0] == 2
    assert sorted(order) == [0, 1, 2, 3]


def test_frames_with_strokes_are_omitted():
    order = [*most_uncertain_frames(session([0.1, 0.9, 0.8, 0.1], drawn=[0, 3]))]
    assert order == [2, 1]
    assert [*most_uncertain_frames(session([0.5, 0.5], drawn=[0, 1]))] == []


def test_distant_frames_precede_near_ones_of_equal_uncertainty():
    order = [*most_uncertain_frames(session([0.8] * 9, drawn=[0]))]
    assert order[0] == 8
    assert order[1] == 4  # farthest from the stroke and from frame 8
    near = [*most_uncertain_frames(session([0.8, 0.1, *[0.8] * 7], drawn=[0]))]
    assert near[0] == 1  # a much lower expected J outweighs the distance


def test_order_without_a_prediction_raises_an_error():
    with pytest.raises(GnnVosError, match="Predict first"):
        next(most_uncertain_frames(Session(video(), graph=None)))


def test_certain_prediction_has_expected_j_one():
    certain = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    sizes = np.array([50, 30, 20])
    np.testing.assert_allclose(expected_overlap(certain, sizes), [[30, 20], [30, 20]])
    assert (expected_j(expected_overlap(certain, sizes)[None]) == 1).all()


def test_expected_j_of_a_small_case():
    rows = np.array([[0.2, 0.8], [0.75, 0.25]], np.float32)
    intersection, union = expected_overlap(rows, np.array([10, 40]))
    assert intersection == pytest.approx(8)  # 10 x .8
    assert union == pytest.approx(20)  # the mask, and 40 x .25 outside of it
    smoothing = 0.1 * 20
    j = expected_j(np.stack([[intersection, union]]))
    assert j == pytest.approx(np.array([[(8 + smoothing) / (20 + smoothing)]]))


def test_calibration_lowers_the_expected_j_and_keeps_its_order():
    expected = np.linspace(0, 1, 101, dtype=np.float32)
    calibrated = calibrate(expected)
    assert (np.diff(calibrated) >= 0).all()
    assert (calibrated <= expected + 1e-6).all()
    assert calibrate(np.array([[0.95]], np.float32))[0, 0] == pytest.approx(
        0.87, abs=0.03
    )


def test_mask_is_where_an_object_is_most_probable():
    rows = np.array([[0.25, 0.35, 0.4]], np.float32)
    intersection, union = expected_overlap(rows, np.array([100]))
    np.testing.assert_allclose(intersection, [0, 40], rtol=1e-6)
    np.testing.assert_allclose(union, [35, 100], rtol=1e-6)


def test_expected_j_is_the_mean_of_sampled_j():
    rng = np.random.default_rng(0)
    probability = rng.random(400).astype(np.float32)
    rows, sizes = (
        np.stack([1 - probability, probability], axis=1),
        rng.integers(1, 100, 400),
    )
    mask, js = probability > 0.5, []
    for _ in range(200):
        truth = rng.random(400) < probability
        js.append(sizes[mask & truth].sum() / sizes[mask | truth].sum())
    intersection, union = expected_overlap(rows, sizes)
    assert intersection / union == pytest.approx(np.mean(js), abs=0.005)


def test_frame_without_a_visible_object_has_a_high_expected_j():
    visible, invisible = [[90.0], [100.0]], [[0.0], [1.0]]
    j = expected_j(np.array([visible, visible, invisible]))
    assert j[2, 0] > 0.8
    assert j[0, 0] == pytest.approx(0.9, abs=0.02)


def test_least_sure_is_a_deprecated_name():
    current = session([0.9, 0.9, 0.2, 0.9])
    with pytest.warns(DeprecationWarning, match="most_uncertain_frames"):
        frames = napari_gnn_vos.least_sure(current)
    assert [*frames] == [*napari_gnn_vos.most_uncertain_frames(current)]
