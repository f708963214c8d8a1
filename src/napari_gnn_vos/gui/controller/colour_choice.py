"""Colours that differ with and without colour blindness, and from a video."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

from napari_gnn_vos.gui.palette import BACKGROUND_COLOUR, from_hex

F64 = NDArray[np.float64]

PROTANOPIA = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
"""Machado et al., "A Physiologically-based Model for Simulation of Color Vision
Deficiency", IEEE TVCG 2009; severity 1, for linear RGB."""
LEVELS = (0.0, 0.35, 0.7, 1.0)
"""Values of each channel of the candidates."""
LIGHTNESS = (45.0, 92.0)
"""Range of the CIELAB lightness of the candidates: they are visible in both themes."""
VIDEO_SAMPLES = 2000
VIDEO_QUANTILE = 0.1
"""The distance of a colour to the video is this quantile over its pixels."""


def contrasting_colours(pixels: NDArray[np.uint8], count: int) -> list[str]:
    """Choose colours with large distances from each other and from a video.

    A distance is the smallest of three: in CIELAB, and in CIELAB as seen with
    protanopia and with deuteranopia. Colours are chosen one after another; each has the
    largest distance from the chosen ones, from background strokes and from the video.

    Parameters
    ----------
    pixels : (P, 3) ndarray of uint8
        Pixels of the video.
    count : int
        Number of colours, at most that of the candidates (36).

    Returns
    -------
    colours : list of str
        ``#rrggbb``
    """
    candidates = np.array(list(product(LEVELS, repeat=3)))
    lightness = rgb2lab(candidates[None])[0, :, 0]
    candidates = candidates[(LIGHTNESS[0] <= lightness) & (lightness <= LIGHTNESS[1])]
    step = max(1, len(pixels) // VIDEO_SAMPLES)
    seen = _as_seen(candidates)
    to_video = np.quantile(
        _distances(seen, _as_seen(pixels[::step] / 255)), VIDEO_QUANTILE, axis=1
    )
    background = _as_seen(np.array([from_hex(BACKGROUND_COLOUR)[:3]]))
    between = _distances(seen, seen)
    distance = np.minimum(to_video, _distances(seen, background)[:, 0])
    chosen: list[int] = []
    while len(chosen) < min(count, len(candidates)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, between[:, chosen[-1]])
    rgb = np.rint(255 * candidates[chosen]).astype(np.uint8)
    return ["#" + colour.tobytes().hex() for colour in rgb]


def smallest_distance(colours: list[str]) -> float:
    """Compute the smallest distance between two of some colours ``#rrggbb``."""
    rgb = np.array([from_hex(colour)[:3] for colour in colours])
    distances = _distances(_as_seen(rgb), _as_seen(rgb))
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())


def _as_seen(rgb: F64) -> F64:
    """Convert sRGB to CIELAB, as seen normally and with two deficiencies, (3, P, 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    views = [linear, linear @ PROTANOPIA.T, linear @ DEUTERANOPIA.T]
    clipped = np.clip(np.stack(views), 0, 1)
    srgb = np.where(
        clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055
    )
    return np.asarray(rgb2lab(srgb))


def _distances(first: F64, second: F64) -> F64:
    """Compute the smallest distance over the three views, (P, Q)."""
    squared = ((first[:, :, None] - second[:, None]) ** 2).sum(axis=-1)
    return np.asarray(np.sqrt(squared).min(axis=0))
