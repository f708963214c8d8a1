import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.study.measure.curve import Curve


def test_area_computed_by_hand():
    """Two rounds of 15 s within the limit of 60 s for one object."""
    curve = Curve.of([0.5, 0.9], [15, 15], objects=1)
    np.testing.assert_array_equal(curve.seconds, [0, 15, 30, 60])
    np.testing.assert_array_equal(curve.score, [0, 0.5, 0.9, 0.9])
    area = 15 * 0.25 + 15 * 0.7 + 30 * 0.9
    assert curve.auc == pytest.approx(area / 60)


def test_time_limit_is_proportional_to_the_number_of_objects():
    assert Curve.of([0.5], [1], objects=2.5).seconds[-1] == 75


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, 0), (7.5, 0.25), (22.5, 0.7), (60, 0.9), (600, 0.9)]
)
def test_score_is_interpolated(seconds, expected):
    curve = Curve.of([0.5, 0.9], [15, 15], objects=1)
    assert curve.at(seconds) == pytest.approx(expected)


def test_rounds_beyond_the_limit_extend_the_curve():
    curve = Curve.of([1.0], [90], objects=1)
    np.testing.assert_array_equal(curve.seconds, [0, 90, 90])
    assert curve.auc == pytest.approx(0.5)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=10),
    st.floats(1e-3, 50),
    st.floats(1, 5),
)
def test_area_is_bounded_by_the_scores(score, seconds, objects):
    curve = Curve.of(score, [seconds] * len(score), objects)
    assert -1e-9 <= curve.auc <= max(score) + 1e-9
    fast = Curve.of(score, [1e-9] * len(score), objects)
    assert fast.auc == pytest.approx(score[-1], abs=1e-6)
