"""Random crops of training samples of the boundary decoder, with changed colours.

There are few sequences with exact masks. If colours change little, the decoder overfits
to their objects.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.model.boundary_decoder import CLIP
from napari_gnn_vos.study.training.decoder_samples import DecoderSample, SampleSource
from napari_gnn_vos.vision import cv2

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
CROP = 256
"""Pixels per side of a crop."""
SEQUENCE_SHARE = 0.4
"""Share of the samples that comes from sequences."""
SCALED_SHARE, SCALES = 0.5, (0.25, 1.6)
"""Share of the samples whose size is changed, and the limits of the factor."""
MIRRORED_SHARE, TURNED_SHARE = 0.5, 0.25
"""Shares of samples that are mirrored, and rotated by a multiple of 90 degrees."""
PERMUTED_SHARE, GREY_SHARE = 0.3, 0.15
"""Shares of samples whose colour channels are exchanged, and that become grey."""
GAIN, GAMMA = 1.4, 1.6
"""Largest factor of a colour channel, and largest exponent of all."""
BLURRED_SHARE, NOISY_SHARE, NOISE = 0.15, 0.3, 8.0
"""Shares of samples that are blurred, and that get noise of this standard deviation at
most."""

SLOPES, OFFSET = (0.7, 1.3), 0.3
"""Limits of the factor of the logit of the coarse prediction, and standard deviation of
what is added to it."""


def draw_crop(
    sequences: SampleSource, stills: SampleSource | None, rng: Generator
) -> DecoderSample:
    """Draw a crop that contains a part of the true boundary or is uncertain.

    Parameters
    ----------
    sequences, stills : callable
    rng : numpy.random.Generator

    Returns
    -------
    crop : DecoderSample
        Of `CROP` pixels per side, with changed size, orientation and colours.
    """
    source = sequences
    if stills is not None and rng.random() > SEQUENCE_SHARE:
        source = stills
    picture = source(rng)
    if rng.random() < SCALED_SHARE:
        picture = _scale(picture, float(np.exp(rng.uniform(*np.log(SCALES)))))
    picture = _cut_out(picture, rng)
    if rng.random() < MIRRORED_SHARE:
        picture = picture.map(lambda array: np.ascontiguousarray(array[:, ::-1]))
    if rng.random() < TURNED_SHARE:
        turned = partial(np.rot90, k=int(rng.integers(1, 4)))
        picture = picture.map(lambda array: np.ascontiguousarray(turned(array)))
    return picture._replace(
        rgb=change_colours(picture.rgb, rng), coarse=change_coarse(picture.coarse, rng)
    )


def change_coarse(coarse: F32, rng: Generator) -> F32:
    """Change slope and offset of the logit of a prediction at random.

    Parameters
    ----------
    coarse : (H, W) ndarray of float32
    rng : numpy.random.Generator

    Returns
    -------
    changed : (H, W) ndarray of float32
    """
    p = np.clip(coarse, CLIP, 1 - CLIP)
    slope, offset = rng.uniform(*SLOPES), rng.normal(0, OFFSET)
    logit = np.log(p / (1 - p)) * slope + offset
    changed: F32 = (1 / (1 + np.exp(-logit))).astype(np.float32)
    return changed


def change_colours(rgb: U8, rng: Generator) -> U8:
    """Change colours, contrast, sharpness and noise at random.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray of uint8
    rng : numpy.random.Generator

    Returns
    -------
    changed : (H, W, 3) ndarray of uint8
    """
    values = rgb.astype(np.float32) / 255
    if rng.random() < PERMUTED_SHARE:
        values = values[..., rng.permutation(3)]
    if rng.random() < GREY_SHARE:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    gains = np.exp(rng.uniform(-np.log(GAIN), np.log(GAIN), 3)).astype(np.float32)
    exponent = float(np.exp(rng.uniform(-np.log(GAMMA), np.log(GAMMA))))
    values = np.clip(values * gains, 0, 1) ** np.float32(exponent)
    if rng.random() < BLURRED_SHARE:
        values = cv2.GaussianBlur(values, (0, 0), float(rng.uniform(0.5, 1.5)))
    if rng.random() < NOISY_SHARE:
        deviation = rng.uniform(0, NOISE / 255)
        values = values + deviation * rng.standard_normal(values.shape, np.float32)
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)


def _scale(picture: DecoderSample, scale: float) -> DecoderSample:
    """Multiply height and width by a factor."""
    height, width = picture.mask.shape
    size = max(round(width * scale), 16), max(round(height * scale), 16)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR

    def resize(array: NDArray[Any]) -> NDArray[Any]:
        values = array.astype(np.float32) if array.dtype == bool else array
        resized = cv2.resize(values, size, interpolation=method)
        return np.asarray(resized > 0.5 if array.dtype == bool else resized)

    return picture.map(resize)


def _cut_out(picture: DecoderSample, rng: Generator) -> DecoderSample:
    """Cut out a square that contains an uncertain pixel or a part of the boundary."""
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
