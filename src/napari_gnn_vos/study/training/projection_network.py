"""Differentiable feature projection, and its loss on episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from napari_gnn_vos.interact.feature_projection import FeatureProjection
from napari_gnn_vos.study.training.projection_samples import ProjectionSamples

KNOWN_OBJECT, KNOWN_REST = 120, 240
"""Largest number of known superpixels of either kind in an episode."""
QUERIES, OBJECT_QUERIES = 1000, 300
"""Superpixels of the video that are classified in an episode, and further ones of the
object."""
INFERENCE_REGULARIZATION = 2.5
"""Factor applied to the trained regularisation, because the projection separates the
training videos better than others."""
MIN_STEPS = 20
"""Steps of the shortest training."""


@dataclass(frozen=True)
class ProjectionSettings:
    """Settings of a training of the feature projection.

    Parameters
    ----------
    hidden, outputs : int
        Width of the hidden layer, and number of projected columns.
    steps, batch : int
        Steps, and episodes per step.
    rate, weight_decay : float
        Largest learning rate of the one-cycle schedule, and weight decay, of AdamW.
    seed : int
    """

    hidden: int = 128
    outputs: int = 64
    steps: int = 1500
    batch: int = 2
    rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 0

    @classmethod
    def for_network(cls, steps: int, seed: int) -> Self:
        """Return the settings for the training of a network of some steps.

        A projection gets the default number of steps, or as few as the network.
        """
        return cls(steps=min(cls.steps, max(steps, MIN_STEPS)), seed=seed)


class ProjectionNetwork(nn.Module):
    """Differentiable `FeatureProjection` with its ridge classifier.

    Parameters
    ----------
    columns : int
        Number of input columns C.
    settings : ProjectionSettings
    """

    def __init__(self, columns: int, settings: ProjectionSettings) -> None:
        super().__init__()
        self.hidden = nn.Linear(columns, settings.hidden)
        self.output = nn.Linear(settings.hidden, settings.outputs)
        self.output_scale = nn.Parameter(torch.tensor(0.3))
        self.input_weights = nn.Parameter(torch.ones(columns))
        self.log_regularization = nn.Parameter(torch.tensor(-3.0))
        self.logit_scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, standardised: Tensor) -> Tensor:
        """Project (n, C) inputs, and append a column of ones."""
        projected = self.output(functional.relu(self.hidden(standardised)))
        parts = standardised * self.input_weights, projected * self.output_scale
        return torch.cat([*parts, torch.ones(len(standardised), 1)], 1)

    def classify(self, known: Tensor, is_label: Tensor, weights: Tensor) -> Tensor:
        """Fit the ridge classifier to projected samples, (D + 1,)."""
        totals = torch.where(
            is_label, weights[is_label].sum(), weights[~is_label].sum()
        )
        weighted = known.T * (weights / totals)
        moments = weighted @ known
        penalty = torch.exp(self.log_regularization) * moments.diagonal()[:-1].mean()
        penalties = torch.cat(
            [penalty.expand(len(moments) - 1), torch.full((1,), 1e-4)]
        )
        target = torch.where(is_label, 1.0, -1.0)
        system = moments + torch.diag(penalties)
        classifier: Tensor = torch.linalg.solve(system, weighted @ target)
        return classifier

    def export(self) -> FeatureProjection:
        """Return the projection for inference."""
        scale = self.output_scale
        regularization = torch.exp(self.log_regularization) * INFERENCE_REGULARIZATION
        values = (
            self.input_weights,
            self.hidden.weight.T,
            self.hidden.bias,
            self.output.weight.T * scale,
            self.output.bias * scale,
            regularization[None],
            self.logit_scale[None],
        )
        arrays = (value.detach().numpy().astype(np.float32) for value in values)
        return FeatureProjection(*(np.ascontiguousarray(array) for array in arrays))


def episode_loss(
    network: ProjectionNetwork, samples: ProjectionSamples, rng: Generator
) -> Tensor:
    """Fit the classifier to samples of a round, and evaluate it on other superpixels.

    Returns
    -------
    loss : () Tensor
        Binary cross-entropy, weighted by the sizes of the superpixels.
    """
    known_samples = samples.rounds[rng.integers(len(samples.rounds))]
    is_label = known_samples.labels == 1
    support = np.concatenate(
        [
            _sample_rows(np.flatnonzero(is_label), KNOWN_OBJECT, rng),
            _sample_rows(np.flatnonzero(~is_label), KNOWN_REST, rng),
        ]
    )
    inside = np.flatnonzero(samples.share > 0.5)
    queries = rng.integers(len(samples.share), size=QUERIES)
    if len(inside):
        queries = np.concatenate([queries, rng.choice(inside, OBJECT_QUERIES)])

    def project(inputs: NDArray[Any]) -> Tensor:
        values = known_samples.standardise(inputs, samples.column_weights)
        projected: Tensor = network(torch.from_numpy(values))
        return projected

    weights = torch.from_numpy(known_samples.weights[support].astype(np.float32))
    labels = torch.from_numpy(is_label[support])
    classifier = network.classify(
        project(known_samples.inputs[support]), labels, weights
    )
    logit = network.logit_scale * (project(samples.inputs[queries]) @ classifier)
    size = torch.from_numpy(samples.size[queries])
    target = torch.from_numpy(samples.share[queries])
    return functional.binary_cross_entropy_with_logits(
        logit, target, weight=size / size.mean()
    )


def _sample_rows(
    rows: NDArray[np.int64], limit: int, rng: Generator
) -> NDArray[np.int64]:
    """Select up to `limit` rows, a random number of them."""
    count = min(len(rows), int(rng.integers(limit // 4, limit)) + 1)
    selected: NDArray[np.int64] = rng.choice(rows, count, replace=False)
    return selected
