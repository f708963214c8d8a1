from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, ScribbleError, SettingsError
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import (
    BenchmarkPlan,
    match_stroke_labels,
)
from tests.scenes import line, moving_square, two_squares
from tests.study.davis_folders import (
    FRAMES,
    STROKES_ON_ONE,
    STROKES_ON_TWO,
    write_human_scribbles,
)

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)

METHOD = Method("simple", DIFFUSION_MODEL, {"name": "simple"})


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"rounds": 0}, SettingsError, "1 round or more; got 0"),
        ({"protocol": "mine"}, SettingsError, "not 'mine'"),
        ({"scribbles": Path("nowhere")}, ReadError, "nowhere is not a folder"),
    ],
)
def test_invalid_plan_is_rejected(settings, error, message):
    with pytest.raises(error, match=message):
        BenchmarkPlan(Path(), ("bear",), **settings)


def test_strokes_are_read_from_the_davis_folder_or_a_given_one(tmp_path):
    _, truth = two_squares(FRAMES)
    plan = BenchmarkPlan(tmp_path, ("two",))
    assert plan.first_strokes("two", truth) == ()
    write_human_scribbles(tmp_path / "Scribbles", "two", STROKES_ON_TWO)
    first, second = plan.first_strokes("two", truth)
    assert (first.label, second.label) == (1, 2)
    np.testing.assert_allclose(first.path, STROKES_ON_TWO[1], atol=1)
    write_human_scribbles(tmp_path / "mine", "two", {2: STROKES_ON_TWO[2]})
    with_folder = replace(plan, scribbles=tmp_path / "mine")
    assert [s.label for s in with_folder.first_strokes("two", truth)] == [2]


def test_strokes_of_another_sequence_length_are_rejected(tmp_path):
    _, truth = moving_square(FRAMES + 1)
    write_human_scribbles(tmp_path / "Scribbles", "one", STROKES_ON_ONE)
    with pytest.raises(ReadError, match="5 frames"):
        BenchmarkPlan(tmp_path, ("one",)).first_strokes("one", truth)


def test_single_true_object_receives_all_object_strokes():
    strokes = tuple(line(0, label, (1, 1), (2, 2)) for label in (1, 0, 3))
    fitted = match_stroke_labels(strokes, (1,), Path("f"))
    assert [s.label for s in fitted] == [1, 0, 1]
    assert match_stroke_labels(strokes, (1, 2, 3), Path("f")) == strokes
    with pytest.raises(ScribbleError, match="objects \\(1, 2\\)"):
        match_stroke_labels(strokes, (1, 2), Path("f"))


def test_strokes_on_background_only_are_ignored():
    assert match_stroke_labels((line(0, 0, (1, 1)),), (1,), Path("f")) == ()


def test_key_depends_on_all_inputs_of_a_result(tmp_path):
    plan = BenchmarkPlan(tmp_path, ("one",))
    unrefined = plan.config.model_copy(update={"refine": "none"})
    keys = [
        plan.key(METHOD, "one"),
        replace(plan, rounds=2).key(METHOD, "one"),
        replace(plan, seed=1).key(METHOD, "one"),
        replace(plan, protocol="davisinteractive").key(METHOD, "one"),
        replace(plan, root=tmp_path / "other").key(METHOD, "one"),
        replace(plan, config=unrefined).key(METHOD, "one"),
        plan.key(replace(METHOD, metadata={"name": "simple", "weights": "1"}), "one"),
    ]
    write_human_scribbles(tmp_path / "Scribbles", "one", STROKES_ON_ONE)
    keys.append(plan.key(METHOD, "one"))
    assert len(set(keys)) == len(keys)
    assert plan.key(METHOD, "one") == keys[-1]
    extended = replace(plan, names=("one", "two"), cache=tmp_path)
    assert extended.key(METHOD, "one") == keys[-1]


def test_pinned_key_is_independent_of_the_source(tmp_path, monkeypatch):
    plan = BenchmarkPlan(tmp_path, ("one",))
    pinned = replace(plan, pinned=True)
    before = [each_plan.key(METHOD, "one") for each_plan in (plan, pinned)]
    assert before[0] != before[1]
    monkeypatch.setattr(
        "napari_gnn_vos.study.measure.benchmark_plan._source_digest", lambda: "other"
    )
    after = [each_plan.key(METHOD, "one") for each_plan in (plan, pinned)]
    assert before[0] != after[0]
    assert before[1] == after[1]
