"""Training with the robot in the loop, on any number of processes."""

from __future__ import annotations

import csv
import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

from napari_gnn_vos.engine import INPUTS
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.checkpoint import Card, save_checkpoint
from napari_gnn_vos.model.registry import Predictor
from napari_gnn_vos.prepare.edge_features import LINK_NAMES
from napari_gnn_vos.study.course import Course, TrainSettings
from napari_gnn_vos.study.learner import Learner
from napari_gnn_vos.study.samples import Pool
from napari_gnn_vos.study.validate import validate

__all__ = ["Course", "TrainSettings", "rate_at", "train", "train_together"]

log = logging.getLogger(__name__)
TOLD_EVERY = 50
"""Steps between two lines of the log."""


def train(course: Course) -> Path:
    """Train a network; goes on from the folder's last state if there is one.

    Parameters
    ----------
    course : Course

    Returns
    -------
    path : Path
        The checkpoint with the best validation J.
    """
    s = course.settings
    torch.manual_seed(s.seed)
    card = card_of(s)
    learner = Learner(card, s.dropout, course.world)
    rng = np.random.default_rng([s.seed, course.rank])
    pool = Pool(course.train, s.rounds, s.pool, rng)
    book = _Book(course, card)
    first = book.resume(learner)
    for step in range(first, s.steps):
        if (step - first) % s.steps_a_round == 0:
            for _ in range(s.pool if step == first else 1):
                pool.advance(Predictor(learner.mean, card))
        loss = learner.step(pool.sample(s.frames), rate_at(step, s), s.overlap)
        learner.follow(min(s.average, (step + 1) / (step + 10)))
        book.note(step + 1, loss)
        if (step + 1) % s.validate_every == 0 or step + 1 == s.steps:
            js = validate(Predictor(learner.mean, card), course)
            if course.rank == 0:
                book.keep(learner, step + 1, js)
    return course.folder / "best.safetensors"


def card_of(s: TrainSettings) -> Card:
    """Say what a network with these settings is fed with.

    Raises
    ------
    SettingsError
        If a feature that is to be left out is not known.
    """
    unknown = sorted(set(s.left_out) - {*INPUTS, *LINK_NAMES})
    if unknown:
        raise SettingsError(
            f"Features that are left out must be there; {unknown} are not. Known are "
            f"{', '.join((*INPUTS, *LINK_NAMES))}."
        )
    nodes, links = (
        tuple(name for name in names if name not in s.left_out)
        for names in (INPUTS, LINK_NAMES)
    )
    return Card(nodes, links, s.width, s.depth, {"seed": s.seed})


def rate_at(step: int, s: TrainSettings) -> float:
    """Learning rate: up over 100 steps, then half a cosine down to a fiftieth."""
    warm = min(1.0, (step + 1) / 100)
    return float(s.rate * warm * (0.02 + 0.49 * (1 + np.cos(np.pi * step / s.steps))))


@dataclass(slots=True, eq=False)
class _Book:
    """What is written down in the folder of a training."""

    course: Course
    card: Card
    best: float = -1.0
    loss: float = 0.0
    begin: float = 0.0

    def resume(self, learner: Learner) -> int:
        """Open the book; returns the step to go on from."""
        self.begin = time.monotonic()
        self.course.folder.mkdir(parents=True, exist_ok=True)
        state = self.course.folder / "state.pt"
        if not state.exists():
            return 0
        step, self.best = learner.load(state)
        log.info("going on at step %d", step)
        return step

    def note(self, step: int, loss: float) -> None:
        """Follow the loss, and tell it now and then."""
        self.loss = 0.98 * self.loss + 0.02 * loss
        if step % TOLD_EVERY == 0 and self.course.rank == 0:
            of, took = self.course.settings.steps, time.monotonic() - self.begin
            log.info("step %d of %d, loss %.4f, %.0f s", step, of, self.loss, took)

    def keep(self, learner: Learner, step: int, js: list[float]) -> None:
        """Write a row of the curve, the checkpoints, and the state to go on from."""
        folder, mean = self.course.folder, learner.mean.state_dict()
        facts = {
            "seed": self.course.settings.seed,
            "steps": step,
            "seconds": time.monotonic() - self.begin,
            "processes": self.course.world,
            "j_by_round": js,
            "settings": self.course.settings.model_dump(),
        }
        card = replace(self.card, facts=facts)
        with (folder / "curve.csv").open("a", newline="") as file:
            csv.writer(file).writerow([step, self.loss, *js])
        save_checkpoint(folder / "last.safetensors", mean, card)
        if np.mean(js) > self.best:
            self.best = float(np.mean(js))
            save_checkpoint(folder / "best.safetensors", mean, card)
        learner.save(folder / "state.pt", step, self.best)


def train_together(make: Callable[[int, int], Course], processes: int) -> None:
    """Train on several processes that add up their gradients after every step.

    Parameters
    ----------
    make : callable
        From the number of a process and the number of processes to its course; must
        be picklable.
    processes : int
    """
    if processes == 1:
        train(make(0, 1))
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    args = (make, processes, f"tcp://127.0.0.1:{port}")
    spawn(_process, args, processes)  # type: ignore[no-untyped-call]


def _process(
    rank: int, make: Callable[[int, int], Course], processes: int, meet: str
) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))
    distributed.init_process_group(
        "gloo", init_method=meet, rank=rank, world_size=processes
    )
    try:
        train(make(rank, processes))
    finally:
        distributed.destroy_process_group()
