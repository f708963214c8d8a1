"""Files written during training: learning curve, checkpoints and resume state."""

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
LOG_EVERY = 50
"""Steps between two rows of the learning curve."""
SAVE_EVERY = 100
"""Steps between two resume states."""


@dataclass(slots=True, eq=False)
class TrainingLog:
    """Write the learning curve, checkpoints and resume state of a training.

    Parameters
    ----------
    run : TrainingRun
    metadata : CheckpointMetadata
        Metadata of the network.
    """

    run: TrainingRun
    metadata: CheckpointMetadata
    best: float = -1.0
    loss: float = 0.0
    begin: float = field(default_factory=time.monotonic)

    def resume(self, learner: Learner) -> int:
        """Restore the last state, if any; returns the step to resume from."""
        self.run.folder.mkdir(parents=True, exist_ok=True)
        state = self.run.folder / "state.safetensors"
        if not state.exists():
            return 0
        step, self.best = learner.load(state)
        log.info("resuming at step %d", step)
        return step

    def record_step(self, learner: Learner, step: int, loss: float) -> None:
        """Update the smoothed loss; write curve and state at intervals."""
        self.loss = loss if step == 1 else 0.98 * self.loss + 0.02 * loss
        if self.run.rank > 0:
            return
        if step % LOG_EVERY == 0:
            log.info("step %d, loss %.4f", step, self.loss)
            self._row(step, [])
        if step % SAVE_EVERY == 0:
            self._save(learner, step)

    def write_checkpoints(self, learner: Learner, step: int, js: list[float]) -> None:
        """Write checkpoints and the resume state.

        Parameters
        ----------
        learner : Learner
        step : int
        js : list of float
            Validation J per round; ``best.safetensors`` has the highest mean.

        Raises
        ------
        SettingsError
            If the files cannot be written; existing files stay intact.
        """
        folder, mean = self.run.folder, learner.averaged.state_dict()
        settings = self.run.settings
        facts = {
            "seed": settings.seed,
            "steps": step,
            "seconds": time.monotonic() - self.begin,
            "processes": self.run.world,
            "device": self.run.device,
            "j_by_round": js,
            "settings": settings.model_dump(),
        }
        metadata = replace(self.metadata, facts=facts)
        self._row(step, js)
        better = not js or float(np.mean(js)) > self.best
        names = ["last.safetensors", *(["best.safetensors"] if better else [])]
        try:
            for name in names:
                save_checkpoint(folder / name, mean, metadata)
        except (OSError, SafetensorError) as error:
            raise self._cannot_write(folder, error) from error
        if js and better:
            self.best = float(np.mean(js))
        self._save(learner, step)

    def _save(self, learner: Learner, step: int) -> None:
        path = self.run.folder / "state.safetensors"
        try:
            learner.save(path, step, self.best)
        except (
            OSError,
            RuntimeError,
        ) as error:  # torch raises RuntimeError on a full disk
            raise self._cannot_write(path, error) from error

    def _row(self, step: int, js: list[float]) -> None:
        """Append step, seconds, loss and validation J per round to the curve."""
        row = [step, round(time.monotonic() - self.begin, 1), round(self.loss, 5)]
        try:
            with (self.run.folder / "curve.csv").open("a", newline="") as file:
                csv.writer(file).writerow([*row, *(round(j, 4) for j in js)])
        except OSError as error:
            raise self._cannot_write(self.run.folder, error) from error

    @staticmethod
    def _cannot_write(path: Path, error: Exception) -> SettingsError:
        return SettingsError(
            f"The training cannot be written to {path}: {error}. Existing files are "
            "intact. Free disk space and run the same command again to resume."
        )
