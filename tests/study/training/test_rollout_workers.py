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
    here = tmp_path_factory.mktemp("rollout")
    root = davis_folder(here / "davis")
    about = here / "cache", here / "run", Config(), SETTINGS, "cpu", 2
    made = TrainingPlan(((root, ("one", "two")),), ((root, ("one",)),), *about)
    drain(made.prepare())
    return made


def model():
    metadata = checkpoint_metadata(SETTINGS)
    return Predictor(build(metadata).eval(), metadata)


def broken():
    raise ValueError("no such video")


def test_a_training_whose_rounds_are_played_beside_it(plan):
    path = train(plan(0, 1))
    _, metadata = load_checkpoint(path)
    assert metadata.facts["steps"] == 3
    assert len(metadata.facts["j_by_round"]) == 1


def test_players_cut_samples_and_end(plan):
    rollout = RolloutConfig(2, plan.open_videos)
    with RolloutWorkers(rollout, SETTINGS, model(), (0,)) as workers:
        samples = [one for _ in range(3) for one in workers.batch()]
        processes = list(workers._processes)
    assert len(samples) == 6
    for one in samples:
        assert len(one.graph.offsets) == 4
        assert one.inputs.shape == (len(one.target), 8)
        assert np.abs(one.inputs).sum() > 0
    assert not any(process.is_alive() for process in processes)


def test_players_are_told_the_weights_of_now(plan):
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


def test_a_player_that_fails_is_told_with_its_reason():
    workers = RolloutWorkers(RolloutConfig(1, broken), SETTINGS, model(), (0,))
    with workers, pytest.raises(RuntimeError, match="no such video"):
        workers.batch()


def test_a_player_that_is_killed(monkeypatch):
    monkeypatch.setattr(module, "WORKER_TIMEOUT", 0.2)
    workers = RolloutWorkers(
        RolloutConfig(1, partial(time.sleep, 60)), SETTINGS, model(), (0,)
    )
    with workers, pytest.raises(GnnVosError, match="with fewer --players"):
        os.kill(workers._processes[0].pid, signal.SIGKILL)
        workers.batch()
