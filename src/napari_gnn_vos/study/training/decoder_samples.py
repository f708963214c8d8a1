"""Training samples of the boundary decoder: crops with a coarse prediction and a mask.

Coarse predictions come from simulated sessions (see `collect_coarse`), and are imitated
on photographs with masks (see `photographs`), on composed pictures (see
`cut_out_pictures`) and on simulated cells (see `cell_pictures`).
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
from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
CROP = 256
"""Pixels per side of a crop."""
BOUNDARY_WEIGHT = 5.0
"""Weight of pixels near the boundary of a mask."""
NEAR = 9
"""Side of the square around boundary pixels that counts as near, in pixels of the
decoder's output."""
SEQUENCE_SHARE, PHOTOGRAPH_SHARE, CUT_OUT_SHARE, CELL_SHARE = 0.55, 0.175, 0.175, 0.1
"""Shares of the samples that come from sequences, from photographs, from cut-out
objects over other pictures, and from simulated cells."""
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
    coarse, _, mask = np.moveaxis(read_picture(file), 2, 0)
    rgb = read_picture(file.with_name(f"{name}-{frame}.jpg"))[..., ::-1]
    known = np.ones(mask.shape, bool)
    return DecoderSample(rgb, coarse.astype(np.float32) / 255, mask > 127, known)


def read_picture(file: Path) -> U8:
    """Read a picture, (H, W, 3) in the order blue, green, red."""
    image = cv2.imread(str(file))
    if image is None:
        raise ReadError(
            f"Expected a picture in {file}; the file is missing or damaged. Check the "
            "folder."
        )
    return np.asarray(image)


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
