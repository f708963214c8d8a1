"""Settings of a fine-tuning."""

from __future__ import annotations

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from napari_gnn_vos.config import Settings


class FineTuneSettings(Settings):
    """Hyperparameters of a fine-tuning."""

    merge_objects: bool = Field(
        False, description="Train and evaluate on all objects as one."
    )
    projection_steps: NonNegativeInt = Field(
        300, description="Steps of the feature projection; with 0 it is not trained."
    )
    projection_rate: PositiveFloat = Field(
        5e-4, description="Maximum learning rate of the feature projection."
    )
    projection_batch: PositiveInt = Field(2, description="Episodes per step.")
    steps: NonNegativeInt = Field(
        300, description="Steps of the network for several objects."
    )
    steps_of_one: NonNegativeInt = Field(
        0,
        description="Steps of the network for one object or a group of similar ones, "
        "which are trained after the projection.",
    )
    rate: PositiveFloat = Field(
        5e-4, description="Maximum learning rate of the network."
    )
    average: float = Field(
        0.98,
        ge=0,
        lt=1,
        description="Decay of the exponential moving average of the weights.",
    )
    pool: PositiveInt = Field(6, description="Concurrent simulated sessions.")
    rounds: PositiveInt = Field(4, description="Rounds of a session.")
    evaluated_rounds: PositiveInt = Field(
        3, description="Rounds of the evaluation on held-out frames."
    )
    held_out: float = Field(
        0.3, gt=0, le=0.5, description="Share of the labelled frames that is held out."
    )
    seed: int = Field(0, ge=0, description="Seed of samples, strokes and dropout.")
