from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, ScribbleError, SettingsError
from napari_gnn_vos.study.baselines import WholeVideoModel, diffusion_alone
from napari_gnn_vos.study.measure.methods import Method
from napari_gnn_vos.study.measure.plan import Plan, strokes_of
from tests.scenes import line, moving_square, two_squares
from tests.study.folders import FRAMES, ON_ONE, ON_TWO, person_draws

DIFFUSED = WholeVideoModel(diffusion_alone)

METHOD = Method("simple", DIFFUSED, {"name": "simple"})


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
        Plan(Path(), ("bear",), **wrong)


def test_strokes_are_found_where_davis_keeps_them_or_where_told(tmp_path):
    _, truth = two_squares(FRAMES)
    plan = Plan(tmp_path, ("two",))
    assert plan.first_strokes("two", truth) == ()
    person_draws(tmp_path / "Scribbles", "two", ON_TWO)
    one, other = plan.first_strokes("two", truth)
    assert (one.label, other.label) == (1, 2)
    np.testing.assert_allclose(one.path, ON_TWO[1], atol=1)
    person_draws(tmp_path / "mine", "two", {2: ON_TWO[2]})
    mine = replace(plan, scribbles=tmp_path / "mine")
    assert [s.label for s in mine.first_strokes("two", truth)] == [2]


def test_strokes_of_a_longer_sequence_are_told(tmp_path):
    _, truth = moving_square(FRAMES + 1)
    person_draws(tmp_path / "Scribbles", "one", ON_ONE)
    with pytest.raises(ReadError, match="5 frames"):
        Plan(tmp_path, ("one",)).first_strokes("one", truth)


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
    plan = Plan(tmp_path, ("one",))
    quick = plan.config.model_copy(update={"refine": "none"})
    keys = [
        plan.key(METHOD, "one"),
        replace(plan, rounds=2).key(METHOD, "one"),
        replace(plan, seed=1).key(METHOD, "one"),
        replace(plan, protocol="davisinteractive").key(METHOD, "one"),
        replace(plan, root=tmp_path / "other").key(METHOD, "one"),
        replace(plan, config=quick).key(METHOD, "one"),
        plan.key(replace(METHOD, facts={"name": "simple", "weights": "1"}), "one"),
    ]
    person_draws(tmp_path / "Scribbles", "one", ON_ONE)
    keys.append(plan.key(METHOD, "one"))
    assert len(set(keys)) == len(keys)
    assert plan.key(METHOD, "one") == keys[-1]
    more = replace(plan, names=("one", "two"), cache=tmp_path)
    assert more.key(METHOD, "one") == keys[-1]


def test_a_pinned_key_holds_when_the_source_changes(tmp_path, monkeypatch):
    plan = Plan(tmp_path, ("one",))
    pinned = replace(plan, pinned=True)
    before = [one.key(METHOD, "one") for one in (plan, pinned)]
    assert before[0] != before[1]
    monkeypatch.setattr("napari_gnn_vos.study.measure.plan._program", lambda: "other")
    after = [one.key(METHOD, "one") for one in (plan, pinned)]
    assert before[0] != after[0]
    assert before[1] == after[1]
