"""The command `gnn-vos fine-tune` on a small video."""

import numpy as np
import pytest
from typer.testing import CliRunner

from napari_gnn_vos.cli import app
from napari_gnn_vos.io.export import export_labels
from napari_gnn_vos.io.strokes_file import write_strokes
from napari_gnn_vos.model.named_models import ModelCard, models_folder, read_card
from tests.scenes import moving_square, on_ground, on_square


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "napari_gnn_vos.model.named_models.user_data_path",
        lambda name: tmp_path / "data" / name,
    )
    video, truth = moving_square(8)
    np.save("film.npy", np.stack([video.rgb(t) for t in range(8)]))
    truth[[1, 3]] = 0
    export_labels(truth, "labels.tif")

    def call(*args):
        return CliRunner().invoke(app, [str(arg) for arg in args])

    return call


def fine_tune(run, *args):
    source = "film.npy=labels.tif"
    return run("fine-tune", source, "--steps", 2, "--cache", "cache", *args)


def test_better_model_is_saved_and_segments(run, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_gnn_vos.study.fine_tuning.fine_tune.MIN_GAIN", -1)
    result = fine_tune(run, "--name", "mine")
    assert result.exit_code == 0, result.output
    assert "J after 1 / 2 / 3 rounds on held-out frames" in result.output
    card = read_card("mine")
    assert isinstance(card, ModelCard)
    assert sum(clip.labelled for clip in (*card.trained_on, *card.held_out)) == 6
    write_strokes(tmp_path / "strokes.json", [on_square(), on_ground()])
    args = "--model", "mine", "--cache", "cache"
    result = run("segment", "film.npy", "strokes.json", "out.tif", *args)
    assert result.exit_code == 0, result.output
    assert "predicted by mine on the CPU" in result.output.replace("\n", " ")


def test_model_that_is_not_better_is_not_saved(run, monkeypatch):
    monkeypatch.setattr("napari_gnn_vos.study.fine_tuning.fine_tune.MIN_GAIN", 1)
    result = fine_tune(run, "--name", "mine")
    assert result.exit_code == 1
    assert "nothing is saved" in result.output
    assert not models_folder().exists()


@pytest.mark.parametrize("name", ["gatedgcn", "../mine", "", "taken"])
def test_name_is_checked_before_the_work(run, tmp_path, name):
    (models_folder() / "taken").mkdir(parents=True)
    result = fine_tune(run, "--name", name)
    assert result.exit_code == 2, result.output
    assert not (tmp_path / "cache").exists()
