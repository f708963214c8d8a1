"""Training settings, and the share of a training that one process runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from napari_gnn_vos.config import Settings
from napari_gnn_vos.study.labelled_video import LabelledVideo


class TrainSettings(Settings):
    """Hyperparameters of a training."""

    steps: PositiveInt = Field(2500, description="Steps of the optimiser.")
    rate: PositiveFloat = Field(3e-3, description="Maximum learning rate.")
    frames: PositiveInt = Field(10, description="Frames per sample.")
    rounds: PositiveInt = Field(8, description="Maximum rounds of a session.")
    batch: PositiveInt = Field(1, description="Samples per step.")
    pool: PositiveInt = Field(10, description="Concurrent sessions.")
    steps_per_round: PositiveInt = Field(
        8, description="Steps per round that a session is advanced by."
    )
    samples_per_round: PositiveInt = Field(
        16, description="Samples that a rollout worker cuts per round."
    )
    width: PositiveInt = Field(20, description="Channels of the network.")
    depth: PositiveInt = Field(
        12, description="Layers, which is the receptive field in hops."
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of channels dropped.")
    average: float = Field(
        0.998,
        ge=0,
        lt=1,
        description="Decay of the exponential moving average of the weights.",
    )
    overlap: float = Field(0.5, ge=0, description="Weight of the soft J in the loss.")
    left_out: tuple[str, ...] = Field(
        (), description="Node and edge features that the network does not use."
    )
    validate_every: PositiveInt = Field(1250, description="Steps between validations.")
    validation_rounds: NonNegativeInt = Field(
        8, description="Rounds per validation; with 0 the last weights are used."
    )
    seed: int = Field(0, ge=0, description="Seed of weights, samples and dropout.")


@dataclass(frozen=True, slots=True)
class RolloutConfig:
    """Number of rollout workers and the videos they open; picklable.

    Parameters
    ----------
    workers : int
        Number of workers.
    open_videos : callable
        Opens the training videos, in the process of a worker.
    """

    workers: int
    open_videos: Callable[[], Sequence[LabelledVideo]]


@dataclass(slots=True, eq=False)
class TrainingRun:
    """The share of a training that one process runs.

    Parameters
    ----------
    settings : TrainSettings
    train, validation : sequence of LabelledVideo
        Training videos (empty if workers open them), and validation videos.
    folder : Path
        Where checkpoints, the curve and the state to resume from are kept.
    rank, world : int
        Rank of this process, and number of processes.
    device : str
        Device of the network.
    rollout : RolloutConfig, optional
        Runs the sessions in place of this process.
    """

    settings: TrainSettings
    train: Sequence[LabelledVideo]
    validation: Sequence[LabelledVideo]
    folder: Path
    rank: int = 0
    world: int = 1
    device: str = "cpu"
    rollout: RolloutConfig | None = None
