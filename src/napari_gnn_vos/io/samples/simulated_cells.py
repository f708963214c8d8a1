"""Simulated fluorescence time lapse of similar cells, with exact ground truth.

The cells drift, rotate and repel each other; shot noise and readout noise are added.
Nothing is downloaded.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_gnn_vos.arguments import integer, number, validated
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.structures.video import Video

F64 = NDArray[np.float64]
SIZE, FRAMES, CELLS = 384, 40, 14
RADIUS = 12.0, 20.0
"""Smallest and largest mean radius of a cell, in pixels."""
TEXTURE_SIZE = 80
"""Height and width of the texture of a cell, in pixels."""
EXTENT = 2.0
"""Distance in radii at which the intensity of a cell is truncated."""
MARGIN = 15
"""Smallest distance of a cell centre to the frame border, in pixels."""
REPULSION_DISTANCE = 36.0
"""Distance in pixels below which two cells repel each other."""
BACKGROUND_LIGHT, READOUT_NOISE = 5 / 60, 0.02
"""Uniform background, and standard deviation of the readout noise, relative to the
brightest cells."""
MAX_PHOTONS = 1e9
"""Largest number of photons per pixel and frame."""
BRIGHTEST_VALUE = 20_000
"""Pixel value of the brightest cells."""


@validated(seed=integer(), photons=number, cells=integer())
def simulate_cells(
    seed: int = 0, photons: float = 60, cells: int = CELLS
) -> tuple[Video, NDArray[np.uint8]]:
    """Simulate a time lapse of textured cells with blurred borders.

    Parameters
    ----------
    seed : int
        Seed of the random generator, 0 or more. Determines the whole time lapse.
    photons : float
        Photons per pixel and frame of the brightest cells; determines the shot noise.
    cells : int
        Number of labelled cells, 1 to 14. The remaining cells are background.

    Returns
    -------
    video : Video
        (40, 384, 384) uint16, in memory.
    truth : (40, 384, 384) ndarray of uint8
        Label per pixel, 0 is background. Where cells overlap, the highest label.

    Raises
    ------
    SettingsError
        If a parameter is out of its range.
    """
    if not (seed >= 0 and 0 < photons <= MAX_PHOTONS and 1 <= cells <= CELLS):
        raise SettingsError(
            "Expected a seed of 0 or more, 0 to a billion photons, and 1 to "
            f"{CELLS} cells; received seed {seed}, {photons} photons and {cells} "
            "cells. Change these values."
        )
    rng = np.random.default_rng(seed)
    centres = rng.uniform(RADIUS[1], SIZE - RADIUS[1], (CELLS, 2))
    for _ in range(200):
        centres = _clip_to_frame(centres + _repulsion(centres))
    radii = rng.uniform(*RADIUS, CELLS)[:, None] * _random_elongation(rng)
    brightness, angles = rng.uniform(0.5, 1, CELLS), rng.uniform(0, np.pi, CELLS)
    textures = [
        gaussian_filter(rng.normal(size=(TEXTURE_SIZE, TEXTURE_SIZE)), 3)
        for _ in range(CELLS)
    ]
    background = gaussian_filter(rng.normal(size=(SIZE, SIZE)), 20)
    background = 0.15 * (background - background.min()) / np.ptp(background)
    velocity = rng.normal(0, 1.2, (CELLS, 2))
    frames = np.empty((FRAMES, SIZE, SIZE), np.uint16)
    truth = np.zeros((FRAMES, SIZE, SIZE), np.uint8)
    for t in range(FRAMES):
        velocity = 0.9 * velocity + rng.normal(0, 0.5, (CELLS, 2))
        centres = _clip_to_frame(centres + velocity + _repulsion(centres))
        angles = angles + rng.normal(0, 0.05, CELLS)
        light = background.copy()
        for k in range(CELLS):
            box, along, across = _cell_coordinates(centres[k], radii[k], angles[k])
            distance = np.hypot(along, across)
            truth[t][box][distance < 1] = k + 1 if k < cells else 0
            texture = _sample_texture(textures[k], across, along)
            emission = brightness[k] * (0.6 + 1.5 * texture)
            profile = emission / (1 + np.exp(8 * (distance - 1)))
            light[box] += np.where(distance < EXTENT, profile, 0)
        frames[t] = _simulate_camera(light, photons, rng)
    return Video.from_array(frames, f"cells {seed}"), truth


def _simulate_camera(light: F64, photons: float, rng: Generator) -> NDArray[np.uint16]:
    """Blur, add shot noise and readout noise, and quantize.

    The intensity of the brightest cells in `light` is 1.
    """
    expected = gaussian_filter(light, 1).clip(0) + BACKGROUND_LIGHT
    counts = rng.poisson(expected * photons)
    noise = rng.normal(0, READOUT_NOISE, light.shape)
    values = (counts / photons + noise) * BRIGHTEST_VALUE
    frame: NDArray[np.uint16] = np.clip(values, 0, 65_535).astype(np.uint16)
    return frame


def _sample_texture(texture: F64, across: F64, along: F64) -> F64:
    """Sample a texture that covers twice the diameter of the cell."""
    index = [
        np.clip((x + 2) * TEXTURE_SIZE / 4, 0, TEXTURE_SIZE - 1).astype(int)
        for x in (across, along)
    ]
    return np.asarray(texture[index[0], index[1]])


def _random_elongation(rng: Generator) -> F64:
    """Draw factors for the two half axes that keep the area, (CELLS, 2)."""
    factor = rng.uniform(0.7, 1.3, CELLS)
    return np.stack([factor, 1 / factor], axis=1)


def _repulsion(centres: F64) -> F64:
    """Compute the displacement of each cell by its neighbours, (CELLS, 2)."""
    difference = centres[:, None] - centres
    distance = np.hypot(*np.moveaxis(difference, 2, 0)) + np.eye(CELLS) * SIZE
    strength = 3 * np.clip(1 - distance / REPULSION_DISTANCE, 0, 1) / distance
    return np.asarray((strength[..., None] * difference).sum(axis=1))


def _clip_to_frame(centres: F64) -> F64:
    return np.clip(centres, MARGIN, SIZE - MARGIN)


def _cell_coordinates(
    centre: F64, radius: F64, angle: float
) -> tuple[tuple[slice, slice], F64, F64]:
    """Return the bounding box of a cell and the pixel coordinates in its own axes.

    The coordinates are divided by the half axes, so that the outline has norm 1.
    """
    low = np.maximum(centre - EXTENT * radius.max(), 0).astype(int)
    high = np.minimum(centre + EXTENT * radius.max() + 1, SIZE).astype(int)
    box = slice(low[0], high[0]), slice(low[1], high[1])
    row, col = np.mgrid[box] - centre[:, None, None]
    c, s = np.cos(angle), np.sin(angle)
    return box, (c * col + s * row) / radius[0], (c * row - s * col) / radius[1]
