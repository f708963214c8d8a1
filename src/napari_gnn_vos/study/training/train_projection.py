"""Training of the feature projection of the label model."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from napari_gnn_vos.config import Config
from napari_gnn_vos.hardware import single_threaded_torch
from napari_gnn_vos.interact.feature_projection import (
    FeatureProjection,
    save_projection,
)
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.study.labelled_video import open_davis_videos
from napari_gnn_vos.study.training.projection_samples import (
    ProjectionSamples,
    collect_projection_samples,
)

log = logging.getLogger(__name__)
KNOWN_OBJECT, KNOWN_REST = 120, 240
"""Largest number of known superpixels of either kind in an episode."""
QUERIES, OBJECT_QUERIES = 1000, 300
"""Superpixels of the video that are classified in an episode, and further ones of the
object."""
INFERENCE_REGULARIZATION = 2.5
"""Factor of the trained regularisation. The projection separates the training videos
better than others."""
MIN_STEPS = 20
"""Steps of the shortest training."""
CROSS_FIT_PARTS = 4
"""Parts of the sequences for `ProjectionPlan.cross_fit`."""


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
        Of AdamW, with a one-cycle schedule.
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
    """Classify superpixels of a video from a part of what is known in a round.

    Returns
    -------
    loss : () Tensor
        Binary cross-entropy, weighted by the sizes of the superpixels.
    """
    known = samples.rounds[rng.integers(len(samples.rounds))]
    is_label = known.labels == 1
    support = np.concatenate(
        [
            _some(np.flatnonzero(is_label), KNOWN_OBJECT, rng),
            _some(np.flatnonzero(~is_label), KNOWN_REST, rng),
        ]
    )
    inside = np.flatnonzero(samples.share > 0.5)
    queries = rng.integers(len(samples.share), size=QUERIES)
    if len(inside):
        queries = np.concatenate([queries, rng.choice(inside, OBJECT_QUERIES)])

    def project(inputs: NDArray[Any]) -> Tensor:
        values = known.standardise(inputs, samples.column_weights)
        projected: Tensor = network(torch.from_numpy(values))
        return projected

    weights = torch.from_numpy(known.weights[support].astype(np.float32))
    labels = torch.from_numpy(is_label[support])
    classifier = network.classify(project(known.inputs[support]), labels, weights)
    logit = network.logit_scale * (project(samples.inputs[queries]) @ classifier)
    size = torch.from_numpy(samples.size[queries])
    target = torch.from_numpy(samples.share[queries])
    return functional.binary_cross_entropy_with_logits(
        logit, target, weight=size / size.mean()
    )


def _some(rows: NDArray[np.int64], limit: int, rng: Generator) -> NDArray[np.int64]:
    """Select up to `limit` rows, a random number of them."""
    count = min(len(rows), int(rng.integers(limit // 4, limit)) + 1)
    selected: NDArray[np.int64] = rng.choice(rows, count, replace=False)
    return selected


def train_projection(
    videos: Mapping[str, ProjectionSamples],
    output: Path,
    settings: ProjectionSettings,
) -> Path:
    """Train a feature projection on episodes of random videos and rounds.

    Parameters
    ----------
    videos : mapping of str to ProjectionSamples
        By name; the names are saved with the weights.
    output : Path
        Safetensors file.
    settings : ProjectionSettings

    Returns
    -------
    output : Path
    """
    s, names = settings, sorted(videos)
    torch.manual_seed(s.seed)
    rng, begin = np.random.default_rng(s.seed), time.perf_counter()
    network = ProjectionNetwork(len(videos[names[0]].column_weights), s)
    optimizer = torch.optim.AdamW(
        network.parameters(), s.rate, weight_decay=s.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, s.rate, total_steps=s.steps
    )
    losses: list[float] = []
    for step in range(1, s.steps + 1):
        chosen = [videos[names[rng.integers(len(names))]] for _ in range(s.batch)]
        loss = torch.stack([episode_loss(network, v, rng) for v in chosen]).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % 100 == 0:
            mean = np.mean(losses[-100:])
            log.info("step %d of %d: loss %.4f", step, s.steps, mean)
    facts = {
        **asdict(s),
        "sequences": names,
        "loss": round(float(np.mean(losses[-100:])), 4),
        "seconds": round(time.perf_counter() - begin),
    }
    save_projection(output, network.export(), json.dumps(facts))
    return output


@dataclass(frozen=True, slots=True)
class ProjectionPlan:
    """Sources of trainings of feature projections.

    Parameters
    ----------
    sources : tuple of (Path, tuple of str)
        Folders in DAVIS layout, and names of sequences in each.
    cache : Path
        For prepared graphs.
    folder : Path
        Gets the samples of each sequence, and the weights.
    settings : ProjectionSettings
    """

    sources: tuple[tuple[Path, tuple[str, ...]], ...]
    cache: Path
    folder: Path
    settings: ProjectionSettings = ProjectionSettings()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all sequences."""
        return tuple(sorted({name for _, names in self.sources for name in names}))

    def collect(self) -> Pipeline[None]:
        """Gather the samples of sequences that are not gathered yet."""
        config = Config(refine="none")
        for root, names in self.sources:
            for number, name in enumerate(names):
                yield Progress("gather samples", number, len(names))
                if not self._samples(name).exists():
                    opened = open_davis_videos(root, [name], config, self.cache)
                    (video,) = yield from opened
                    rng = np.random.default_rng(self.settings.seed)
                    samples = collect_projection_samples(video, rng)
                    self._samples(name).parent.mkdir(parents=True, exist_ok=True)
                    samples.write(self._samples(name))

    def train(self, names: Collection[str] | None = None) -> Path:
        """Train on some of the sequences, all by default, if it is not done yet.

        Returns
        -------
        path : Path
            The weights, named by what they depend on.
        """
        names = sorted(self.names if names is None else names)
        text = json.dumps([names, asdict(self.settings)], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        path = self.folder / f"projection-{digest}.safetensors"
        if not path.exists():
            videos = {n: ProjectionSamples.read(self._samples(n)) for n in names}
            with single_threaded_torch():
                train_projection(videos, path, self.settings)
        return path

    def cross_fit(self, parts: int = CROSS_FIT_PARTS) -> tuple[tuple[str, Path], ...]:
        """Train a projection without each part of the sequences.

        A network that is trained with a projection of its own training sequences learns
        to trust it too much.

        Returns
        -------
        projections : tuple of (str, Path)
            For each sequence the weights that were trained without it; if there is a
            single one, trained on it.
        """
        names, found = self.names, []
        parts = min(parts, len(names))
        for part in range(parts):
            held_out = names[part::parts]
            path = self.train([n for n in names if n not in held_out] or names)
            found += [(name, path) for name in held_out]
        return tuple(found)

    def _samples(self, name: str) -> Path:
        return self.folder / "samples" / f"{name}.npz"
