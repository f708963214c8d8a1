"""What is written down while a network learns."""

from __future__ import annotations

import csv
import logging
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.model.checkpoint import CheckpointMetadata, save_checkpoint
from napari_gnn_vos.study.training.learner import Learner
from napari_gnn_vos.study.training.training_run import TrainingRun

log = logging.getLogger(__name__)
TOLD_EVERY = 50
"""Steps between two lines of the curve."""
SAVED_EVERY = 100
"""Steps between two states to go on from."""


@dataclass(slots=True, eq=False)
class TrainingLog:
    """The folder of a training: its curve, checkpoints, and state.

    Parameters
    ----------
    course : TrainingRun
    card : CheckpointMetadata
        Of the network.
    """

    course: TrainingRun
    card: CheckpointMetadata
    best: float = -1.0
    loss: float = 0.0
    begin: float = field(default_factory=time.monotonic)

    def resume(self, learner: Learner) -> int:
        """Open the book; returns the step to go on from."""
        self.course.folder.mkdir(parents=True, exist_ok=True)
        state = self.course.folder / "state.pt"
        if not state.exists():
            return 0
        step, self.best = learner.load(state)
        log.info("going on at step %d", step)
        return step

    def note(self, learner: Learner, step: int, loss: float) -> None:
        """Follow the loss, and write it and the state down now and then."""
        self.loss = loss if step == 1 else 0.98 * self.loss + 0.02 * loss
        if self.course.rank > 0:
            return
        if step % TOLD_EVERY == 0:
            log.info("step %d, loss %.4f", step, self.loss)
            self._row(step, [])
        if step % SAVED_EVERY == 0:
            self._save(learner, step)

    def keep(self, learner: Learner, step: int, js: list[float]) -> None:
        """Write checkpoints, and the state to go on from.

        Parameters
        ----------
        learner : Learner
        step : int
        js : list of float
            Validation J after every round: the best by their mean is kept.

        Raises
        ------
        SettingsError
            If nothing can be written; what was there before is left whole.
        """
        folder, mean = self.course.folder, learner.mean.state_dict()
        settings = self.course.settings
        facts = {
            "seed": settings.seed,
            "steps": step,
            "seconds": time.monotonic() - self.begin,
            "processes": self.course.world,
            "device": self.course.device,
            "j_by_round": js,
            "settings": settings.model_dump(),
        }
        card = replace(self.card, facts=facts)
        self._row(step, js)
        better = not js or float(np.mean(js)) > self.best
        names = ["last.safetensors", *(["best.safetensors"] if better else [])]
        try:
            for name in names:
                save_checkpoint(folder / name, mean, card)
        except (OSError, SafetensorError) as error:
            raise self._cannot_write(folder, error) from error
        if js and better:
            self.best = float(np.mean(js))
        self._save(learner, step)

    def _save(self, learner: Learner, step: int) -> None:
        path = self.course.folder / "state.pt"
        try:
            learner.save(path, step, self.best)
        except (
            OSError,
            RuntimeError,
        ) as error:  # torch tells of a full disk by the latter
            raise self._cannot_write(path, error) from error

    def _row(self, step: int, js: list[float]) -> None:
        """Add a row to the curve: step, seconds, loss, and J by round if measured."""
        row = [step, round(time.monotonic() - self.begin, 1), round(self.loss, 5)]
        try:
            with (self.course.folder / "curve.csv").open("a", newline="") as file:
                csv.writer(file).writerow([*row, *(round(j, 4) for j in js)])
        except OSError as error:
            raise self._cannot_write(self.course.folder, error) from error

    @staticmethod
    def _cannot_write(path: Path, error: Exception) -> SettingsError:
        return SettingsError(
            f"The training cannot be written to {path}: {error}. What was there is "
            "whole. Make room and run the same command again; it goes on from there."
        )
