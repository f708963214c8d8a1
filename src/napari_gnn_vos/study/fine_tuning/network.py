"""Fine-tune the network on simulated sessions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from napari_gnn_vos.model.checkpoint import CheckpointMetadata
from napari_gnn_vos.model.gatedgcn import GatedGCN
from napari_gnn_vos.model.predictor import Predictor
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.study.fine_tuning.fine_tune_settings import FineTuneSettings
from napari_gnn_vos.study.labelled_video import LabelledVideo
from napari_gnn_vos.study.training.learner import Learner
from napari_gnn_vos.study.training.samples import SessionPool
from napari_gnn_vos.study.training.train import learning_rate
from napari_gnn_vos.study.training.training_run import TrainSettings

STAGE = "fine-tune network"


def fine_tune_network(
    videos: Sequence[LabelledVideo],
    base: GatedGCN,
    metadata: CheckpointMetadata,
    settings: FineTuneSettings,
    steps: int,
) -> Pipeline[GatedGCN]:
    """Continue the training of a network on simulated sessions.

    Parameters
    ----------
    videos : sequence of LabelledVideo
        Without refinement of boundaries.
    base : GatedGCN
        Weights to start from.
    metadata : CheckpointMetadata
        Of the base.
    settings : FineTuneSettings
    steps : int
        1 or more.

    Yields
    ------
    step : Progress

    Returns
    -------
    network : GatedGCN
        Averaged weights, in evaluation mode on the CPU.
    """
    s = TrainSettings(
        steps=steps,
        rate=settings.rate,
        rounds=settings.rounds,
        pool=settings.pool,
        seed=settings.seed,
    )
    torch.manual_seed(s.seed)
    learner = Learner(metadata, s.dropout, decay=settings.average)
    learner.start_from(base.state_dict())
    model = Predictor(learner.averaged, metadata)
    pool = SessionPool(videos, s.rounds, s.pool, np.random.default_rng(s.seed))
    for number in range(s.pool):
        yield Progress("simulate strokes", number, s.pool)
        pool.advance(model)
    for step in range(s.steps):
        yield Progress(STAGE, step, s.steps)
        if step % s.steps_per_round == 0:
            pool.advance(model)
        samples = [pool.sample(s.frames) for _ in range(s.batch)]
        learner.step(samples, learning_rate(step, s), s.overlap)
    return learner.averaged
