"""Training of the boundary decoder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import Model
from napari_gnn_vos.model.backbone import Embed, bundled_state, embedder
from napari_gnn_vos.model.boundary_decoder import (
    FEATURE_BLOCKS,
    BoundaryDecoder,
    load_decoder,
    save_decoder,
)
from napari_gnn_vos.model.local_colours import (
    colour_statistics,
    local_colour_likelihoods,
)
from napari_gnn_vos.progress import Pipeline, drain
from napari_gnn_vos.study.training.cell_pictures import draw_cells
from napari_gnn_vos.study.training.collect_coarse import (
    CollectionSettings,
    collect_coarse,
)
from napari_gnn_vos.study.training.cut_out_pictures import CutOutPictures
from napari_gnn_vos.study.training.decoder_samples import (
    CELL_SHARE,
    CUT_OUT_SHARE,
    NEAR,
    PHOTOGRAPH_SHARE,
    SEQUENCE_SHARE,
    CollectedSamples,
    DecoderSample,
    MixedSamples,
    SampleSource,
    draw_crop,
)
from napari_gnn_vos.study.training.masked_pictures import MaskedPicture, write_pictures
from napari_gnn_vos.study.training.one_cycle import OneCycleOptimizer
from napari_gnn_vos.study.training.photographs import PhotographSamples
from napari_gnn_vos.vision import cv2

log = logging.getLogger(__name__)
DICE_WEIGHT, WEIGHT_DECAY = 0.5, 1e-4


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """Settings of a training of the boundary decoder.

    Parameters
    ----------
    steps : int
    batch : int
        Crops per step.
    rate : float
        Largest learning rate of the one-cycle schedule.
    seed : int
    initial : Path, optional
        Weights to begin with.
    cut_outs : int
        Number of pictures of cut-out objects, if there are photographs.
    cells : int
        Number of simulated pictures of cells, if there are photographs.
    """

    steps: int = 8000
    batch: int = 4
    rate: float = 3e-3
    seed: int = 0
    initial: Path | None = None
    cut_outs: int = 2000
    cells: int = 500


class DecoderBatch:
    """Tensors of some crops.

    Parameters
    ----------
    crops : sequence of DecoderSample
        All of one size, a multiple of 8.
    embed : callable
        Backbone, from a picture to the maps of `FEATURE_BLOCKS`.
    device : str
    """

    def __init__(
        self, crops: Sequence[DecoderSample], embed: Embed, device: str
    ) -> None:
        def stack(arrays: Sequence[NDArray[Any]]) -> Tensor:
            return torch.from_numpy(np.stack(arrays)).float().to(device)

        halves = [_half(crop) for crop in crops]
        rgb, coarse, target, known, colours = (
            stack(a) for a in zip(*halves, strict=True)
        )
        features = [embed(crop.rgb) for crop in crops]
        self.features = [
            stack(level).permute(0, 3, 1, 2) for level in zip(*features, strict=True)
        ]
        self.rgb = rgb.permute(0, 3, 1, 2) / 255 - 0.5
        self.coarse, self.target, self.colours = (
            coarse[:, None],
            target[:, None],
            colours,
        )
        near = (self.target > 0.02) & (self.target < 0.98)
        near = functional.max_pool2d(near.float(), NEAR, 1, NEAR // 2)
        boundary = torch.tensor([c.boundary_weight for c in crops], device=device)
        extra = boundary.view(-1, 1, 1, 1) - 1
        self.known = (known[:, None] == 1).float()
        self.weight = (1 + near * extra) * self.known


def _half(crop: DecoderSample) -> tuple[NDArray[Any], ...]:
    """Reduce all arrays to stride 2, and compute local colour likelihoods."""

    def half(array: NDArray[Any]) -> NDArray[Any]:
        size = array.shape[1] // 2, array.shape[0] // 2
        return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA))

    rgb, coarse = half(crop.rgb), half(crop.coarse).astype(np.float32)
    mask, known = (half(a.astype(np.float32)) for a in (crop.mask, crop.known))
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    colours = local_colour_likelihoods(lab, colour_statistics(lab, coarse))
    return rgb, coarse, mask, known, colours


def decoder_loss(decoder: BoundaryDecoder, batch: DecoderBatch) -> Tensor:
    """Compute weighted binary cross-entropy plus soft Dice loss over known pixels."""
    maps = decoder.image_maps(batch.features, batch.rgb)
    logit = decoder(maps, batch.coarse, batch.colours)
    entropy = functional.binary_cross_entropy_with_logits(
        logit, batch.target, reduction="none"
    )
    loss = (entropy * batch.weight).mean()
    y, target = torch.sigmoid(logit) * batch.known, batch.target * batch.known
    axes = (1, 2, 3)
    shared = 2 * (y * target).sum(axes) + 1
    overlap = shared / (y.sum(axes) + target.sum(axes) + 1)
    return loss + DICE_WEIGHT * (1 - overlap).mean()


def train_decoder(
    draw: Callable[[np.random.Generator], DecoderSample],
    output: Path,
    settings: DecoderSettings,
    facts: dict[str, object],
    device: str = "cpu",
) -> Path:
    """Train a decoder.

    Parameters
    ----------
    draw : callable
        Draws a crop at random.
    output : Path
        Safetensors file, written every 500 steps and at the end.
    settings : DecoderSettings
    facts : dict
        Sources of the data, saved with the weights.
    device : str

    Returns
    -------
    output : Path
    """
    s = settings
    torch.manual_seed(s.seed)
    rng, start = np.random.default_rng(s.seed), time.perf_counter()
    embed = embedder(bundled_state(), FEATURE_BLOCKS, device)
    decoder = (load_decoder(s.initial) if s.initial else BoundaryDecoder()).to(device)
    optimizer = OneCycleOptimizer(decoder, s.rate, s.steps, WEIGHT_DECAY)
    hyperparameters = {**asdict(s), "initial": str(s.initial or "")}
    losses = []
    for step in range(1, s.steps + 1):
        batch = DecoderBatch([draw(rng) for _ in range(s.batch)], embed, device)
        loss = decoder_loss(decoder, batch)
        optimizer.step(loss)
        losses.append(float(loss.detach()))
        if step % 500 == 0 or step == s.steps:
            mean = float(np.mean(losses[-500:]))
            log.info("step %d of %d: loss %.4f", step, s.steps, mean)
            minutes = round((time.perf_counter() - start) / 60, 1)
            progress = {"steps done": step, "loss": round(mean, 4), "minutes": minutes}
            save_decoder(output, decoder, {**facts, **hyperparameters, **progress})
    return output


@dataclass(frozen=True, slots=True)
class DecoderPlan:
    """Sources of a training of the boundary decoder.

    Parameters
    ----------
    sources : tuple of (Path, tuple of str)
        Folders in DAVIS layout, and names of sequences in each.
    stills : Path, optional
        Folder of photographs with masks, see `PhotographSamples`.
    output : Path
        Folder for collected predictions, superpixels of photographs, generated
        pictures, and the weights.
    cache : Path
        For prepared graphs.
    """

    sources: tuple[tuple[Path, tuple[str, ...]], ...]
    stills: Path | None
    output: Path
    cache: Path

    def collect(self, model: Model, config: Config | None = None) -> Pipeline[None]:
        """Collect the predictions of a network for sequences that have none yet."""
        settings = CollectionSettings(config=config or Config())
        for root, names in self.sources:
            yield from collect_coarse(
                root, names, model, self._collected, self.cache, settings
            )

    def train(
        self,
        settings: DecoderSettings,
        device: str = "cpu",
        weights: str = "boundary-decoder",
        left_out: tuple[str, ...] = (),
    ) -> Path:
        """Train a decoder on collected predictions, photographs, cut-outs and cells.

        Parameters
        ----------
        settings : DecoderSettings
        device : str
        weights : str
            Name of the file in the output folder, without suffix.
        left_out : tuple of str
            Prefixes of the names of photographs that are left out.

        Returns
        -------
        path : Path
            The weights.
        """
        names = tuple(name for _, names in self.sources for name in names)
        sources: list[SampleSource] = [CollectedSamples.of(self._collected, names)]
        facts: dict[str, object] = {"sequences": names, "photographs": 0}
        if self.stills is not None:
            superpixels = self.output / "superpixels"
            stills = PhotographSamples.of(self.stills, superpixels, left_out)
            draw_cut_outs = CutOutPictures.open(self.sources, self.stills, left_out)
            cut_outs = self._generated(
                draw_cut_outs, f"{weights}-cut-outs", settings.cut_outs, settings.seed
            )
            cells = self._generated(draw_cells, "cells", settings.cells, settings.seed)
            sources += [stills, cut_outs, cells]
            facts["photographs"] = len(stills.names)
        shares = SEQUENCE_SHARE, PHOTOGRAPH_SHARE, CUT_OUT_SHARE, CELL_SHARE
        mixed = MixedSamples(tuple(sources), shares[: len(sources)])
        path = self.output / f"{weights}.safetensors"
        return train_decoder(partial(draw_crop, mixed), path, settings, facts, device)

    def _generated(
        self,
        draw: Callable[[np.random.Generator], MaskedPicture],
        name: str,
        count: int,
        seed: int,
    ) -> PhotographSamples:
        folder = self.output / name
        drain(write_pictures(draw, folder, count, seed))
        return PhotographSamples.of(folder, folder / "superpixels")

    @property
    def _collected(self) -> Path:
        return self.output / "predictions"
