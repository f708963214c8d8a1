"""Simulated pictures of cells under a microscope, to train the boundary decoder.

Phase contrast, differential interference contrast (DIC) and fluorescence, with exact
masks. In phase contrast, the bright halo around a cell is background.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from napari_gnn_vos.study.training.masked_pictures import MaskedPicture
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
HEIGHT, WIDTH = 450, 600
CELLS = 3, 14
"""Fewest and most cells of a picture."""
RADIUS = 14.0, 55.0
"""Smallest and largest mean radius of the cells of a picture, in pixels."""
RADIUS_SPREAD = 0.25
"""Largest relative difference of a cell's radius from the mean of its picture."""
HARMONICS = 14
"""Number of Fourier components of an outline."""
ALL_SHARE = 0.7
"""Share of the pictures in which all cells are the object; in others, it is one."""
CONTRAST, BRIGHTNESS = (8.0, 45.0), (50.0, 170.0)
"""Standard deviation and mean of the pixel values, of 255."""
NOISE = 0.5, 6.0
"""Standard deviation of the noise, of 255."""
BLUR = 0.5, 1.6
"""Standard deviation of the point spread function in pixels."""


def draw_cells(rng: Generator) -> MaskedPicture:
    """Draw a picture of cells, and the mask of all of them or of one.

    Returns
    -------
    picture : MaskedPicture
        Of 450 x 600 pixels, grey.
    """
    outlines = _draw_outlines(rng)
    cells = np.zeros((HEIGHT, WIDTH), np.int32)
    for k in rng.permutation(len(outlines)):
        cv2.fillPoly(cells, [outlines[k]], int(k) + 1)
    depth = _depth(cells)
    render = RENDERERS[int(rng.choice(len(RENDERERS), p=SHARES))]
    light = render(cells, depth, rng)
    light = cv2.GaussianBlur(light, (0, 0), rng.uniform(*BLUR))
    contrast = np.exp(rng.uniform(*np.log(CONTRAST))) / max(float(light.std()), 1e-6)
    values = (light - light.mean()) * contrast + rng.uniform(*BRIGHTNESS)
    values = values + rng.normal(0, rng.uniform(*NOISE), light.shape)
    grey = np.clip(values, 0, 255).astype(np.uint8)
    visible = np.setdiff1d(cells, [0])
    one = rng.random() > ALL_SHARE
    mask = cells == rng.choice(visible) if one else cells > 0
    return MaskedPicture(np.repeat(grey[..., None], 3, 2), mask)


def _draw_outlines(rng: Generator) -> list[NDArray[np.int32]]:
    """Draw closed curves, each (200, 2) as column and row."""
    mean_radius = np.exp(rng.uniform(*np.log(RADIUS)))
    roughness = rng.uniform(0.01, 0.1)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    order = np.arange(2, HARMONICS + 2)[:, None]
    outlines = []
    for _ in range(rng.integers(*CELLS, endpoint=True)):
        amplitude = rng.normal(0, roughness, order.shape) * 2 / order
        phase = rng.uniform(0, 2 * np.pi, order.shape)
        waves = (amplitude * np.cos(order * angle + phase)).sum(0)
        radius = mean_radius * (1 + rng.uniform(-1, 1) * RADIUS_SPREAD)
        r = radius * np.clip(1 + waves, 0.3, 2)
        stretch, turn = rng.uniform(0.75, 1.35), rng.uniform(0, np.pi)
        x, y = r * np.cos(angle) * stretch, r * np.sin(angle) / stretch
        centre = rng.uniform((0, 0), (WIDTH, HEIGHT))
        points = np.stack(
            [np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y],
            axis=1,
        )
        outlines.append(np.round(points + centre).astype(np.int32))
    return outlines


def _depth(cells: NDArray[np.int32]) -> F32:
    """Compute the distance to the boundary in pixels, negative outside.

    Boundaries between touching cells count, too.
    """
    shifted = [np.roll(cells, 1, axis) != cells for axis in (0, 1)]
    edge = (shifted[0] | shifted[1]).astype(np.uint8)
    edge[0], edge[:, 0] = 0, 0
    distance = cv2.distanceTransform(1 - edge, cv2.DIST_L2, 5)
    return np.asarray(np.where(cells > 0, distance, -distance), np.float32)


def phase_contrast(cells: NDArray[np.int32], depth: F32, rng: Generator) -> F32:
    """Render dark or grey cells with a bright halo around parts of them.

    Parameters
    ----------
    cells : (450, 600) ndarray of int32
        Number of the cell of each pixel, from 1; 0 is background.
    depth : (450, 600) ndarray of float32
        Distance to the nearest boundary in pixels, negative outside.
    rng : numpy.random.Generator

    Returns
    -------
    light : (450, 600) ndarray of float32
    """
    inside = cells > 0
    halo_width, rim_width = rng.uniform(2, 9), rng.uniform(1.5, 4)
    halo = np.exp(np.minimum(depth, 0) / halo_width) * ~inside
    halo = halo * np.clip(0.5 + 1.2 * _texture(rng, 25), 0, 2) * rng.uniform(0.3, 1.2)
    rim = np.exp(-np.maximum(depth, 0) / rim_width) * inside
    rim = rim * np.clip(0.6 + _texture(rng, 15), 0, 2) * rng.uniform(0.2, 1)
    body = rng.uniform(-0.5, 0.15) + 0.25 * _texture(rng, rng.uniform(1.5, 4))
    light = halo - rim + inside * np.clip(depth / 4, 0, 1) * body
    light = light + _nuclei(cells, depth, rng) + _debris(rng)
    background = 0.05 * _texture(rng, 60) + rng.uniform(0, 0.06) * _texture(rng, 3)
    return np.asarray(light + background, np.float32)


def interference_contrast(cells: NDArray[np.int32], depth: F32, rng: Generator) -> F32:
    """Render the derivative of the height of the cells in one direction.

    Parameters and result are those of `phase_contrast`.
    """
    height = np.sqrt(np.maximum(depth, 0) * rng.uniform(0.5, 1.5))
    height = height + (cells > 0) * 0.6 * _texture(rng, rng.uniform(2, 4))
    height = height + 2 * np.abs(_nuclei(cells, depth, rng)) + np.abs(_debris(rng))
    height = cv2.GaussianBlur(height.astype(np.float32), (0, 0), 1.2)
    along, across = np.gradient(height)
    direction = rng.uniform(0, 2 * np.pi)
    light = np.cos(direction) * along + np.sin(direction) * across
    background = 0.15 * _texture(rng, 60) + 0.02 * _texture(rng, 3)
    return np.asarray(light + background * light.std(), np.float32)


def fluorescence(cells: NDArray[np.int32], depth: F32, rng: Generator) -> F32:
    """Render bright cells over dark background, with light out of focus.

    Parameters and result are those of `phase_contrast`.
    """
    brightness = rng.uniform(0.3, 1, cells.max() + 1)
    brightness[0] = 0
    profile = np.clip(depth / rng.uniform(1, 8), 0, 1)
    texture = 1 + rng.uniform(0.1, 0.5) * _texture(rng, rng.uniform(2, 6))
    light = (brightness[cells] * profile * np.clip(texture, 0, None)).astype(np.float32)
    unfocused = cv2.GaussianBlur(light, (0, 0), rng.uniform(5, 25))
    light = light + rng.uniform(0, 0.5) * unfocused + _nuclei(cells, depth, rng)
    return np.asarray(light + 0.03 * _texture(rng, 40), np.float32)


def _nuclei(cells: NDArray[np.int32], depth: F32, rng: Generator) -> F32:
    """Render a granular nucleus in each cell, darker or brighter than the cell."""
    light = np.zeros(cells.shape, np.float32)
    grains = _texture(rng, rng.uniform(1, 2.5))
    sign = rng.choice([-1, 1]) * rng.uniform(0, 0.8)
    for k in np.setdiff1d(cells, [0]):
        inside = np.where(cells == k, depth, 0)
        row, column = np.unravel_index(np.argmax(inside), cells.shape)
        size = float(inside.max()) * rng.uniform(0.3, 0.7)
        y, x = np.ogrid[:HEIGHT, :WIDTH]
        within = np.hypot(y - row, x - column) < size
        light += within * (sign + 0.5 * grains)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), 1.5))


def _debris(rng: Generator) -> F32:
    """Render small bright and dark particles that are background."""
    light = np.zeros((HEIGHT, WIDTH), np.float32)
    for _ in range(rng.integers(0, 12)):
        centre = rng.integers((0, 0), (WIDTH, HEIGHT)).tolist()
        value, radius = float(rng.uniform(-1, 1)), int(rng.integers(1, 5))
        cv2.circle(light, centre, radius, value, int(rng.choice([-1, 1])))
    return light


def _texture(rng: Generator, sigma: float) -> F32:
    """Draw smooth noise of unit variance, (450, 600)."""
    step = max(int(sigma / 3), 1)
    size = HEIGHT // step + 1, WIDTH // step + 1
    noise = rng.normal(size=size).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigma / step)
    noise = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise / noise.std(), np.float32)


RENDERERS = phase_contrast, interference_contrast, fluorescence
SHARES = 0.5, 0.25, 0.25
"""Shares of the pictures that each of the `RENDERERS` draws."""
