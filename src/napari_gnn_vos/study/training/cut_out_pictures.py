"""Pictures of cut-out objects over other pictures, to train the boundary decoder.

Each object appears in front of more backgrounds than its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.matting import cut_by_mask
from napari_gnn_vos.study.training.masked_pictures import MaskedPicture
from napari_gnn_vos.study.training.photographs import (
    POLYGONS,
    photograph_names,
    read_photograph,
)
from napari_gnn_vos.vision import cv2

Mask = NDArray[np.bool_]
Sequences = tuple[tuple[Path, tuple[str, ...]], ...]
"""Folders in DAVIS layout, and names of sequences in each."""
FRAME_STEP = 5
"""Distance of the frames of a sequence that are used."""
WIDTH = 600
"""Width of the pictures in pixels."""
SEQUENCE_SHARE, SEQUENCE_BACKGROUND_SHARE = 0.6, 0.5
"""Shares of the objects and of the backgrounds that come from sequences; the others
come from photographs."""
OBJECT_SHARE = 0.06, 0.35
"""Area of the object as a share of the picture, before it is cut off at the edges."""
VISIBLE_SHARE = 0.02, 0.6
"""Limits of the visible area of the object; other pictures are discarded."""
MIN_OBJECT_PIXELS = 4000
"""Smallest area of an object in its own picture."""
MAX_ENLARGEMENT = 1.5
"""Largest factor by which an object is enlarged."""
ROTATION = 12.0
"""Standard deviation of the rotation of an object, in degrees."""
COLOUR_MATCH = 0.3
"""Largest share by which the mean colour of an object approaches that of the
background."""
BLUR, NOISE = (0.3, 0.9), 4.0
"""Standard deviations of the blur of half of the pictures in pixels, and largest
standard deviation of the noise, of 255."""


@dataclass(frozen=True, slots=True, eq=False)
class CutOutPictures:
    """Draws objects of sequences and photographs over backgrounds of both.

    Parameters
    ----------
    videos : tuple of Video
    masks : tuple of (T, H, W) ndarray of bool
        Object of every `FRAME_STEP`-th frame of each video.
    stills : Path
        Photographs with masks, see `photographs.PhotographSamples`. Objects whose
        masks are polygons are not cut out.
    left_out : tuple of str
        Prefixes of the names of photographs that are left out.
    """

    videos: tuple[Video, ...]
    masks: tuple[Mask, ...]
    stills: Path
    left_out: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        sequences: Sequences,
        stills: Path,
        left_out: tuple[str, ...] = (),
    ) -> CutOutPictures:
        """Open sequences; their first object is cut out.

        Parameters
        ----------
        sequences : tuple of (Path, tuple of str)
            Folders in DAVIS layout, and names of sequences in each.
        stills, left_out
            See `CutOutPictures`.
        """
        videos, masks = [], []
        for root, names in sequences:
            for name in names:
                video, truth = read_davis(root, name)
                videos.append(video)
                masks.append(truth[::FRAME_STEP] == 1)
        return cls(tuple(videos), tuple(masks), stills, left_out)

    def __call__(self, rng: Generator) -> MaskedPicture:
        """Draw objects and backgrounds until an object is large enough and visible."""
        while True:
            picture = self.draw_object(rng)
            if np.count_nonzero(picture.mask) < MIN_OBJECT_PIXELS:
                continue
            composed = compose_over(picture, self.draw_background(rng), rng)
            if VISIBLE_SHARE[0] < composed.mask.mean() < VISIBLE_SHARE[1]:
                return composed

    def draw_object(self, rng: Generator) -> MaskedPicture:
        """Draw a picture with an exact mask."""
        if rng.random() < SEQUENCE_SHARE:
            return self._frame(rng)
        return self._photograph(rng, (*self.left_out, POLYGONS))

    def draw_background(self, rng: Generator) -> Rgb:
        """Draw a picture, (H, 600, 3)."""
        if rng.random() < SEQUENCE_BACKGROUND_SHARE:
            rgb = self._frame(rng).rgb
        else:
            rgb = self._photograph(rng, self.left_out).rgb
        height = round(WIDTH * rgb.shape[0] / rgb.shape[1])
        return np.asarray(cv2.resize(rgb, (WIDTH, height)), np.uint8)

    def _frame(self, rng: Generator) -> MaskedPicture:
        index = int(rng.integers(len(self.videos)))
        masks = self.masks[index]
        t = int(rng.integers(len(masks)))
        return MaskedPicture(self.videos[index].rgb(t * FRAME_STEP), masks[t])

    def _photograph(self, rng: Generator, left_out: tuple[str, ...]) -> MaskedPicture:
        names = photograph_names(self.stills, left_out)
        rgb, mask, _ = read_photograph(self.stills, names[rng.integers(len(names))])
        return MaskedPicture(rgb, mask)


def compose_over(
    picture: MaskedPicture, background: Rgb, rng: Generator
) -> MaskedPicture:
    """Cut out the object of a picture and place it over a background.

    Size, rotation and position are random; blur and noise are those of one picture.

    Parameters
    ----------
    picture : MaskedPicture
        With an object.
    background : (H, W, 3) ndarray of uint8
    rng : numpy.random.Generator

    Returns
    -------
    composed : MaskedPicture
        Of (H, W) pixels.
    """
    cut_out = cut_by_mask(picture.rgb, picture.mask)
    assert cut_out is not None  # noqa: S101 - there is an object
    height, width = background.shape[:2]
    warp = partial(
        cv2.warpAffine,
        M=_placement(cut_out.sprite, (height, width), rng),
        dsize=(width, height),
        flags=cv2.INTER_LINEAR,
    )
    sprite = np.asarray(warp(cut_out.sprite))
    alpha = sprite[..., 3:]
    colours, behind = sprite[..., :3], background.astype(np.float32)
    mean = colours.sum((0, 1)) / max(float(alpha.sum()), 1)
    match = rng.uniform(0, COLOUR_MATCH) * (behind.mean((0, 1)) - mean)
    rgb = colours + alpha * match + (1 - alpha) * behind
    if rng.random() < 0.5:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(*BLUR))
    rgb = rgb + rng.normal(0, rng.uniform(0, NOISE), rgb.shape)
    return MaskedPicture(np.clip(rgb, 0, 255).astype(np.uint8), alpha[..., 0] >= 0.5)


def _placement(
    sprite: NDArray[np.float32], size: tuple[int, int], rng: Generator
) -> NDArray[np.float64]:
    """Draw the affine transform, (2, 3), of a sprite to a picture of (H, W) pixels."""
    area = rng.uniform(*OBJECT_SHARE) * size[0] * size[1]
    scale = min(float(np.sqrt(area / sprite[..., 3].sum())), MAX_ENLARGEMENT)
    centre = np.array(sprite.shape[1::-1]) / 2
    angle = rng.normal(0, ROTATION)
    transform = cv2.getRotationMatrix2D(centre.tolist(), angle, scale)
    target = rng.uniform(0.25, 0.75, 2) * size[::-1]
    transform[:, 2] += target - centre
    return np.asarray(transform)
