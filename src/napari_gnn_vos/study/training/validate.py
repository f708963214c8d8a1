"""Validation on held-out videos during training."""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import distributed

from napari_gnn_vos.engine import Model
from napari_gnn_vos.study.rounds import run_rounds
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from napari_gnn_vos.study.training.training_run import TrainingRun

log = logging.getLogger(__name__)


def validate(model: Model, run: TrainingRun) -> list[float]:
    """Run annotation rounds on the validation videos, divided among processes.

    Parameters
    ----------
    model : Model
    run : TrainingRun

    Returns
    -------
    j : list of float
        Mean J per round; empty without validation rounds.
    """
    rounds = run.settings.validation_rounds
    if rounds == 0:
        return []
    total = torch.zeros(rounds + 1, dtype=torch.float64)
    for labelled_video in run.validation[run.rank :: run.world]:
        rng = np.random.default_rng(0)
        scores = run_rounds(
            labelled_video.session,
            labelled_video.truth,
            SimulatedAnnotator(),
            model,
            rounds=rounds,
            rng=rng,
        )
        js = [float(score.j.mean()) for _, score in scores]
        total += torch.tensor([*js, 1.0], dtype=torch.float64)
        log.info("J %s: %s", labelled_video.session.video.name, np.round(js, 3))
    if run.world > 1:
        distributed.all_reduce(total)
    mean: list[float] = (total[:-1] / total[-1]).tolist()
    if run.rank == 0:
        log.info("validation J by round: %s", np.round(mean, 4))
    return mean
