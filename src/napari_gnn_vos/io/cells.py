"""A sample time lapse with exact truth: cells that look alike, in a camera's noise.

They drift, turn and push each other. Nothing is fetched.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.structures.video import Video

F64 = NDArray[np.float64]
SIZE, FRAMES, CELLS = 384, 40, 14
RADIUS = 12.0, 20.0
GRAIN = 80
"""Pixels across of the pattern of a cell."""
REACH = 2.0
"""Where the light of a cell ends, in its radii."""
MARGIN = 15
"""Pixels from the border of a frame where a middle is turned back."""
APART = 36.0
"""Pixels between the middles of cells that push each other."""
HAZE, READ = 5 / 60, 0.02
"""Light that is everywhere, and noise of reading out, of the brightest cells' light."""
FULL = 20_000
"""Value of the brightest cells' light in the file."""


def grow_cells(
    seed: int = 0, photons: float = 60, cells: int = CELLS
) -> tuple[Video, NDArray[np.uint8]]:
    """Make a time lapse of textured cells with soft rims.

    Parameters
    ----------
    seed : int
        0 or more. The same seed gives the same time lapse.
    photons : float
        Of the brightest cells, a pixel and frame; shot noise comes of it.
    cells : int
        How many of the 14 cells are objects, the first ones; the others are background.

    Returns
    -------
    video : Video
        (40, 384, 384) uint16, in memory.
    truth : (40, 384, 384) ndarray of uint8
        Where two cells overlap, the later one; 0 is background.

    Raises
    ------
    SettingsError
        If a number is out of its range.
    """
    if not (seed >= 0 and photons > 0 and 1 <= cells <= CELLS):
        raise SettingsError(
            f"A time lapse has a seed of 0 or more, light, and 1 to {CELLS} cells that "
            f"are objects; asked for were seed {seed}, {photons} photons and {cells} "
            "cells. Change these."
        )
    rng = np.random.default_rng(seed)
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
    truth = np.zeros((FRAMES, SIZE, SIZE), np.uint8)
    for t in range(FRAMES):
        speed = 0.9 * speed + rng.normal(0, 0.5, (CELLS, 2))
        middle = _within(middle + speed + _push(middle))
        angle = angle + rng.normal(0, 0.05, CELLS)
        picture = behind.copy()
        for k in range(CELLS):
            box, along, across = _axes(middle[k], radius[k], angle[k])
            far = np.hypot(along, across)
            truth[t][box][far < 1] = k + 1 if k < cells else 0
            shine = light[k] * (0.6 + 1.5 * _look_up(grains[k], across, along))
            soft = shine / (1 + np.exp(8 * (far - 1)))
            picture[box] += np.where(far < REACH, soft, 0)
        frames[t] = _expose(picture, photons, rng)
    return Video.from_array(frames, f"cells {seed}"), truth


def _expose(picture: F64, photons: float, rng: Generator) -> NDArray[np.uint16]:
    """Take a picture of light, 1 that of the brightest cells."""
    seen = rng.poisson((gaussian_filter(picture, 1).clip(0) + HAZE) * photons)
    values = (seen / photons + rng.normal(0, READ, picture.shape)) * FULL
    frame: NDArray[np.uint16] = np.clip(values, 0, 65_535).astype(np.uint16)
    return frame


def _look_up(grain: F64, across: F64, along: F64) -> F64:
    """Pattern of a cell at its pixels, twice as wide as the cell itself."""
    at = [np.clip((x + 2) * GRAIN / 4, 0, GRAIN - 1) for x in (across, along)]
    return np.asarray(grain[at[0].astype(int), at[1].astype(int)])


def _stretched(rng: Generator) -> F64:
    """How long and how wide cells are, beside a disc of the same area, (CELLS, 2)."""
    stretch = rng.uniform(0.7, 1.3, CELLS)
    return np.stack([stretch, 1 / stretch], axis=1)


def _push(middle: F64) -> F64:
    """Where cells that are too near are pushed to, (CELLS, 2)."""
    away = middle[:, None] - middle
    far = np.hypot(*np.moveaxis(away, 2, 0)) + np.eye(CELLS) * SIZE
    strength = 3 * np.clip(1 - far / APART, 0, 1) / far
    return np.asarray((strength[..., None] * away).sum(axis=1))


def _within(middle: F64) -> F64:
    return np.clip(middle, MARGIN, SIZE - MARGIN)


def _axes(
    middle: F64, radius: F64, angle: float
) -> tuple[tuple[slice, slice], F64, F64]:
    """Box around a cell, and its pixels in the cell's own axes: its rim is at 1."""
    low = np.maximum(middle - REACH * radius.max(), 0).astype(int)
    high = np.minimum(middle + REACH * radius.max() + 1, SIZE).astype(int)
    box = slice(low[0], high[0]), slice(low[1], high[1])
    row, col = np.mgrid[box] - middle[:, None, None]
    c, s = np.cos(angle), np.sin(angle)
    return box, (c * col + s * row) / radius[0], (c * row - s * col) / radius[1]
