"""Colour map of labels layers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from napari.utils.colormaps import CyclicLabelColormap
from numpy.typing import NDArray

from napari_gnn_vos.controller.palette import default_colours


def object_colormap(colours: Mapping[int, Any]) -> CyclicLabelColormap:
    """Create a colour map of the palette with other colours of some labels.

    It is a cyclic colour map with one colour for each pixel value of a stroke, because
    napari applies a cyclic colour map to labels of every integer type. In layers of
    other programs, the colours repeat above 32 768.

    Parameters
    ----------
    colours : mapping of int to (r, g, b, a)
        Colours, each in [0, 1], that differ from the palette.
    """
    table = _default_colours().copy()
    for value, colour in colours.items():
        table[value] = colour
    return CyclicLabelColormap(colors=table)


@cache
def _default_colours() -> NDArray[np.float32]:
    """Return the default colours of the pixel values 0 to 32 768, (32 769, 4)."""
    colours = default_colours()
    return np.concatenate([colours, colours[255:256]])
