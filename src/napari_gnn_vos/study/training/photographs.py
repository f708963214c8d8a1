"""Photographs with masks, on which predictions are imitated to train the decoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.prepare.region_merging import merge_superpixels
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.study.training.decoder_samples import (
    BOUNDARY_WEIGHT,
    DecoderSample,
    read_picture,
)
from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
UNKNOWN = 128
"""Value of a mask where it is not known whether a pixel is of the object."""
POLYGONS = "coco_"
"""Prefix of the names of photographs whose masks are coarse polygons."""
POLYGON_WEIGHT = 0.2
"""Weight of pixels near the boundary of their masks."""
DENSITIES = 500, 1100
"""Superpixels per 410 000 pixels on photographs."""


def photograph_names(folder: Path, left_out: tuple[str, ...] = ()) -> tuple[str, ...]:
    """List the photographs whose names begin with none of `left_out`.

    Raises
    ------
    ReadError
        If there are none.
    """
    files = sorted((folder / "images").glob("*.jpg"))
    names = tuple(f.stem for f in files if not f.stem.startswith(left_out or "\0"))
    if not names:
        raise ReadError(
            f"Expected photographs in {folder / 'images'}, as NAME.jpg; there are "
            "none. Check the path."
        )
    return names


def read_photograph(folder: Path, name: str) -> tuple[U8, Mask, Mask]:
    """Read a photograph with its mask, see `PhotographSamples`.

    Returns
    -------
    rgb : (H, W, 3) ndarray of uint8
    mask, known : (H, W) ndarray of bool
        Object, and where it is known.

    Raises
    ------
    ReadError
        If a file is missing or damaged.
    """
    values = read_picture(folder / "masks" / f"{name}.png")[..., 0]
    rgb = read_picture(folder / "images" / f"{name}.jpg")[..., ::-1]
    return rgb, values > UNKNOWN, values != UNKNOWN


@dataclass(frozen=True, slots=True)
class PhotographSamples:
    """Photographs with masks, on which coarse predictions are imitated.

    Parameters
    ----------
    folder : Path
        With ``images/NAME.jpg`` and ``masks/NAME.png``: 255 object, 0 background, 128
        unknown.
    superpixels : Path
        Folder in which superpixels are kept.
    names : tuple of str
        Names of the photographs that are drawn.
    """

    folder: Path
    superpixels: Path
    names: tuple[str, ...]

    @classmethod
    def of(
        cls, folder: Path, superpixels: Path, left_out: tuple[str, ...] = ()
    ) -> PhotographSamples:
        """Find all photographs whose names begin with none of `left_out`."""
        names = photograph_names(folder, left_out)
        superpixels.mkdir(parents=True, exist_ok=True)
        return cls(folder, superpixels, names)

    def __call__(self, rng: Generator) -> DecoderSample:
        """Draw a photograph with an object that is not tiny."""
        while True:
            name = self.names[rng.integers(len(self.names))]
            rgb, mask, known = read_photograph(self.folder, name)
            if mask.mean() > 0.005:
                break
        density = DENSITIES[rng.integers(len(DENSITIES))]
        coarse = imitate_coarse(self._superpixels(name, rgb, density), mask, rng)
        weight = POLYGON_WEIGHT if name.startswith(POLYGONS) else BOUNDARY_WEIGHT
        return DecoderSample(rgb, coarse, mask, known, weight)

    def _superpixels(self, name: str, rgb: U8, density: int) -> NDArray[np.int64]:
        """Compute the superpixels of a photograph, or read them if they are stored."""
        file = self.superpixels / f"{name}-{density}.png"
        if file.exists():
            labels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        else:
            count = max(int(density * rgb.shape[0] * rgb.shape[1] / 410_000), 60)
            labels = merge_superpixels(np.ascontiguousarray(rgb), [], count)
            png = cv2.imencode(".png", labels.astype(np.uint16))[1].tobytes()
            atomic_write(file, png)
        return np.asarray(labels, np.int64)


def imitate_coarse(labels: NDArray[np.int64], mask: Mask, rng: Generator) -> F32:
    """Imitate the network's prediction for superpixels.

    Their logit is the share of the mask, with noise that is larger near the boundary.

    Parameters
    ----------
    labels : (H, W) ndarray of int64
        Superpixels 0 .. n - 1.
    mask : (H, W) ndarray of bool
    rng : numpy.random.Generator

    Returns
    -------
    coarse : (H, W) ndarray of float32
    """
    flat, n = labels.ravel(), int(labels.max()) + 1
    size = np.bincount(flat, minlength=n)
    share = np.bincount(flat, mask.ravel(), n) / size
    inside = mask.astype(np.uint8)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    distance += cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
    near = np.bincount(flat, (distance < 12).ravel(), n) > 0
    logit = np.clip((share - 0.5) * 8, -3.5, 3.5) + rng.normal(0, 0.8, n)
    logit += near * rng.normal(0, rng.uniform(0.3, 1.8), n)
    coarse: F32 = (1 / (1 + np.exp(-logit))).astype(np.float32)[labels]
    return coarse
