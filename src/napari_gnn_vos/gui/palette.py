"""Labels, their pixel values, names and colours on strokes, lines and predictions."""

from __future__ import annotations

import colorsys
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE, value_of
from napari_gnn_vos.structures.scribbles import BACKGROUND, MAX_LABEL

Colour = tuple[float, float, float, float]

LAST_OBJECT = MAX_LABEL
"""Largest number of an object."""
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
    colours: Mapping[int, Colour] | None = None, hidden: Collection[int] = ()
) -> dict[int | None, NDArray[np.float64]]:
    """Map labels whose colours differ from the default; background is transparent.

    Parameters
    ----------
    colours : mapping of int to (r, g, b, a) tuple of float, optional
        Colours of objects that differ from the default.
    hidden : collection of int
        Objects whose colour gets the opacity 0.
    """
    shown: dict[int | None, Colour] = {None: TRANSPARENT, BACKGROUND: TRANSPARENT}
    shown.update((colours or {}).items())
    for label in hidden:
        shown[label] = (*shown.get(label, colour_of(label))[:3], 0.0)
    return {label: np.array(colour) for label, colour in shown.items()}


def stroke_colours(
    colours: Mapping[int, Colour] | None = None, hidden: Collection[int] = ()
) -> dict[int | None, NDArray[np.float64]]:
    """Map pixel values of strokes whose colours differ from the default.

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


def from_hex(text: str) -> Colour:
    """Convert ``#rrggbb`` to a colour."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, 1.0


def to_hex(colour: Colour) -> str:
    """Convert a colour to ``#rrggbb``."""
    return "#" + bytes(round(255 * part) for part in colour[:3]).hex()
