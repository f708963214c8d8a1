"""Names and colours of labels, and the choice of distinct colours."""

from __future__ import annotations

import colorsys
from collections.abc import Collection, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE, value_of
from napari_gnn_vos.structures.scribbles import BACKGROUND, MAX_LABEL

Rgba = tuple[float, float, float, float]
"""Red, green, blue and opacity, each from 0 to 1."""

LAST_OBJECT = MAX_LABEL
"""Largest number of an object."""
TRANSPARENT: Rgba = (0.0, 0.0, 0.0, 0.0)
BACKGROUND_COLOUR = "#f4f4f4"
OBJECT_COLOURS = (
    "#ff5a5f",
    "#2ec4b6",
    "#ffbe0b",
    "#a880ff",
    "#3a86ff",
    "#8ac926",
    "#ff7ac6",
    "#ff924c",
    "#52d1ff",
    "#c9a27e",
)
GOLDEN_RATIO = 0.618034

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


def colour_of(label: int) -> Rgba:
    """Return the colour of a label.

    Parameters
    ----------
    label : int
        0 is background, others are objects. The first ten colours are fixed; the hue
        of the others advances by the golden ratio.

    Returns
    -------
    colour : (r, g, b, a) tuple of float
        Each in [0, 1].
    """
    if label == BACKGROUND:
        return from_hex(BACKGROUND_COLOUR)
    if label <= len(OBJECT_COLOURS):
        return from_hex(OBJECT_COLOURS[label - 1])
    hue = (label * GOLDEN_RATIO) % 1
    return (*colorsys.hsv_to_rgb(hue, 0.55 + 0.1 * (label % 4), 1.0), 1.0)


def default_colours() -> NDArray[np.float32]:
    """Compute the colours of labels 0 to `LAST_OBJECT` as by :func:`colour_of`, (n, 4).

    The hues are converted to red, green and blue as by :mod:`colorsys`.
    """
    labels = np.arange(LAST_OBJECT + 1)
    sector, fraction = np.divmod(labels * GOLDEN_RATIO % 1 * 6, 1)
    saturation = 0.55 + 0.1 * (labels % 4)
    low = 1 - saturation
    falling, rising = 1 - saturation * fraction, 1 - saturation * (1 - fraction)
    one, sector = np.ones_like(low), sector.astype(int) % 6
    colours = np.stack(
        [
            np.choose(sector, [one, falling, low, low, rising, one]),
            np.choose(sector, [rising, one, one, falling, low, low]),
            np.choose(sector, [low, low, rising, one, one, falling]),
            one,
        ],
        axis=1,
    )
    fixed = range(len(OBJECT_COLOURS) + 1)
    colours[: len(fixed)] = [colour_of(label) for label in fixed]
    return colours.astype(np.float32)


def prediction_colours(
    colours: Mapping[int, Rgba] | None = None, hidden: Collection[int] = ()
) -> dict[int, NDArray[np.float64]]:
    """Return colours of predicted labels that differ from the default palette.

    Background is transparent.

    Parameters
    ----------
    colours : mapping of int to (r, g, b, a) tuple of float, optional
        Colours of objects that differ from the default.
    hidden : collection of int
        Objects whose colour gets the opacity 0.
    """
    shown: dict[int, Rgba] = {BACKGROUND: TRANSPARENT}
    shown.update((colours or {}).items())
    for label in hidden:
        shown[label] = (*shown.get(label, colour_of(label))[:3], 0.0)
    return {label: np.array(colour) for label, colour in shown.items()}


def stroke_colours(
    colours: Mapping[int, Rgba] | None = None, hidden: Collection[int] = ()
) -> dict[int, NDArray[np.float64]]:
    """Return colours of pixel values of strokes that differ from the default palette.

    See :func:`prediction_colours` for the parameters.
    """
    shown = prediction_colours(colours, hidden)
    special = {BACKGROUND_VALUE: np.array(colour_of(BACKGROUND))}
    if BACKGROUND_VALUE in shown:
        special[value_of(BACKGROUND_VALUE)] = shown[BACKGROUND_VALUE]
    return shown | special


def label_name(label: int) -> str:
    """Return the default name of a label."""
    return "Background" if label == BACKGROUND else f"Object {label}"


def from_hex(text: str) -> Rgba:
    """Convert ``#rrggbb`` to a colour."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, 1.0


def to_hex(colour: Rgba) -> str:
    """Convert a colour to ``#rrggbb``."""
    return "#" + bytes(round(255 * part) for part in colour[:3]).hex()


def contrasting_colours(pixels: NDArray[np.uint8], count: int) -> list[str]:
    """Choose colours with large distances from each other and from a video.

    Colours are chosen one after another; each has the largest distance from the chosen
    ones, from background strokes and from the video, by :func:`perceived_distances`.

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
    to_pixels = perceived_distances(candidates, pixels[::step] / 255)
    to_video = np.quantile(to_pixels, VIDEO_QUANTILE, axis=1)
    background = np.array([from_hex(BACKGROUND_COLOUR)[:3]])
    distance = np.minimum(to_video, perceived_distances(candidates, background)[:, 0])
    between = perceived_distances(candidates, candidates)
    chosen: list[int] = []
    while len(chosen) < min(count, len(candidates)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, between[:, chosen[-1]])
    rgb = np.rint(255 * candidates[chosen]).astype(np.uint8)
    return ["#" + colour.tobytes().hex() for colour in rgb]


def perceived_distances(first: F64, second: F64) -> F64:
    """Compute the distances of colours, also as seen with colour blindness.

    A distance is the smallest of three: in CIELAB, and in CIELAB as seen with
    protanopia and with deuteranopia.

    Parameters
    ----------
    first : (P, 3) ndarray of float64
        sRGB, from 0 to 1.
    second : (Q, 3) ndarray of float64

    Returns
    -------
    distances : (P, Q) ndarray of float64
    """
    pairs = _as_seen(first)[:, :, None] - _as_seen(second)[:, None]
    return np.asarray(np.sqrt((pairs**2).sum(axis=-1)).min(axis=0))


def _as_seen(rgb: F64) -> F64:
    """Convert sRGB to CIELAB, as seen normally and with two deficiencies, (3, P, 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    views = [linear, linear @ PROTANOPIA.T, linear @ DEUTERANOPIA.T]
    clipped = np.clip(np.stack(views), 0, 1)
    srgb = np.where(
        clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055
    )
    return np.asarray(rgb2lab(srgb))
