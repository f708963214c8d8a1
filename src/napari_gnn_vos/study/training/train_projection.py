"""Training of the feature projection of the label model."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from napari_gnn_vos.config import Config
from napari_gnn_vos.hardware import single_threaded_torch
from napari_gnn_vos.interact.feature_projection import save_projection
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.study.labelled_video import open_davis_videos
from napari_gnn_vos.study.training.one_cycle import OneCycleOptimizer
from napari_gnn_vos.study.training.projection_network import (
    ProjectionNetwork,
    ProjectionSettings,
    episode_loss,
)
from napari_gnn_vos.study.training.projection_samples import (
    ProjectionSamples,
    collect_projection_samples,
)

log = logging.getLogger(__name__)
CROSS_FIT_PARTS = 4
"""Parts of the sequences for `ProjectionPlan.cross_fit`."""


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
    rng, start = np.random.default_rng(s.seed), time.perf_counter()
    network = ProjectionNetwork(len(videos[names[0]].column_weights), s)
    optimizer = OneCycleOptimizer(network, s.rate, s.steps, s.weight_decay)
    losses: list[float] = []
    for step in range(1, s.steps + 1):
        chosen = [videos[names[rng.integers(len(names))]] for _ in range(s.batch)]
        loss = torch.stack([episode_loss(network, v, rng) for v in chosen]).mean()
        optimizer.step(loss)
        losses.append(float(loss.detach()))
        if step % 100 == 0:
            mean = np.mean(losses[-100:])
            log.info("step %d of %d: loss %.4f", step, s.steps, mean)
    metadata = {
        **asdict(s),
        "sequences": names,
        "loss": round(float(np.mean(losses[-100:])), 4),
        "seconds": round(time.perf_counter() - start),
    }
    save_projection(output, network.export(), json.dumps(metadata))
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
    settings: ProjectionSettings = field(default_factory=ProjectionSettings)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all sequences."""
        return tuple(sorted({name for _, names in self.sources for name in names}))

    def collect(self) -> Pipeline[None]:
        """Collect the samples of all sequences that are missing in the folder."""
        config = Config(refine="none", coarse_to_fine=False)
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
        """Train on the given sequences (default: all), unless the weights exist.

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

        The label model is more accurate on sequences that its projection was trained
        on, and a network trained with that projection would rely on it too much.

        Returns
        -------
        projections : tuple of (str, Path)
            For each sequence the weights that were trained without it; if there is a
            single one, trained on it.
        """
        names, projections = self.names, []
        parts = min(parts, len(names))
        for part in range(parts):
            held_out = names[part::parts]
            path = self.train([n for n in names if n not in held_out] or names)
            projections += [(name, path) for name in held_out]
        return tuple(projections)

    def _samples(self, name: str) -> Path:
        return self.folder / "samples" / f"{name}.npz"
