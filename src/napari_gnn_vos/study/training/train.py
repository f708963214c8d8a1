"""Training with the robot in the loop."""

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
from napari_gnn_vos.study.training.samples import Pool, Sample
from napari_gnn_vos.study.training.training_log import TrainingLog
from napari_gnn_vos.study.training.training_run import TrainingRun, TrainSettings
from napari_gnn_vos.study.training.validate import validate


def train(course: TrainingRun) -> Path:
    """Train a network; goes on from the folder's last state if there is one.

    Parameters
    ----------
    course : TrainingRun

    Returns
    -------
    path : Path
        The checkpoint with the best validation J.
    """
    s = course.settings
    torch.manual_seed(s.seed)
    card = card_of(s)
    learner = Learner(card, s.dropout, course.world, course.device)
    book = TrainingLog(course, card)
    first = book.resume(learner)
    model = Predictor(learner.mean, card, course.device)
    with batches(course, model, first) as cut:
        for step in range(first, s.steps):
            loss = learner.step(cut(), rate_at(step, s), s.overlap)
            learner.follow(min(s.average, (step + 1) / (step + 10)))
            book.note(learner, step + 1, loss)
            if (step + 1) % s.validate_every == 0 or step + 1 == s.steps:
                js = validate(model, course)
                if course.rank == 0:
                    book.keep(learner, step + 1, js)
    return course.folder / "best.safetensors"


@contextmanager
def batches(
    course: TrainingRun, model: Predictor, first: int
) -> Iterator[Callable[[], list[Sample]]]:
    """Play sessions, here in turn or by players; gives what cuts a step's samples.

    Parameters
    ----------
    course : TrainingRun
    model : Predictor
        Answers in the sessions, as it is at the time.
    first : int
        Step that training begins with.
    """
    s, begun = course.settings, (course.settings.seed, course.rank, first)
    if course.cast is not None:
        with RolloutWorkers(course.cast, s, model, begun) as players:
            yield players.batch
        return
    pool = Pool(course.train, s.rounds, s.pool, np.random.default_rng(begun))
    steps = itertools.count()

    def in_turn() -> list[Sample]:
        step = next(steps)
        if step % s.steps_a_round == 0:
            for _ in range(s.pool if step == 0 else 1):
                pool.advance(model)
        return [pool.sample(s.frames) for _ in range(s.batch)]

    yield in_turn


def card_of(s: TrainSettings) -> CheckpointMetadata:
    """Say what a network with these settings is fed with.

    Raises
    ------
    SettingsError
        If a feature that is to be left out is not known.
    """
    unknown = sorted(set(s.left_out) - {*INPUTS, *EDGE_FEATURE_NAMES})
    if unknown:
        raise SettingsError(
            f"Features that are left out must be there; {unknown} are not. Known are "
            f"{', '.join((*INPUTS, *EDGE_FEATURE_NAMES))}."
        )
    nodes, edge_features = (
        tuple(name for name in names if name not in s.left_out)
        for names in (INPUTS, EDGE_FEATURE_NAMES)
    )
    return CheckpointMetadata(nodes, edge_features, s.width, s.depth, {"seed": s.seed})


def rate_at(step: int, s: TrainSettings) -> float:
    """Learning rate: up over 100 steps, then half a cosine down to a fiftieth."""
    warm = min(1.0, (step + 1) / 100)
    return float(s.rate * warm * (0.02 + 0.49 * (1 + np.cos(np.pi * step / s.steps))))
