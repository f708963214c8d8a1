"""Training samples of the boundary decoder: crops with a coarse prediction and a mask.

Coarse predictions come from simulated sessions (see `collect_coarse`), and are imitated
on photographs with masks, on composed pictures (see `cut_out_pictures`) and on
simulated cells (see `cell_pictures`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.prepare.region_merging import merge_superpixels
from napari_gnn_vos.storage import atomic_write
from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
CROP = 256
"""Pixels per side of a crop."""
UNKNOWN = 128
"""Value of a mask where it is not known whether a pixel is of the object."""
POLYGONS = "coco_"
"""Photographs whose masks are coarse polygons begin so."""
POLYGON_WEIGHT = 0.2
"""Weight of pixels near the boundary of these."""
BOUNDARY_WEIGHT = 5.0
"""Weight of pixels near the boundary of other masks."""
NEAR = 9
"""Side of the square around boundary pixels that counts as near, in pixels of the
decoder's output."""
SEQUENCE_SHARE, PHOTOGRAPH_SHARE, CUT_OUT_SHARE, CELL_SHARE = 0.55, 0.175, 0.175, 0.1
"""Shares of the samples that come from sequences, from photographs, from cut-out
objects over other pictures, and from simulated cells."""
DENSITIES = 500, 1100
"""Superpixels per 410 000 pixels on photographs."""
SHRUNK_SHARE, SMALLEST_SCALE = 0.3, 0.2
"""Share of the samples that is made smaller, so that small objects occur, and the
smallest factor."""


class DecoderSample(NamedTuple):
    """A picture with a coarse prediction and its true mask.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray of uint8
    coarse : (H, W) ndarray of float32
        Probability of the object.
    mask, known : (H, W) ndarray of bool
    boundary_weight : float
        Weight of pixels near the boundary of the mask.
    """

    rgb: U8
    coarse: F32
    mask: Mask
    known: Mask
    boundary_weight: float = BOUNDARY_WEIGHT

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> DecoderSample:
        """Change all arrays in the same way."""
        rgb, coarse, mask, known = (change(array) for array in self[:4])
        return DecoderSample(rgb, coarse, mask, known, self.boundary_weight)


class SampleSource(Protocol):
    """Whatever draws pictures at random."""

    def __call__(self, rng: Generator) -> DecoderSample:
        """Draw one."""


@dataclass(frozen=True, slots=True)
class CollectedSamples:
    """Frames with predictions of simulated sessions, each sequence equally often.

    Parameters
    ----------
    sequences : tuple of tuple of Path
        Per sequence its files, see `collect_coarse.collect_coarse`.
    """

    sequences: tuple[tuple[Path, ...], ...]

    @classmethod
    def of(cls, folder: Path, names: tuple[str, ...]) -> CollectedSamples:
        """Find the files of some sequences.

        Raises
        ------
        ReadError
            If there is none for a sequence.
        """
        files = tuple(tuple(sorted(folder.glob(f"{name}-*-*-*.png"))) for name in names)
        missing = [name for name, file in zip(names, files, strict=True) if not file]
        if missing:
            raise ReadError(
                f"Expected collected predictions of {', '.join(missing)} in {folder}; "
                "there are none. Collect them first."
            )
        return cls(files)

    def __call__(self, rng: Generator) -> DecoderSample:
        """Draw a sequence, then one of its frames, rounds and objects."""
        files = self.sequences[rng.integers(len(self.sequences))]
        return read_collected(files[rng.integers(len(files))])


def read_collected(file: Path) -> DecoderSample:
    """Read a collected prediction and its frame.

    The files are NAME-ROUND-FRAME-LABEL.png, whose channels are coarse probability,
    painted mask and true mask, and NAME-FRAME.jpg.
    """
    name, _, frame, _ = file.stem.rsplit("-", 3)
    coarse, _, mask = np.moveaxis(_read(file), 2, 0)
    rgb = _read(file.with_name(f"{name}-{frame}.jpg"))[..., ::-1]
    known = np.ones(mask.shape, bool)
    return DecoderSample(rgb, coarse.astype(np.float32) / 255, mask > 127, known)


def _read(file: Path) -> U8:
    """Read a picture, (H, W, 3) in the order blue, green, red."""
    image = cv2.imread(str(file))
    if image is None:
        raise ReadError(
            f"Expected a picture in {file}; the file is missing or damaged. Check the "
            "folder."
        )
    return np.asarray(image)


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
    values = _read(folder / "masks" / f"{name}.png")[..., 0]
    rgb = _read(folder / "images" / f"{name}.jpg")[..., ::-1]
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
            atomic_write(file, lambda out: out.write(png))
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


@dataclass(frozen=True, slots=True)
class MixedSamples:
    """Pictures of several sources.

    Parameters
    ----------
    sources : tuple of SampleSource
    shares : tuple of float
        Relative number of pictures of each source.
    """

    sources: tuple[SampleSource, ...]
    shares: tuple[float, ...]

    def __call__(self, rng: Generator) -> DecoderSample:
        """Draw a source, then one of its pictures."""
        bounds = np.cumsum(self.shares)
        index = np.searchsorted(bounds, rng.uniform(0, bounds[-1]), side="right")
        return self.sources[int(index)](rng)


def draw_crop(source: SampleSource, rng: Generator) -> DecoderSample:
    """Draw a crop that contains a part of the true boundary or is uncertain.

    Parameters
    ----------
    source : callable
    rng : numpy.random.Generator

    Returns
    -------
    crop : DecoderSample
        Of `CROP` pixels per side, mirrored and with changed colours half of the time.
    """
    picture = source(rng)
    if rng.random() < SHRUNK_SHARE:
        picture = _shrink(
            picture, float(np.exp(rng.uniform(np.log(SMALLEST_SCALE), 0)))
        )
    picture = _cut_out(picture, rng)
    if rng.random() < 0.5:
        picture = picture.map(lambda array: np.ascontiguousarray(array[:, ::-1]))
    if rng.random() < 0.5:
        gain = rng.uniform(0.75, 1.25, 3) * rng.uniform(0.8, 1.2)
        bright = np.clip(picture.rgb * gain, 0, 255).astype(np.uint8)
        picture = picture._replace(rgb=bright)
    return picture


def _shrink(picture: DecoderSample, scale: float) -> DecoderSample:
    """Reduce height and width by a factor."""
    height, width = picture.mask.shape
    size = max(round(width * scale), 16), max(round(height * scale), 16)

    def shrink(array: NDArray[Any]) -> NDArray[Any]:
        values = array.astype(np.float32) if array.dtype == bool else array
        small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        return np.asarray(small > 0.5 if array.dtype == bool else small)

    return picture.map(shrink)


def _cut_out(picture: DecoderSample, rng: Generator) -> DecoderSample:
    inside, p = picture.mask.astype(np.uint8), picture.coarse
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    points = np.argwhere((edge & picture.known) | ((p > 0.25) & (p < 0.75)))
    if len(points) == 0:
        points = rng.integers(inside.shape)[None]
    centre = points[rng.integers(len(points))]
    top, left = (
        int(np.clip(c - rng.integers(CROP), 0, max(n - CROP, 0))) // 8 * 8
        for c, n in zip(centre, inside.shape, strict=True)
    )

    def cut(array: NDArray[Any]) -> NDArray[Any]:
        part = array[top : top + CROP, left : left + CROP]
        wide = [(0, CROP - part.shape[0]), (0, CROP - part.shape[1])]
        wide += [(0, 0)] * (part.ndim - 2)
        return np.ascontiguousarray(np.pad(part, wide, mode="edge"))

    return picture.map(cut)
