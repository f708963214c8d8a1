"""Training loop with a simulated annotator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from napari_gnn_vos.engine import INPUTS
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.checkpoint import CheckpointMetadata
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.study.training.learner import Learner
from napari_gnn_vos.study.training.rollout_workers import RolloutWorkers
from napari_gnn_vos.study.training.samples import Sample, SessionPool
from napari_gnn_vos.study.training.training_log import TrainingLog
from napari_gnn_vos.study.training.training_run import TrainingRun, TrainSettings
from napari_gnn_vos.study.training.validate import validate


def train(run: TrainingRun) -> Path:
    """Train a network; resumes from the state in the folder, if any.

    Parameters
    ----------
    run : TrainingRun

    Returns
    -------
    path : Path
        The checkpoint with the best validation J.
    """
    s = run.settings
    torch.manual_seed(s.seed)
    metadata = checkpoint_metadata(s)
    learner = Learner(metadata, s.dropout, run.world, run.device, s.average)
    training_log = TrainingLog(run, metadata)
    first = training_log.resume(learner)
    model = Predictor(learner.averaged, metadata, run.device)
    with batches(run, model, first) as next_batch:
        for step in range(first, s.steps):
            loss = learner.step(next_batch(), learning_rate(step, s), s.overlap)
            training_log.record_step(learner, step + 1, loss)
            if (step + 1) % s.validate_every == 0 or step + 1 == s.steps:
                js = validate(model, run)
                if run.rank == 0:
                    training_log.write_checkpoints(learner, step + 1, js)
    return run.folder / "best.safetensors"


@contextmanager
def batches(
    run: TrainingRun, model: Predictor, first: int
) -> Iterator[Callable[[], list[Sample]]]:
    """Provide a function that returns the samples of the next step.

    Parameters
    ----------
    run : TrainingRun
    model : Predictor
        Predicts in the sessions with its current weights.
    first : int
        First step of this run.
    """
    s, seed = run.settings, (run.settings.seed, run.rank, first)
    if run.rollout is not None:
        with RolloutWorkers(run.rollout, s, model, seed) as workers:
            yield workers.batch
        return
    pool = SessionPool(run.train, s.rounds, s.pool, np.random.default_rng(seed))
    steps = itertools.count()

    def sample_batch() -> list[Sample]:
        step = next(steps)
        if step % s.steps_per_round == 0:
            for _ in range(s.pool if step == 0 else 1):
                pool.advance(model)
        return [pool.sample(s.frames) for _ in range(s.batch)]

    yield sample_batch


def checkpoint_metadata(s: TrainSettings) -> CheckpointMetadata:
    """Build the checkpoint metadata of a network with these settings.

    Raises
    ------
    SettingsError
        If an excluded feature is unknown.
    """
    unknown = sorted(set(s.left_out) - {*INPUTS, *EDGE_FEATURE_NAMES})
    if unknown:
        raise SettingsError(
            f"Expected known features to leave out; {unknown} are unknown. Known are "
            f"{', '.join((*INPUTS, *EDGE_FEATURE_NAMES))}."
        )
    nodes, edge_features = (
        tuple(name for name in names if name not in s.left_out)
        for names in (INPUTS, EDGE_FEATURE_NAMES)
    )
    return CheckpointMetadata(nodes, edge_features, s.width, s.depth, {"seed": s.seed})


def learning_rate(step: int, s: TrainSettings) -> float:
    """Compute the learning rate: linear warm-up over 100 steps, then cosine decay."""
    warm = min(1.0, (step + 1) / 100)
    return float(s.rate * warm * (0.02 + 0.49 * (1 + np.cos(np.pi * step / s.steps))))
