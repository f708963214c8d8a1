"""Sprites of composed scenes: cut-out objects and their motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.samples.cutouts import (
    RGBImage,
    cut_out_object,
    cut_out_random_shape,
)
from napari_gnn_vos.io.samples.outlines import OUTLINES
from napari_gnn_vos.vision import cv2

MAX_OBJECTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class PhotoSprite:
    """An object with sinusoidal motion; lengths in pixels, angles in radians.

    Parameters
    ----------
    image : (h, w, 4) ndarray of float32
        RGB premultiplied by alpha, and alpha, 0 to 255.
    position : (2,) ndarray
        Column and row of the centre in frame 0.
    translation_amplitude : (2,) ndarray
        Amplitude of the motion along columns and rows.
    frequency, phase : (4,) ndarray
        Angular frequency per frame, and phase in frame 0, of the column, the row, the
        rotation and the scale.
    angle : float
        Rotation in frame 0.
    rotation_amplitude : float
        Amplitude of the rotation.
    scale_amplitude : float
        Largest reduction of the scale, as a share of the size in frame 0.
    """

    image: NDArray[np.float32]
    position: NDArray[np.float64]
    translation_amplitude: NDArray[np.float64]
    frequency: NDArray[np.float64]
    phase: NDArray[np.float64]
    angle: float
    rotation_amplitude: float
    scale_amplitude: float

    def transform(self, t: int) -> NDArray[np.float64]:
        """Return the (2, 3) affine matrix from the sprite to frame `t`."""
        offset = np.sin(self.frequency * t + self.phase) - np.sin(self.phase)
        scale = 1 - self.scale_amplitude * offset[3] ** 2 / 4
        angle = self.angle + self.rotation_amplitude * offset[2]
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        rotation = np.array([[cos, -sin], [sin, cos]])
        h, w = self.image.shape[:2]
        centre = self.position + self.translation_amplitude * offset[:2]
        return np.column_stack([rotation, centre - rotation @ (w / 2, h / 2)])


def sample_sprites(
    rng: np.random.Generator, shape: tuple[int, int], count: int
) -> list[PhotoSprite]:
    """Sample sprites that cross the centre of the frame.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random generator for objects, sizes, colours and motion.
    shape : (int, int)
        Height and width of the frames.
    count : int
        Number of sprites. Each starts in its own vertical strip of the frame.

    Returns
    -------
    sprites : list of PhotoSprite
        In drawing order, the rearmost first.
    """
    names = rng.permutation(sorted(OUTLINES)).tolist()
    strips = rng.permutation(count)
    return [
        _sample_sprite(rng, shape, count, int(strip), name)
        for strip, name in zip(strips, names, strict=False)
    ]


def _sample_sprite(
    rng: np.random.Generator,
    shape: tuple[int, int],
    count: int,
    strip: int,
    name: str,
) -> PhotoSprite:
    """Sample a sprite of object `name`, or of a random shape with probability 0.3."""
    is_object = rng.random() < 0.7
    cutout = cut_out_object(name) if is_object else cut_out_random_shape(rng)
    share = (0.72 - 0.07 * count) * rng.uniform(0.9, 1.15)
    size = share * min(shape[0], 0.7 * shape[1])
    column = (strip + rng.uniform(0.4, 0.6)) / count
    direction = 1 if column < 0.5 else -1
    amplitude = np.array([direction * rng.uniform(0.36, 0.48), rng.uniform(-0.2, 0.2)])
    amplitude /= np.sqrt(count)
    return PhotoSprite(
        image=_vary_appearance(rng, cutout, size),
        position=np.array([column, rng.uniform(0.36, 0.64)]) * shape[::-1],
        translation_amplitude=amplitude * shape[::-1],
        frequency=2 * np.pi / rng.uniform(80, 140, 4),
        phase=rng.uniform(-0.5, 0.5, 4),
        angle=float(
            rng.uniform(-0.15, 0.15) if is_object else rng.uniform(0, 2 * np.pi)
        ),
        rotation_amplitude=float(
            rng.uniform(-0.4, 0.4) if is_object else rng.uniform(-1.2, 1.2)
        ),
        scale_amplitude=float(rng.uniform(0.1, 0.35)),
    )


def _vary_appearance(
    rng: np.random.Generator, cutout: RGBImage, size: float
) -> NDArray[np.float32]:
    """Mirror at random, tint, premultiply by alpha and scale to `size` pixels."""
    if rng.random() < 0.5:
        cutout = np.ascontiguousarray(cutout[:, ::-1])
    rgba = cutout.astype(np.float32)
    rgba[..., :3] = np.clip(rgba[..., :3] * rng.uniform(0.9, 1.1, 3), 0, 255)
    rgba[..., :3] *= rgba[..., 3:] / 255
    h, w = cutout.shape[:2]
    scale = size / max(np.sqrt(h * w), 0.75 * max(h, w))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=interpolation)
    return np.pad(scaled, ((2, 2), (2, 2), (0, 0)))
