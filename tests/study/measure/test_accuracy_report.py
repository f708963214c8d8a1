import json

import numpy as np
import pytest

from napari_gnn_vos.study.measure.accuracy_report import (
    accuracy_report,
    accuracy_table,
)
from napari_gnn_vos.study.measure.round_details import RoundDetails
from napari_gnn_vos.study.measure.sequence_result import SequenceResult


def details(strokes, label_model_j, present_j, false_positive, switches):
    return RoundDetails(strokes, label_model_j, present_j, false_positive, switches)


def result(sequence, j, f, rounds):
    return SequenceResult(
        sequence=sequence,
        j=j,
        f=f,
        interact=(0.1,) * len(j),
        predict=(0.4,) * len(j),
        first_strokes="robot",
        superpixels=880,
        ceiling=0.95,
        details=tuple(rounds),
    )


@pytest.fixture
def facts():
    """Three rounds on a sequence of one object and on one of two."""
    bear = result(
        "bear",
        ((0.6,), (0.82,), (0.91,)),
        ((0.5,), (0.8,), (0.9,)),
        [details(n, (0.4,), (0.6,), (None,), (0,)) for n in (2, 3, 1)],
    )
    dogs = result(
        "dogs",
        ((0.5, 0.7), (0.9, 0.9), (0.8, 0.8)),
        ((0.5, 0.5), (0.9, 0.9), (0.8, 0.8)),
        [
            details(3, (0.4, 0.1), (0.5, 0.7), (0.02, None), (2, 1)),
            details(4, (0.5, 0.3), (0.8, 0.9), (0.01, None), (0, 1)),
            details(0, (0.5, 0.3), (0.8, 0.9), (0.01, None), (0, 1)),
        ],
    )
    return accuracy_report([bear, dogs])


def test_means_weight_every_object_equally(facts):
    np.testing.assert_allclose(facts["j"], [0.6, 2.62 / 3, 2.51 / 3])
    np.testing.assert_allclose(facts["jf"][0], (0.6 + 0.5) / 2)
    np.testing.assert_allclose(facts["label_model_j"], [0.3, 0.4, 0.4])
    np.testing.assert_allclose(facts["present_j"], [0.6, 2.3 / 3, 2.3 / 3])
    assert facts["objects"] == 3


def test_objects_that_are_never_absent_have_no_false_positives(facts):
    np.testing.assert_allclose(facts["false_positive"], [0.02, 0.01, 0.01])


def test_identity_switches_are_added_up(facts):
    assert facts["identity_switches"] == [3, 1, 1]


def test_reliability_counts_all_frames_of_all_rounds():
    first = RoundDetails(1, (0.5,), (0.5,), (None,), (0,), (0.5, 0.7), (0.6, 0.8))
    second = RoundDetails(1, (0.5,), (0.5,), (None,), (0,), (0.9, 1.0), (0.9, 0.9))
    both = ((0.6,), (0.95,))
    report = accuracy_report([result("bear", both, both, [first, second])])
    bins = report["reliability"]["bins"]
    assert sum(row["frames"] for row in bins) == 4
    np.testing.assert_allclose([row["true"] for row in bins], [0.5, 0.7, 0.9, 1.0])
    assert report["reliability"]["error"] == pytest.approx(0.3 / 4)


def test_results_without_expected_j_have_no_reliability(facts):
    assert facts["reliability"] is None


def test_one_of_four_later_rounds_is_harmful(facts):
    assert facts["harmful_share"] == 0.25
    assert facts["harmful_sequences"] == {"dogs": 1}


def test_strokes_until_a_level_by_hand(facts):
    """Both reach .80 after 5 and 7 strokes, and .90 after 6 and 7; none reaches .95."""
    assert facts["strokes_to"]["0.80"] == {"median": 6, "reached": 1}
    assert facts["strokes_to"]["0.90"] == {"median": 6.5, "reached": 1}
    assert facts["strokes_to"]["0.95"] == {"median": None, "reached": 0}
    assert facts["strokes"] == 6.5


def test_table_shows_the_figures(facts):
    lines = accuracy_table(json.loads(json.dumps(facts))).splitlines()
    assert lines[0] == "| mean over objects | after 1 | after 2 |"
    assert "| J | 0.600 | 0.873 |" in lines
    assert "| identity switches (total) | 3 | 1 |" in lines
    assert "25.0%" in lines[-1]
    assert "J 0.95: - (0% reach it)" in lines[-1]
