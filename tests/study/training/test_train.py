import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_gnn_vos.engine import INPUTS, annotate, predict
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.checkpoint import load_checkpoint
from napari_gnn_vos.model.loading import load_model
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.baselines import WholeVideoModel, harmonic_baseline
from napari_gnn_vos.study.rounds import run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from napari_gnn_vos.study.training.samples import SessionPool
from napari_gnn_vos.study.training.train import (
    checkpoint_metadata,
    learning_rate,
    train,
)
from napari_gnn_vos.study.training.training_run import TrainingRun, TrainSettings
from napari_gnn_vos.study.training.validate import validate
from tests.scenes import line
from tests.study.davis_folders import davis_folder

DIFFUSION_MODEL = WholeVideoModel(harmonic_baseline)

TINY = {
    "frames": 3,
    "rounds": 2,
    "pool": 2,
    "steps_per_round": 2,
    "width": 8,
    "depth": 2,
    "validate_every": 2,
    "validation_rounds": 1,
}


def run(labelled_video, folder, **settings):
    return TrainingRun(
        TrainSettings(**{**TINY, **settings}),
        [labelled_video],
        [labelled_video],
        folder,
    )


def weights(path):
    return load_checkpoint(path)[0].state_dict()


def validated_steps(folder):
    with (folder / "curve.csv").open() as file:
        return [int(row[0]) for row in csv.reader(file) if len(row) > 3]


@pytest.fixture(scope="module")
def trained(labelled_video, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "new"
    train(run(labelled_video, folder, steps=4))
    return folder


def test_training_writes_checkpoints_curve_and_state(trained):
    names = {path.name for path in trained.iterdir()}
    assert names == {
        "best.safetensors",
        "last.safetensors",
        "curve.csv",
        "state.safetensors",
    }
    assert validated_steps(trained) == [2, 4]


def test_checkpoint_metadata_has_features_settings_and_scores(trained):
    _, metadata = load_checkpoint(trained / "last.safetensors")
    assert metadata.node_feature_names == INPUTS
    assert (metadata.width, metadata.depth) == (8, 2)
    assert metadata.facts["steps"] == 4
    assert metadata.facts["settings"]["frames"] == 3
    assert len(metadata.facts["j_by_round"]) == 1


def test_trained_checkpoint_predicts(trained, labelled_video):
    model = load_model(trained / "best.safetensors", "cpu")
    strokes = [line(0, 1, (8, 10), (16, 18)), line(0, 0, (2, 30), (23, 32))]
    session = annotate(labelled_video.session, strokes, rng=np.random.default_rng(0))
    assert drain(predict(session, model)).labels.shape == labelled_video.truth.shape


def test_training_resumes_from_the_saved_state(trained, labelled_video):
    before = weights(trained / "last.safetensors")
    train(run(labelled_video, trained, steps=6))
    assert validated_steps(trained) == [2, 4, 6]
    after = weights(trained / "last.safetensors")
    assert any(not torch.equal(before[name], after[name]) for name in before)
    _, metadata = load_checkpoint(trained / "last.safetensors")
    assert metadata.facts["steps"] == 6
    train(run(labelled_video, trained, steps=6))  # all steps are done
    assert validated_steps(trained) == [2, 4, 6]


def test_weights_are_reproducible_with_the_same_seed(labelled_video, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        short = run(
            labelled_video, tmp_path / name, steps=3, seed=seed, validate_every=3
        )
        train(short)
    a, b, c = (weights(tmp_path / n / "last.safetensors") for n in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert any(not torch.equal(a[name], c[name]) for name in a)


def test_best_checkpoint_is_kept_if_later_ones_are_worse(
    labelled_video, tmp_path, monkeypatch
):
    js = iter([[0.5], [0.8], [0.2]])
    monkeypatch.setattr(
        "napari_gnn_vos.study.training.train.validate", lambda _model, _run: next(js)
    )
    path = train(run(labelled_video, tmp_path, steps=3, validate_every=1))
    assert path == tmp_path / "best.safetensors"
    assert load_checkpoint(path)[1].facts["steps"] == 2
    assert load_checkpoint(tmp_path / "last.safetensors")[1].facts["steps"] == 3


def test_validation_returns_mean_j_per_round(labelled_video, tmp_path):
    js = validate(DIFFUSION_MODEL, run(labelled_video, tmp_path, validation_rounds=2))
    scores = run_rounds(
        labelled_video.session,
        labelled_video.truth,
        SimulatedAnnotator(),
        DIFFUSION_MODEL,
        rounds=2,
        rng=np.random.default_rng(0),
    )
    assert js == pytest.approx([score.j.mean() for _, score in scores])


def test_interrupted_training_resumes_at_the_saved_step(
    labelled_video, tmp_path, monkeypatch
):
    monkeypatch.setattr("napari_gnn_vos.study.training.training_log.SAVE_EVERY", 2)
    remaining = iter(range(3))

    def interrupt_later(_self, frames):
        if next(remaining, None) is None:
            raise KeyboardInterrupt
        return sample(_self, frames)

    sample = SessionPool.sample
    monkeypatch.setattr(SessionPool, "sample", interrupt_later)
    with pytest.raises(KeyboardInterrupt):
        train(run(labelled_video, tmp_path, steps=5, validate_every=5))
    assert not (tmp_path / "last.safetensors").exists()
    monkeypatch.setattr(SessionPool, "sample", sample)
    steps = []
    monkeypatch.setattr(
        "napari_gnn_vos.study.training.train.learning_rate",
        lambda at, _: steps.append(at) or 1e-3,
    )
    train(run(labelled_video, tmp_path, steps=5, validate_every=5))
    assert steps == [2, 3, 4]
    assert validated_steps(tmp_path) == [5]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("napari_gnn_vos.model.checkpoint.save", OSError("no space left")),
        ("napari_gnn_vos.study.training.learner.save", OSError("write failed")),
    ],
)
def test_failed_write_keeps_the_previous_files(
    labelled_video, tmp_path, monkeypatch, name, error
):
    train(run(labelled_video, tmp_path, steps=1))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(_content, stream=None, **_):
        if stream is not None:
            stream.write(b"half")
        raise error

    monkeypatch.setattr(name, fail)
    with pytest.raises(SettingsError, match="Free disk space and run the same command"):
        train(run(labelled_video, tmp_path, steps=2, validate_every=1))
    state = tmp_path / "state.safetensors"
    assert state.read_bytes() == before[state]
    assert load_checkpoint(tmp_path / "best.safetensors")
    monkeypatch.undo()
    train(run(labelled_video, tmp_path, steps=2, validate_every=1))
    assert load_checkpoint(tmp_path / "last.safetensors")[1].facts["steps"] == 2


def test_best_checkpoint_without_validation_is_the_last(labelled_video, tmp_path):
    path = train(run(labelled_video, tmp_path, steps=2, validation_rounds=0))
    assert load_checkpoint(path)[1].facts["j_by_round"] == []


def test_left_out_features_are_not_in_the_metadata(labelled_video, tmp_path):
    left_out = ("previous", "delta_l")
    path = train(run(labelled_video, tmp_path, steps=1, left_out=left_out))
    model = load_model(path, "cpu")
    assert "previous" not in model.metadata.node_feature_names
    assert "delta_l" not in model.metadata.edge_feature_names
    assert len(model.metadata.node_feature_names) == len(INPUTS) - 1
    js = validate(model, run(labelled_video, tmp_path))
    assert 0 <= js[0] <= 1


def test_unknown_left_out_feature_is_rejected():
    with pytest.raises(SettingsError, match=r"\['colour'\] are unknown"):
        checkpoint_metadata(TrainSettings(left_out=("colour", "previous")))


def test_learning_rate_warms_up_and_decays():
    s = TrainSettings(steps=1000, rate=1.0)
    rates = [learning_rate(step, s) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert 95 <= int(np.argmax(rates)) <= 100
    assert (np.diff(rates[100:]) < 0).all()
    assert rates[-1] == pytest.approx(0.02, abs=1e-4)
    assert max(rates) < 1


def test_training_runs_under_torchrun(tmp_path):
    root = davis_folder(tmp_path / "davis")
    launch = "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"
    args = {"davis": root, "sequences": "one", "validation": "one,two", "steps": 2}
    args |= {"output": tmp_path / "run", "cache": tmp_path / "cache", "depth": 1}
    words = [str(word) for name, value in args.items() for word in (f"--{name}", value)]
    program = Path(sys.executable).with_name("gnn-vos")
    command = sys.executable, *launch, "--no-python", program, "train", *words
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _, metadata = load_checkpoint(tmp_path / "run/last.safetensors")
    assert metadata.facts["processes"] == 2
    assert len(metadata.facts["j_by_round"]) == 8
