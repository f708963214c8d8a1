"""Who plays in a composed scene: objects, and how they move."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.cutouts import Picture, cut_blob, cut_out
from napari_gnn_vos.io.outlines import OUTLINES

MOST_OBJECTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class PhotoSprite:
    """One object and how it moves; lengths in pixels, angles in radians.

    Parameters
    ----------
    sprite : (h, w, 4) ndarray of float32
        Colours times alpha, and alpha, 0 to 255.
    home, sway : (2,) ndarray
        Column and row at the start; how far it swings about.
    pace, phase : (4,) ndarray
        Of column, row, angle and size: radians a frame, and radians at the start.
    tilt, round_index, shrink : float
        Angle at the start; largest turn from it; largest loss of size.
    """

    sprite: NDArray[np.float32]
    home: NDArray[np.float64]
    sway: NDArray[np.float64]
    pace: NDArray[np.float64]
    phase: NDArray[np.float64]
    tilt: float
    round_index: float
    shrink: float

    def place(self, t: int) -> NDArray[np.float64]:
        """Return the (2, 3) map from the sprite's pixels into frame `t`."""
        swing = np.sin(self.pace * t + self.phase) - np.sin(self.phase)
        size = 1 - self.shrink * swing[3] ** 2 / 4
        angle = self.tilt + self.round_index * swing[2]
        cos, sin = size * np.cos(angle), size * np.sin(angle)
        turned = np.array([[cos, -sin], [sin, cos]])
        h, w = self.sprite.shape[:2]
        middle = self.home + self.sway * swing[:2]
        return np.column_stack([turned, middle - turned @ (w / 2, h / 2)])


def cast_actors(
    rng: np.random.Generator, shape: tuple[int, int], count: int
) -> list[PhotoSprite]:
    """Choose objects and send them across the middle of the frame.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of everything that varies.
    shape : (int, int)
        Height and width of a frame.
    count : int
        How many; each starts in a strip of its own.

    Returns
    -------
    actors : list of Actor
        The rearmost first.
    """
    known = rng.permutation(sorted(OUTLINES)).tolist()
    strips = rng.permutation(count)
    return [
        _actor(rng, shape, count, int(strip), name)
        for strip, name in zip(strips, known, strict=False)
    ]


def _actor(
    rng: np.random.Generator,
    shape: tuple[int, int],
    count: int,
    strip: int,
    name: str,
) -> PhotoSprite:
    """Let object `name`, or now and then a shape, start in a strip of the frame."""
    known = rng.random() < 0.7
    sprite = cut_out(name) if known else cut_blob(rng)
    share = (0.72 - 0.07 * count) * rng.uniform(0.9, 1.15)
    size = share * min(shape[0], 0.7 * shape[1])
    column = (strip + rng.uniform(0.4, 0.6)) / count
    towards = 1 if column < 0.5 else -1
    sway = np.array([towards * rng.uniform(0.36, 0.48), rng.uniform(-0.2, 0.2)])
    sway /= np.sqrt(count)
    return PhotoSprite(
        sprite=_make_up(rng, sprite, size),
        home=np.array([column, rng.uniform(0.36, 0.64)]) * shape[::-1],
        sway=sway * shape[::-1],
        pace=2 * np.pi / rng.uniform(80, 140, 4),
        phase=rng.uniform(-0.5, 0.5, 4),
        tilt=float(rng.uniform(-0.15, 0.15) if known else rng.uniform(0, 2 * np.pi)),
        round_index=float(rng.uniform(-0.4, 0.4) if known else rng.uniform(-1.2, 1.2)),
        shrink=float(rng.uniform(0.1, 0.35)),
    )


def _make_up(
    rng: np.random.Generator, sprite: Picture, size: float
) -> NDArray[np.float32]:
    """Mirror at random, tint a little, scale to `size`, multiply colours by alpha."""
    if rng.random() < 0.5:
        sprite = np.ascontiguousarray(sprite[:, ::-1])
    rgba = sprite.astype(np.float32)
    rgba[..., :3] = np.clip(rgba[..., :3] * rng.uniform(0.9, 1.1, 3), 0, 255)
    rgba[..., :3] *= rgba[..., 3:] / 255
    h, w = sprite.shape[:2]
    scale = size / max(np.sqrt(h * w), 0.75 * max(h, w))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=how)
    return np.pad(scaled, ((2, 2), (2, 2), (0, 0)))
