"""How good a network is on videos it has not seen, while it is trained."""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import distributed

from napari_gnn_vos.engine import Model
from napari_gnn_vos.study.rounds import play
from napari_gnn_vos.study.simulated_annotator import SimulatedAnnotator
from napari_gnn_vos.study.training.training_run import TrainingRun

log = logging.getLogger(__name__)


def validate(model: Model, course: TrainingRun) -> list[float]:
    """Let the robot annotate the validation videos, shared by the processes.

    Parameters
    ----------
    model : Model
    course : TrainingRun

    Returns
    -------
    j : list of float
        Mean J after every round; empty if there are none.
    """
    rounds = course.settings.validation_rounds
    if rounds == 0:
        return []
    total = torch.zeros(rounds + 1, dtype=torch.float64)
    for footage in course.validation[course.rank :: course.world]:
        rng = np.random.default_rng(0)
        scores = play(
            footage.session,
            footage.truth,
            SimulatedAnnotator(),
            model,
            rounds=rounds,
            rng=rng,
        )
        js = [float(score.j.mean()) for _, score in scores]
        total += torch.tensor([*js, 1.0], dtype=torch.float64)
        log.info("J %s: %s", footage.session.video.name, np.round(js, 3))
    if course.world > 1:
        distributed.all_reduce(total)
    mean: list[float] = (total[:-1] / total[-1]).tolist()
    if course.rank == 0:
        log.info("validation J by round: %s", np.round(mean, 4))
    return mean
