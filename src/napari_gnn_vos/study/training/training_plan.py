"""Picklable description of a training, from which each process builds its share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from napari_gnn_vos.config import Config
from napari_gnn_vos.progress import Pipeline, drain
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.study.labelled_video import LabelledVideo, open_davis_videos
from napari_gnn_vos.study.training.samples import without_refinement
from napari_gnn_vos.study.training.training_run import (
    RolloutConfig,
    TrainingRun,
    TrainSettings,
)

Source = tuple[Path, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Picklable description of a training.

    Parameters
    ----------
    train, validation : tuple of (Path, tuple of str)
        Folders in DAVIS layout, and names of sequences in each.
    cache, folder : Path
        For prepared graphs, and for checkpoints.
    config : Config
    settings : TrainSettings
    device : str
        Device of the network.
    workers : int
        Rollout workers per learner; with 0 the learner runs the sessions itself.
    projections : tuple of (str, Path)
        Names of training sequences with feature projections that were not trained on
        them; the others use that of `config`.
    """

    train: tuple[Source, ...]
    validation: tuple[Source, ...]
    cache: Path
    folder: Path
    config: Config
    settings: TrainSettings
    device: str = "cpu"
    workers: int = 0
    projections: tuple[tuple[str, Path], ...] = ()

    def prepare(self) -> Pipeline[None]:
        """Prepare all videos that are not in the cache."""
        yield from self._open_sources((*self.train, *self.validation))

    def open_videos(self) -> list[LabelledVideo]:
        """Open the training videos."""
        videos = drain(self._open_sources(self.train))
        return [
            LabelledVideo(self._training_session(video.session), video.truth)
            for video in videos
        ]

    def _training_session(self, session: Session) -> Session:
        """Select the feature projection of a video, and disable its refinement."""
        path = dict(self.projections).get(session.video.name)
        if path is not None:
            config = session.config.with_projection(str(path))
            session = replace(session, config=config)
        return without_refinement(session)

    def __call__(self, rank: int, world: int) -> TrainingRun:
        """Build the training run of process `rank` of `world`."""
        rollout = (
            RolloutConfig(self.workers, self.open_videos) if self.workers else None
        )
        training = [] if rollout else self.open_videos()
        validation = drain(self._open_sources(self.validation))
        self.folder.mkdir(parents=True, exist_ok=True)
        process = self.folder, rank, world, self.device
        return TrainingRun(self.settings, training, validation, *process, rollout)

    def _open_sources(
        self, sources: tuple[Source, ...]
    ) -> Pipeline[list[LabelledVideo]]:
        out: list[LabelledVideo] = []
        for root, names in sources:
            out += yield from open_davis_videos(root, names, self.config, self.cache)
        return out
