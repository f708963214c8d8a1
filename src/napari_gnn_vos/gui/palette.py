"""The colour of every object, the same on strokes, lines, answer and widget."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.scribbles import BACKGROUND

Colour = tuple[float, float, float, float]

BACKGROUND_VALUE = 255
"""Pixel value of a background stroke: 0 already means that nothing is drawn."""

LAST_OBJECT = 254
TRANSPARENT: Colour = (0.0, 0.0, 0.0, 0.0)
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
GOLDEN_TURN = 0.618034


def colour_of(label: int) -> Colour:
    """Colour of an object, or of background (label 0).

    Parameters
    ----------
    label : int
        0 to 254. The first ten colours are chosen by hand, the others walk around
        the colour circle by golden turns.

    Returns
    -------
    colour : (r, g, b, a) tuple of float
        Each 0 to 1.
    """
    if label == BACKGROUND:
        return _from_hex(BACKGROUND_COLOUR)
    if label <= len(OBJECT_COLOURS):
        return _from_hex(OBJECT_COLOURS[label - 1])
    hue = (label * GOLDEN_TURN) % 1
    return (*colorsys.hsv_to_rgb(hue, 0.55 + 0.1 * (label % 4), 1.0), 1.0)


def answer_colours() -> dict[int | None, NDArray[np.float64]]:
    """Colours of an answer's pixel values: background (0) is transparent."""
    colours: dict[int | None, Colour] = {None: TRANSPARENT, BACKGROUND: TRANSPARENT}
    colours |= {label: colour_of(label) for label in range(1, LAST_OBJECT + 1)}
    return _arrays(colours)


def stroke_colours() -> dict[int | None, NDArray[np.float64]]:
    """Colours of a stroke's pixel values: 0 is nothing, 255 background."""
    return answer_colours() | _arrays({BACKGROUND_VALUE: colour_of(BACKGROUND)})


def label_name(label: int) -> str:
    """Return what a label is called in the widget."""
    return "Background" if label == BACKGROUND else f"Object {label}"


def value_of(label: int) -> int:
    """Pixel value that a brush paints for a label."""
    return BACKGROUND_VALUE if label == BACKGROUND else label


def label_of(value: int) -> int:
    """Label that a painted pixel value means; undoes :func:`value_of`."""
    return BACKGROUND if value == BACKGROUND_VALUE else value


def _arrays(
    colours: dict[int | None, Colour],
) -> dict[int | None, NDArray[np.float64]]:
    return {value: np.array(colour) for value, colour in colours.items()}


def _from_hex(text: str) -> Colour:
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, 1.0
