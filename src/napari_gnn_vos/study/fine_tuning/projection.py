"""Fine-tune the feature projection of the label model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from napari_gnn_vos.interact.feature_projection import FeatureProjection
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.study.fine_tuning.fine_tune_settings import FineTuneSettings
from napari_gnn_vos.study.training.one_cycle import OneCycleOptimizer
from napari_gnn_vos.study.training.projection_network import (
    INFERENCE_REGULARIZATION,
    ProjectionNetwork,
    ProjectionSettings,
    episode_loss,
)
from napari_gnn_vos.study.training.projection_samples import ProjectionSamples

WEIGHT_DECAY = 1e-2


def network_of(projection: FeatureProjection) -> ProjectionNetwork:
    """Build the differentiable network of a projection.

    `ProjectionNetwork.export` of it returns the projection.
    """
    columns, hidden = projection.hidden_weights.shape
    outputs = len(projection.output_bias)
    settings = ProjectionSettings(hidden=hidden, outputs=outputs)
    network = ProjectionNetwork(columns, settings)
    penalty = projection.regularization[0] / INFERENCE_REGULARIZATION
    state: dict[str, Tensor] = {
        "hidden.weight": torch.tensor(projection.hidden_weights.T),
        "hidden.bias": torch.tensor(projection.hidden_bias),
        "output.weight": torch.tensor(projection.output_weights.T),
        "output.bias": torch.tensor(projection.output_bias),
        "output_scale": torch.tensor(1.0),
        "input_weights": torch.tensor(projection.input_weights),
        "log_regularization": torch.tensor(float(np.log(penalty))),
        "logit_scale": torch.tensor(float(projection.logit_scale[0])),
    }
    network.load_state_dict(state)
    return network


def fine_tune_projection(
    videos: Sequence[ProjectionSamples],
    base: FeatureProjection,
    settings: FineTuneSettings,
) -> Pipeline[FeatureProjection]:
    """Continue the training of a feature projection on episodes.

    Parameters
    ----------
    videos : sequence of ProjectionSamples
    base : FeatureProjection
        Weights to start from.
    settings : FineTuneSettings

    Yields
    ------
    step : Progress

    Returns
    -------
    projection : FeatureProjection
    """
    s, rng = settings, np.random.default_rng(settings.seed)
    network = network_of(base)
    optimizer = OneCycleOptimizer(
        network, s.projection_rate, s.projection_steps, WEIGHT_DECAY
    )
    for step in range(s.projection_steps):
        yield Progress("fine-tune projection", step, s.projection_steps)
        chosen = rng.integers(len(videos), size=s.projection_batch)
        losses = [episode_loss(network, videos[k], rng) for k in chosen]
        optimizer.step(torch.stack(losses).mean())
    return network.export()
