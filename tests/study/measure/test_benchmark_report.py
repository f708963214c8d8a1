import json

import numpy as np
import pytest

from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan
from napari_gnn_vos.study.measure.benchmark_report import (
    summarise_benchmark,
    write_json,
)
from napari_gnn_vos.study.measure.report_tables import format_report, rounds_table
from napari_gnn_vos.study.measure.round_details import RoundDetails
from napari_gnn_vos.study.measure.sequence_result import SequenceResult

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)

METHODS = [Method(name, DIFFUSION_MODEL, {"name": name}) for name in ("net", "simple")]


def result(sequence, j, f, seconds=(0.5, 0.5), stroke_origin="human", ceiling=0.9):
    return SequenceResult(
        sequence=sequence,
        j=j,
        f=f,
        interact=tuple(0.2 * s for s in seconds),
        predict=tuple(0.8 * s for s in seconds),
        first_strokes=stroke_origin,
        superpixels=880,
        ceiling=ceiling,
    )


@pytest.fixture
def facts(tmp_path):
    """Report two sequences, with one object and with three objects."""
    bear = result("bear", ((0.4,), (0.8,)), ((0.5,), (0.9,)), (10, 20))
    dogs = result(
        "dogs", ((0, 0, 0), (0.4, 0.4, 0.4)), ((1, 0, 0.5), (1, 1, 1)), (30, 0)
    )
    low = result("bear", ((0.1,), (0.2,)), ((0,), (0,)))
    plan = BenchmarkPlan(tmp_path, ("bear", "dogs"), rounds=2, seed=3)
    return summarise_benchmark(plan, METHODS, {"net": [bear, dogs], "simple": [low]})


def test_objects_are_weighted_equally(facts):
    np.testing.assert_allclose(facts["j"], [0.1, 0.5])
    np.testing.assert_allclose(facts["f"], [0.5, 3.9 / 4])
    np.testing.assert_allclose(facts["jf"], [0.3, (0.5 + 3.9 / 4) / 2])
    assert facts["mean_j"] == pytest.approx(0.3)
    assert facts["baselines"]["net"] == facts["j"]
    assert facts["baselines"]["simple"] == [0.1, 0.2]


def test_time_is_averaged_over_sequences(facts):
    """Rounds take 20 s and 10 s; the limit for two objects on average is 120 s."""
    np.testing.assert_allclose(facts["seconds"]["interact"], [4, 2])
    np.testing.assert_allclose(facts["seconds"]["predict"], [16, 8])
    area = 20 * 0.05 + 10 * 0.3 + 90 * 0.5
    assert facts["auc_j"] == pytest.approx(area / 120)
    assert facts["j_at_60s"] == pytest.approx(0.5)
    assert facts["jf_at_60s"] == pytest.approx(facts["jf"][-1])


def test_scores_of_a_sequence_are_means_over_its_objects(facts):
    dogs = facts["sequences"]["dogs"]
    np.testing.assert_allclose(dogs["j"], [0, 0.4])
    np.testing.assert_allclose(dogs["f"], [0.5, 1])
    assert dogs["objects"] == 3
    assert (dogs["superpixels"], dogs["ceiling"]) == (880, 0.9)


def test_first_strokes_are_human_only_if_all_sequences_are(facts, tmp_path):
    assert facts["first_strokes"] == "human"
    j = ((0,), (1,))
    mixed = [result("a", j, j), result("b", j, j, stroke_origin="robot")]
    facts = summarise_benchmark(
        BenchmarkPlan(tmp_path, ("a", "b")), METHODS, {"net": mixed}
    )
    assert facts["first_strokes"] == "robot"
    origins = {
        name: sequence["first_strokes"] for name, sequence in facts["sequences"].items()
    }
    assert origins == {"a": "human", "b": "robot"}


def test_report_has_settings_versions_and_hardware(facts, tmp_path):
    assert facts["protocol"] == "ours"
    assert (facts["rounds"], facts["seed"]) == (2, 3)
    assert facts["settings"]["prepare"]["superpixels"]["per_frame"] == 880
    assert facts["model"] == {"name": "net"}
    assert facts["versions"]["numpy"] == np.__version__
    assert "cores" in facts["hardware"]
    write_json(tmp_path / "new" / "out.json", facts)
    assert json.loads((tmp_path / "new" / "out.json").read_text()) == facts


def test_presence_and_identity_are_reported_if_there_are_details(facts, tmp_path):
    assert facts["present_j"] == facts["identity_switches"] == []
    assert "identity switches" not in format_report(facts)
    detailed = [
        result(name, j, j).model_copy(
            update={
                "details": tuple(
                    RoundDetails(1, of_round, of_round, (None,), (n,) * len(of_round))
                    for n, of_round in enumerate(j)
                )
            }
        )
        for name, j in (("a", ((0.2,), (0.5,))), ("b", ((0.3, 0.4), (0.6, 1.0))))
    ]
    plan = BenchmarkPlan(tmp_path, ("a", "b"), rounds=2)
    facts = summarise_benchmark(plan, METHODS, {"net": detailed})
    np.testing.assert_allclose(facts["present_j"], [0.3, 0.7])
    assert facts["identity_switches"] == [0, 3]
    assert (
        "On the frames with the object after 1 / 2 rounds: J 0.300 / 0.700, identity "
        "switches 0 / 3."
    ) in format_report(facts)


def test_tables_show_the_figures(facts):
    text = format_report(facts)
    assert "| method | J after 1 | J after 2 |" in text
    assert "| simple | 0.100 | 0.200 |" in text
    assert "| bear | 1 | human | 0.400 | 0.800 | 0.900 | 0.900 |" in text
    assert "| all objects | 4 | human | 0.100 | 0.500 | 0.975 | 0.900 |" in text
    assert f"AUC J {facts['auc_j']:.3f}" in text
    assert (
        rounds_table({"a": [0.5]}, (1, 2)).splitlines()[0] == "| method | J after 1 |"
    )
