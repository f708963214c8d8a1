"""What a training is made of, for any number of processes to build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_gnn_vos.config import Config
from napari_gnn_vos.progress import Pipeline, drain
from napari_gnn_vos.study.labelled_video import LabelledVideo, davis_footage
from napari_gnn_vos.study.training.samples import for_training
from napari_gnn_vos.study.training.training_run import (
    RolloutConfig,
    TrainingRun,
    TrainSettings,
)

Source = tuple[Path, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """All that a process needs to build its course; picklable.

    Parameters
    ----------
    train, validation : tuple of (Path, tuple of str)
        Folders in DAVIS layout, and names of sequences in each.
    cache, folder : Path
        For prepared graphs, and for checkpoints.
    config : Config
    settings : TrainSettings
    device : str
        Where the network computes.
    players : int
        Processes that play beside every one that learns; none if it plays itself.
    """

    train: tuple[Source, ...]
    validation: tuple[Source, ...]
    cache: Path
    folder: Path
    config: Config
    settings: TrainSettings
    device: str = "cpu"
    players: int = 0

    def prepare(self) -> Pipeline[None]:
        """Prepare what is not prepared yet."""
        yield from self._opened((*self.train, *self.validation))

    def footage(self) -> list[LabelledVideo]:
        """Open the videos to train on."""
        footage = drain(self._opened(self.train))
        return [LabelledVideo(for_training(f.session), f.truth) for f in footage]

    def __call__(self, rank: int, world: int) -> TrainingRun:
        """Course of process `rank` of `world`."""
        cast = RolloutConfig(self.players, self.footage) if self.players else None
        learn = [] if cast else self.footage()
        check = drain(self._opened(self.validation))
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder, rank, world, self.device
        return TrainingRun(self.settings, learn, check, *place, cast)

    def _opened(self, sources: tuple[Source, ...]) -> Pipeline[list[LabelledVideo]]:
        out: list[LabelledVideo] = []
        for root, names in sources:
            out += yield from davis_footage(root, names, self.config, self.cache)
        return out
