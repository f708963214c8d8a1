"""Labels, their pixel values, names and colours on strokes, lines and predictions."""

from __future__ import annotations

import colorsys
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.scribbles import BACKGROUND

Colour = tuple[float, float, float, float]

BACKGROUND_VALUE = 255
"""Pixel value of a background stroke; 0 means that nothing is drawn."""

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
GOLDEN_RATIO = 0.618034


def colour_of(label: int) -> Colour:
    """Return the colour of a label.

    Parameters
    ----------
    label : int
        0 is background, 1 to 254 objects. The first ten colours are fixed; the hue of
        the others advances by the golden ratio.

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


def prediction_colours(
    colours: Mapping[int, Colour] | None = None, hidden: Collection[int] = ()
) -> dict[int | None, NDArray[np.float64]]:
    """Map pixel values of a prediction to colours; background (0) is transparent.

    Parameters
    ----------
    colours : mapping of int to (r, g, b, a) tuple of float, optional
        Colours of objects that differ from the default.
    hidden : collection of int
        Objects whose colour gets the opacity 0.
    """
    shown: dict[int | None, Colour] = {None: TRANSPARENT, BACKGROUND: TRANSPARENT}
    shown |= {label: colour_of(label) for label in range(1, LAST_OBJECT + 1)}
    for label, colour in (colours or {}).items():
        shown[label] = colour
    shown |= {label: (*shown[label][:3], 0.0) for label in hidden}
    return _arrays(shown)


def stroke_colours(
    colours: Mapping[int, Colour] | None = None, hidden: Collection[int] = ()
) -> dict[int | None, NDArray[np.float64]]:
    """Map pixel values of strokes to colours: 0 is unpainted, 255 background.

    See :func:`prediction_colours` for the parameters.
    """
    background = _arrays({BACKGROUND_VALUE: colour_of(BACKGROUND)})
    return prediction_colours(colours, hidden) | background


def label_name(label: int) -> str:
    """Return the default name of a label."""
    return "Background" if label == BACKGROUND else f"Object {label}"


def value_of(label: int) -> int:
    """Return the pixel value of a stroke with a label."""
    return BACKGROUND_VALUE if label == BACKGROUND else label


def label_of(value: int) -> int:
    """Return the label of a stroke's pixel value; the inverse of :func:`value_of`."""
    return BACKGROUND if value == BACKGROUND_VALUE else value


def _arrays(
    colours: dict[int | None, Colour],
) -> dict[int | None, NDArray[np.float64]]:
    return {value: np.array(colour) for value, colour in colours.items()}


def from_hex(text: str) -> Colour:
    """Convert ``#rrggbb`` to a colour."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, 1.0


def to_hex(colour: Colour) -> str:
    """Convert a colour to ``#rrggbb``."""
    return "#" + bytes(round(255 * part) for part in colour[:3]).hex()
