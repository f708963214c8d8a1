from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, ScribbleError, SettingsError
from napari_gnn_vos.study.baselines import WholeVideoModel, diffusion_baseline
from napari_gnn_vos.study.measure.benchmark_methods import Method
from napari_gnn_vos.study.measure.benchmark_plan import BenchmarkPlan, strokes_of
from tests.scenes import line, moving_square, two_squares
from tests.study.davis_folders import (
    FRAMES,
    STROKES_ON_ONE,
    STROKES_ON_TWO,
    write_human_scribbles,
)

DIFFUSION_MODEL = WholeVideoModel(diffusion_baseline)

METHOD = Method("simple", DIFFUSION_MODEL, {"name": "simple"})


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"rounds": 0}, SettingsError, "one round or more; 0 came"),
        ({"protocol": "mine"}, SettingsError, "not 'mine'"),
        ({"scribbles": Path("nowhere")}, ReadError, "nowhere, which is no folder"),
    ],
)
def test_what_cannot_be_is_told(wrong, error, message):
    with pytest.raises(error, match=message):
        BenchmarkPlan(Path(), ("bear",), **wrong)


def test_strokes_are_found_where_davis_keeps_them_or_where_told(tmp_path):
    _, truth = two_squares(FRAMES)
    plan = BenchmarkPlan(tmp_path, ("two",))
    assert plan.first_strokes("two", truth) == ()
    write_human_scribbles(tmp_path / "Scribbles", "two", STROKES_ON_TWO)
    one, other = plan.first_strokes("two", truth)
    assert (one.label, other.label) == (1, 2)
    np.testing.assert_allclose(one.path, STROKES_ON_TWO[1], atol=1)
    write_human_scribbles(tmp_path / "mine", "two", {2: STROKES_ON_TWO[2]})
    mine = replace(plan, scribbles=tmp_path / "mine")
    assert [s.label for s in mine.first_strokes("two", truth)] == [2]


def test_strokes_of_a_longer_sequence_are_told(tmp_path):
    _, truth = moving_square(FRAMES + 1)
    write_human_scribbles(tmp_path / "Scribbles", "one", STROKES_ON_ONE)
    with pytest.raises(ReadError, match="5 frames"):
        BenchmarkPlan(tmp_path, ("one",)).first_strokes("one", truth)


def test_where_the_truth_has_one_object_all_strokes_are_on_it():
    strokes = tuple(line(0, label, (1, 1), (2, 2)) for label in (1, 0, 3))
    fitted = strokes_of(strokes, (1,), Path("f"))
    assert [s.label for s in fitted] == [1, 0, 1]
    assert strokes_of(strokes, (1, 2, 3), Path("f")) == strokes
    with pytest.raises(ScribbleError, match="objects \\(1, 2\\)"):
        strokes_of(strokes, (1, 2), Path("f"))


def test_strokes_on_background_alone_are_none():
    assert strokes_of((line(0, 0, (1, 1)),), (1,), Path("f")) == ()


def test_a_key_is_of_all_that_a_score_depends_on(tmp_path):
    plan = BenchmarkPlan(tmp_path, ("one",))
    quick = plan.config.model_copy(update={"refine": False})
    keys = [
        plan.key(METHOD, "one"),
        replace(plan, rounds=2).key(METHOD, "one"),
        replace(plan, seed=1).key(METHOD, "one"),
        replace(plan, protocol="davisinteractive").key(METHOD, "one"),
        replace(plan, root=tmp_path / "other").key(METHOD, "one"),
        replace(plan, config=quick).key(METHOD, "one"),
        plan.key(replace(METHOD, facts={"name": "simple", "weights": "1"}), "one"),
    ]
    write_human_scribbles(tmp_path / "Scribbles", "one", STROKES_ON_ONE)
    keys.append(plan.key(METHOD, "one"))
    assert len(set(keys)) == len(keys)
    assert plan.key(METHOD, "one") == keys[-1]
    more = replace(plan, names=("one", "two"), cache=tmp_path)
    assert more.key(METHOD, "one") == keys[-1]


def test_a_pinned_key_holds_when_the_source_changes(tmp_path, monkeypatch):
    plan = BenchmarkPlan(tmp_path, ("one",))
    pinned = replace(plan, pinned=True)
    before = [one.key(METHOD, "one") for one in (plan, pinned)]
    assert before[0] != before[1]
    monkeypatch.setattr(
        "napari_gnn_vos.study.measure.benchmark_plan._source_digest", lambda: "other"
    )
    after = [one.key(METHOD, "one") for one in (plan, pinned)]
    assert before[0] != after[0]
    assert before[1] == after[1]
