import os
import signal
import time
from functools import partial

import numpy as np
import pytest
import torch

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.model.checkpoint import build, load_checkpoint
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.progress import drain
from napari_gnn_vos.study.training import rollout_workers as module
from napari_gnn_vos.study.training.rollout_workers import RolloutWorkers
from napari_gnn_vos.study.training.train import checkpoint_metadata, train
from napari_gnn_vos.study.training.training_plan import TrainingPlan
from napari_gnn_vos.study.training.training_run import RolloutConfig, TrainSettings
from tests.study.davis_folders import davis_folder

SETTINGS = TrainSettings(
    steps=3,
    frames=3,
    rounds=2,
    batch=2,
    samples_per_round=2,
    width=8,
    depth=1,
    validation_rounds=1,
)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rollout")
    root = davis_folder(folder / "davis")
    options = folder / "cache", folder / "run", Config(), SETTINGS, "cpu", 2
    plan = TrainingPlan(((root, ("one", "two")),), ((root, ("one",)),), *options)
    drain(plan.prepare())
    return plan


def model():
    metadata = checkpoint_metadata(SETTINGS)
    return Predictor(build(metadata).eval(), metadata)


def fail_to_open():
    raise ValueError("no such video")


def test_training_with_rollout_workers(plan):
    path = train(plan(0, 1))
    _, metadata = load_checkpoint(path)
    assert metadata.facts["steps"] == 3
    assert len(metadata.facts["j_by_round"]) == 1


def test_workers_provide_samples_and_terminate(plan):
    rollout = RolloutConfig(2, plan.open_videos)
    with RolloutWorkers(rollout, SETTINGS, model(), (0,)) as workers:
        samples = [sample for _ in range(3) for sample in workers.batch()]
        processes = list(workers._processes)
    assert len(samples) == 6
    for sample in samples:
        assert len(sample.graph.offsets) == 4
        assert sample.inputs.shape == (len(sample.target), 8)
        assert np.abs(sample.inputs).sum() > 0
    assert not any(process.is_alive() for process in processes)


def test_batch_publishes_the_current_weights(plan):
    learner = model()
    workers = RolloutWorkers(
        RolloutConfig(0, plan.open_videos), SETTINGS, learner, (0,)
    )
    before = workers._weights.clone()
    with torch.no_grad():
        for weights in learner.network.parameters():
            weights.add_(1)
    workers._batch = 0
    workers.batch()
    torch.testing.assert_close(workers._weights, before + 1)


def test_failure_of_a_worker_is_raised_with_its_reason():
    workers = RolloutWorkers(RolloutConfig(1, fail_to_open), SETTINGS, model(), (0,))
    with workers, pytest.raises(RuntimeError, match="no such video"):
        workers.batch()


def test_killed_worker_raises_an_error(monkeypatch):
    monkeypatch.setattr(module, "WORKER_TIMEOUT", 0.2)
    workers = RolloutWorkers(
        RolloutConfig(1, partial(time.sleep, 60)), SETTINGS, model(), (0,)
    )
    with workers, pytest.raises(GnnVosError, match="with fewer --workers"):
        os.kill(workers._processes[0].pid, signal.SIGKILL)
        workers.batch()
