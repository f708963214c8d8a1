"""Fine-tuning beside the annotation, without a window."""

import shutil
from dataclasses import dataclass

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_gnn_vos.controller.round_choices import ModelChoice
from napari_gnn_vos.errors import GnnVosError, SettingsError
from napari_gnn_vos.gui import scripting
from napari_gnn_vos.io.project.project import Project
from napari_gnn_vos.model import named_models
from napari_gnn_vos.progress import Progress
from tests.controller import fakes
from tests.model.test_named_models import CARD, copy_bundled


@dataclass
class FakeResult:
    """A result of `fine_tune` that is saved as a copy of the bundled weights."""

    better: bool
    reason_not_to_save = "J has not risen"

    def save(self, name, *, overwrite):
        named_models.save_model(name, copy_bundled, CARD, overwrite=overwrite)

    def __str__(self):
        return "J .5 -> .6"


@pytest.fixture(autouse=True)
def models(monkeypatch, tmp_path):
    """A folder of models instead of the user's."""
    monkeypatch.setattr(named_models, "user_data_path", lambda name: tmp_path / name)


@pytest.fixture
def trained(monkeypatch):
    """Videos of all trainings, which take no time; the last sets whether J rises."""
    calls = [True]

    def train(videos, settings, cache, base):
        calls.append((videos, base))
        yield Progress("train", 0, 2)
        yield Progress("train", 1, 2)
        return FakeResult(calls[0])

    monkeypatch.setattr("napari_gnn_vos.study.fine_tuning.fine_tune.fine_tune", train)
    return calls


@pytest.fixture
def work(toy_engine):
    """An annotator with strokes and a prediction of one round."""
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    annotator = scripting.annotator(viewer)
    annotator.open(image)
    annotator.workspace.strokes.paint((0, 4, 4), 1)
    annotator.predict()
    yield annotator
    annotator.close()


def test_accepted_and_corrected_frames_are_trained_on(work, trained):
    work.toggle_accepted(3)
    assert work.fine_tuning.labelled_frames == (3,)
    work.viewer.dims.set_current_step(0, 2)
    work.workspace.strokes.paint((2, 10, 10), 1)
    work.predict()
    assert work.fine_tuning.labelled_frames == (2, 3)
    work.fine_tuning.start("mine")
    ((video,), base) = trained[-1]
    assert video.labelled == (2, 3)
    assert set(np.unique(video.masks[3])) == {0, 1}
    assert base == "gatedgcn"


def test_better_model_is_saved_and_can_be_used(work, trained):
    work.toggle_accepted(3)
    work.fine_tuning.start("mine")
    assert work.fine_tuning.message == "Saved mine. J .5 -> .6"
    assert work.models.name == "gatedgcn"
    work.fine_tuning.use()
    assert work.models.name == "mine"


def test_model_that_is_not_better_is_not_saved(work, trained):
    trained[0] = False
    work.toggle_accepted(3)
    work.fine_tuning.start("mine")
    assert work.fine_tuning.message.startswith("Not saved: J has not risen")
    assert "mine" not in work.models.names
    with pytest.raises(GnnVosError, match="No model was saved"):
        work.fine_tuning.use()


def test_name_and_frames_are_checked_before_the_training(work, trained):
    with pytest.raises(GnnVosError, match="nothing to train on"):
        work.fine_tuning.start("mine")
    work.toggle_accepted(3)
    with pytest.raises(SettingsError, match="ships with the package"):
        work.fine_tuning.start("gatedgcn")
    assert len(trained) == 1


def test_annotation_continues_during_a_training(work, trained):
    work.toggle_accepted(3)
    runner = work.fine_tuning.jobs.run = fakes.StepRunner()
    work.fine_tuning.start("mine")
    runner.step()
    assert work.fine_tuning.jobs.busy
    work.workspace.strokes.paint((1, 12, 12), 1)
    work.predict()
    assert work.state.rounds == 2
    with pytest.raises(GnnVosError, match="under way"):
        work.fine_tuning.start("other")
    runner.finish()
    assert work.fine_tuning.saved == "mine"


def test_cancelled_training_saves_nothing(work, trained):
    work.toggle_accepted(3)
    runner = work.fine_tuning.jobs.run = fakes.StepRunner()
    work.fine_tuning.start("mine")
    runner.step()
    work.fine_tuning.cancel()
    assert work.fine_tuning.message == "Training stopped; nothing is saved"
    assert not work.fine_tuning.jobs.busy
    assert work.models.names == named_models.BUNDLED


def test_project_is_trained_on(work, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "napari_gnn_vos.study.fine_tuning.annotated_video.read_annotated_video",
        lambda source: f"video of {source}",
    )
    work.fine_tuning.start("mine", [tmp_path / "a.gnnvos"], open_video=False)
    assert trained[-1][0] == [f"video of {tmp_path / 'a.gnnvos'}"]


def test_next_round_is_predicted_by_the_chosen_model(work, monkeypatch):
    named_models.save_model("mine", copy_bundled, CARD, overwrite=False)
    used = []

    def predict_round(session, scribbles, rng, frame, model):
        used.append(model)
        return fakes.predict_round(session, scribbles, rng, frame)

    monkeypatch.setattr(scripting, "predict_round", predict_round)
    work.predict()
    assert used == []
    assert work.state.message == "Nothing new is drawn since round 1"
    work.models.choose("mine")
    assert work.state.next_action == "predict"
    work.predict()
    assert work.state.next_action == "most_uncertain"
    assert used == ["mine"]
    assert work.state.rounds == 2
    work.predict()
    assert used == ["mine"]


def test_project_records_and_restores_the_model(work, tmp_path):
    named_models.save_model("mine", copy_bundled, CARD, overwrite=False)
    work.models.choose("mine")
    work.projects.save(tmp_path / "toy.gnnvos")
    saved = Project.open(tmp_path / "toy.gnnvos")
    assert (saved.model, saved.model_sha256) == work.models.checksum()
    work.models.choose("gatedgcn")
    shutil.copy(tmp_path / "toy.gnnvos", tmp_path / "copy.gnnvos")
    work.projects.open(tmp_path / "copy.gnnvos")
    assert work.models.name == "mine"
    assert work.state.next_action == "most_uncertain"


def test_project_of_a_missing_model_is_opened_with_a_notice(work, tmp_path):
    named_models.save_model("mine", copy_bundled, CARD, overwrite=False)
    work.models.choose("mine")
    work.projects.save(tmp_path / "toy.gnnvos")
    work.models.choose("gatedgcn")
    (named_models.models_folder() / "mine" / named_models.CARD).unlink()
    messages = []
    work.controller.message.connect(messages.append)
    shutil.copy(tmp_path / "toy.gnnvos", tmp_path / "copy.gnnvos")
    work.projects.open(tmp_path / "copy.gnnvos")
    assert work.models.name == "gatedgcn"
    assert any("another version of the network" in message for message in messages)


def test_unknown_model_cannot_be_chosen():
    with pytest.raises(SettingsError, match="unknown"):
        ModelChoice().choose("unknown")


def test_closed_annotator_stops_its_training(work, trained):
    work.toggle_accepted(3)
    work.fine_tuning.jobs.run = fakes.StepRunner()
    work.fine_tuning.start("mine")
    work.fine_tuning.close()
    assert not work.fine_tuning.jobs.busy
