"""What a training is made of, for any number of processes to build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_gnn_vos.config import Config
from napari_gnn_vos.progress import Pipeline, drain
from napari_gnn_vos.study.footage import Footage, davis_footage
from napari_gnn_vos.study.training.course import Course, TrainSettings
from napari_gnn_vos.study.training.samples import for_training

Source = tuple[Path, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class CoursePlan:
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
    """

    train: tuple[Source, ...]
    validation: tuple[Source, ...]
    cache: Path
    folder: Path
    config: Config
    settings: TrainSettings
    device: str = "cpu"

    def prepare(self) -> Pipeline[tuple[list[Footage], list[Footage]]]:
        """Prepare what is not prepared yet."""
        learn: list[Footage] = []
        check: list[Footage] = []
        for sources, footage in ((self.train, learn), (self.validation, check)):
            for root, names in sources:
                footage += yield from davis_footage(
                    root, names, self.config, self.cache
                )
        return learn, check

    def __call__(self, rank: int, world: int) -> Course:
        """Course of process `rank` of `world`."""
        learn, check = drain(self.prepare())
        learn = [Footage(for_training(f.session), f.truth) for f in learn]
        self.folder.mkdir(parents=True, exist_ok=True)
        return Course(
            self.settings, learn, check, self.folder, rank, world, self.device
        )
