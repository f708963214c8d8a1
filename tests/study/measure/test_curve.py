import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.study.measure.curve import Curve


def test_by_hand():
    """Two rounds of 15 s, of 60 s that one object is given."""
    curve = Curve.of([0.5, 0.9], [15, 15], objects=1)
    np.testing.assert_array_equal(curve.seconds, [0, 15, 30, 60])
    np.testing.assert_array_equal(curve.score, [0, 0.5, 0.9, 0.9])
    area = 15 * 0.25 + 15 * 0.7 + 30 * 0.9
    assert curve.auc == pytest.approx(area / 60)


def test_objects_are_given_time_each():
    assert Curve.of([0.5], [1], objects=2.5).seconds[-1] == 75


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0, 0), (7.5, 0.25), (22.5, 0.7), (60, 0.9), (600, 0.9)]
)
def test_the_score_at_a_time(seconds, wanted):
    curve = Curve.of([0.5, 0.9], [15, 15], objects=1)
    assert curve.at(seconds) == pytest.approx(wanted)


def test_slower_than_the_limit_widens_the_curve():
    curve = Curve.of([1.0], [90], objects=1)
    np.testing.assert_array_equal(curve.seconds, [0, 90, 90])
    assert curve.auc == pytest.approx(0.5)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=10),
    st.floats(1e-3, 50),
    st.floats(1, 5),
)
def test_the_area_lies_within_the_scores(score, seconds, objects):
    curve = Curve.of(score, [seconds] * len(score), objects)
    assert -1e-9 <= curve.auc <= max(score) + 1e-9
    fast = Curve.of(score, [1e-9] * len(score), objects)
    assert fast.auc == pytest.approx(score[-1], abs=1e-6)
