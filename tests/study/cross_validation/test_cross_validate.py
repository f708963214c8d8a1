import json

import pytest
from typer.testing import CliRunner

from napari_gnn_vos.cli import app
from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import ReadError, SettingsError
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.cross_validation import cross_validate as running
from napari_gnn_vos.study.cross_validation.cross_validate import cross_validate
from napari_gnn_vos.study.cross_validation.fold_plan import (
    CrossValidation,
    all_sequences,
    split_folds,
)
from napari_gnn_vos.study.measure import benchmark
from napari_gnn_vos.study.training import several_trainings
from tests.study.davis_folders import davis_folder


def never(*_, **__):
    raise AssertionError("nothing was to be computed")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return davis_folder(tmp_path_factory.mktemp("davis"))


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """A cross-validation of two folds with one step of training each."""
    output = tmp_path_factory.mktemp("folds")
    cache = data / "cache"
    validation = CrossValidation(
        data, ("one", "two"), output, cache, folds=2, rounds=2, steps=1
    )
    return validation, drain(cross_validate(validation))


def test_every_sequence_is_held_out_once():
    names = [f"{k:02d}" for k in range(30)]
    folds = split_folds(names[::-1], 3)
    assert [len(fold) for fold in folds] == [10, 10, 10]
    assert folds[1][:3] == ("01", "04", "07")
    assert sorted(name for fold in folds for name in fold) == names


def test_held_out_sequences_are_not_trained_on(finished):
    validation, _ = finished
    for fold in range(2):
        plan = validation.training(fold)
        ((_, names),) = plan.train
        assert set(names) | set(validation.held_out(fold)) == {"one", "two"}
        assert not set(names) & set(validation.held_out(fold))
        assert plan.validation == ()
        assert plan.settings.validation_rounds == 0


def test_report_covers_all_folds(finished):
    _, facts = finished
    assert facts["accuracy"]["objects"] == 3
    assert len(facts["accuracy"]["j"]) == 2
    held_out = [fold["held_out"] for fold in facts["folds"].values()]
    assert held_out == [("one",), ("two",)]
    weights = [f["report"]["model"]["weights"] for f in facts["folds"].values()]
    assert len(set(weights)) == 2
    assert facts["steps"] == 1


def test_finished_trainings_and_sequences_are_reused(finished, monkeypatch):
    validation, facts = finished
    monkeypatch.setattr(several_trainings, "train", never)
    monkeypatch.setattr(benchmark, "run_rounds", never)
    assert drain(cross_validate(validation)) == facts


def test_trained_weights_are_evaluated_without_training(
    finished, data, tmp_path, monkeypatch
):
    validation, facts = finished
    monkeypatch.setattr(several_trainings, "train", never)
    args = "--folds", 2, "--davis", data, "--output", tmp_path, "--rounds", 2
    args += "--json", tmp_path / "copy.json"
    args = *args, "--trained", validation.output, "--cache", data / "cache"
    args = *args, "--refine", validation.config.refine
    result = CliRunner().invoke(app, ["benchmark", *map(str, args)])
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "folds.json").read_text())
    assert json.loads((tmp_path / "copy.json").read_text()) == written
    assert written["accuracy"]["j"] == facts["accuracy"]["j"]
    assert (tmp_path / "folds.md").read_text().strip() in result.output


def test_decoders_beside_given_weights_are_used(data, tmp_path):
    plan = CrossValidation(
        data, ("one", "two"), tmp_path / "out", tmp_path, folds=2, trained=tmp_path
    )
    assert plan.config_of(0).decoder == Config().decoder
    decoder = tmp_path / "decoder" / "fold0-decoder.safetensors"
    decoder.parent.mkdir()
    decoder.touch()
    assert plan.config_of(0).decoder == str(decoder)
    assert plan.config_of(1).decoder == Config().decoder


def test_unknown_refinement_is_refused(data, tmp_path):
    args = "--folds", "2", "--davis", data, "--output", tmp_path, "--refine", "sharp"
    result = CliRunner().invoke(app, ["benchmark", *map(str, args)])
    assert result.exit_code == 2
    assert "decoder, guided, none" in result.output


def test_missing_weights_are_reported_before_evaluation(data, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "benchmark", never)
    validation = CrossValidation(
        data, ("one", "two"), tmp_path, data / "cache", folds=2, trained=tmp_path
    )
    with pytest.raises(ReadError, match=r"fold0/last\.safetensors"):
        drain(cross_validate(validation))


def test_more_folds_than_sequences_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="2 to 2 folds"):
        CrossValidation(tmp_path, ("one", "two"), tmp_path, tmp_path)


def test_folder_without_sequences_is_refused(tmp_path):
    with pytest.raises(ReadError, match="Check --davis"):
        all_sequences(tmp_path)


@pytest.mark.parametrize(
    ("args", "message"),
    [(["--folds", "2"], "--output"), ([], "--sequences")],
)
def test_command_names_the_missing_option(data, args, message):
    result = CliRunner().invoke(app, ["benchmark", "--davis", str(data), *args])
    assert result.exit_code == 2
    assert message in result.output
