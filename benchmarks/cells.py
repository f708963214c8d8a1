"""A made time lapse: cells that look alike, drift, turn and push each other."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

F64 = NDArray[np.float64]
SIZE, FRAMES, CELLS = 384, 40, 14
RADIUS = 12.0, 20.0
GRAIN = 80
"""Pixels across of the pattern of a cell."""
APART = 36.0
"""Pixels between the middles of cells that push each other."""
HAZE = 5 / 60
"""Light that is everywhere, of the brightest cells'."""


def time_lapse(
    photons: float, *, rng: Generator
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Make frames and their true cells.

    Parameters
    ----------
    photons : float
        Of the brightest cells, a pixel and frame; shot noise comes of it.
    rng : numpy.random.Generator

    Returns
    -------
    frames : (T, H, W) ndarray of uint16
    cells : (T, H, W) ndarray of uint8
        1 .. 14; where two overlap the later one.
    """
    middle = rng.uniform(RADIUS[1], SIZE - RADIUS[1], (CELLS, 2))
    for _ in range(200):
        middle = _within(middle + _push(middle))
    radius = rng.uniform(*RADIUS, CELLS)[:, None] * _stretched(rng)
    light, angle = rng.uniform(0.5, 1, CELLS), rng.uniform(0, np.pi, CELLS)
    grains = [gaussian_filter(rng.normal(size=(GRAIN, GRAIN)), 3) for _ in range(CELLS)]
    behind = gaussian_filter(rng.normal(size=(SIZE, SIZE)), 20)
    behind = 0.15 * (behind - behind.min()) / np.ptp(behind)
    speed = rng.normal(0, 1.2, (CELLS, 2))
    frames = np.empty((FRAMES, SIZE, SIZE), np.uint16)
    cells = np.zeros((FRAMES, SIZE, SIZE), np.uint8)
    for t in range(FRAMES):
        speed = 0.9 * speed + rng.normal(0, 0.5, (CELLS, 2))
        middle = _within(middle + speed + _push(middle))
        angle = angle + rng.normal(0, 0.05, CELLS)
        picture = behind.copy()
        for k in range(CELLS):
            along, across = _axes(middle[k], radius[k], angle[k])
            far = np.hypot(along, across)
            cells[t][far < 1] = k + 1
            at = [
                np.clip(x * 20 + 40, 0, GRAIN - 1).astype(int) for x in (across, along)
            ]
            grain = 0.6 + 1.5 * grains[k][at[0], at[1]]
            picture += light[k] * grain / (1 + np.exp(8 * (far - 1)))
        seen = rng.poisson((gaussian_filter(picture, 1).clip(0) + HAZE) * photons)
        read = rng.normal(0, 0.02, picture.shape)
        frames[t] = np.clip((seen / photons + read) * 20000, 0, 65535)
    return frames, cells


def _stretched(rng: Generator) -> F64:
    """How long and how wide cells are, beside a disc of the same area, (CELLS, 2)."""
    stretch = rng.uniform(0.7, 1.3, CELLS)
    return np.stack([stretch, 1 / stretch], axis=1)


def _push(middle: F64) -> F64:
    """Where cells that are too near are pushed to, (CELLS, 2)."""
    away = middle[:, None] - middle
    far = np.hypot(*np.moveaxis(away, 2, 0)) + np.eye(CELLS) * SIZE
    return 3 * ((np.clip(1 - far / APART, 0, 1) / far)[..., None] * away).sum(axis=1)


def _within(middle: F64) -> F64:
    return np.clip(middle, 15, SIZE - 15)


def _axes(middle: F64, radius: F64, angle: float) -> tuple[F64, F64]:
    """Every pixel in a cell's own axes, on which its rim is at 1."""
    row, col = np.indices((SIZE, SIZE)) - middle[:, None, None]
    c, s = np.cos(angle), np.sin(angle)
    return (c * col + s * row) / radius[0], (c * row - s * col) / radius[1]
