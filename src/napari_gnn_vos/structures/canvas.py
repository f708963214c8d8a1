"""Pixel values of strokes, which distinguish background from unpainted pixels.

On a canvas, 0 is unpainted and 255 is background. Every other value is the label of an
object, except that object 255 has the value 32 768. Strokes with labels up to 254 have
8 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.label_frames import label_dtype
from napari_gnn_vos.structures.scribbles import BACKGROUND, MAX_LABEL

Canvas = NDArray[np.uint8 | np.uint16]

BACKGROUND_VALUE = 255
"""Pixel value of a background stroke; 0 means that nothing is drawn."""
VALUE_OF_255 = MAX_LABEL + 1
"""Pixel value of a stroke of object 255."""
MAX_VALUE = VALUE_OF_255
"""Largest pixel value of a stroke."""

_VALUES = {BACKGROUND: BACKGROUND_VALUE, BACKGROUND_VALUE: VALUE_OF_255}
_LABELS = {value: label for label, value in _VALUES.items()}


def value_of(label: int) -> int:
    """Return the pixel value of a stroke with a label."""
    return _VALUES.get(label, label)


def label_of(value: int) -> int:
    """Return the label of a stroke's pixel value; the inverse of :func:`value_of`."""
    return _LABELS.get(value, value)


def values_of(labels: NDArray[Any]) -> Canvas:
    """Convert labels to pixel values of strokes.

    Parameters
    ----------
    labels : ndarray of int
        0 to `MAX_LABEL`.

    Returns
    -------
    values : ndarray of uint8 or uint16
        Of 8 bits if no label is above 254.
    """
    wide = int(labels.max(initial=0)) >= BACKGROUND_VALUE
    values: Canvas = labels.astype(np.uint16 if wide else np.uint8)
    if wide:
        values[labels == BACKGROUND_VALUE] = VALUE_OF_255
    values[labels == BACKGROUND] = BACKGROUND_VALUE
    return values


def labels_of(values: Canvas) -> Canvas:
    """Convert pixel values of strokes to labels; 0 is background and unpainted.

    Parameters
    ----------
    values : ndarray of uint8 or uint16

    Returns
    -------
    labels : ndarray of the same type
    """
    labels = np.where(values == BACKGROUND_VALUE, values.dtype.type(BACKGROUND), values)
    if values.dtype.itemsize > 1:
        labels[values == VALUE_OF_255] = BACKGROUND_VALUE
    return labels


def constant(value: int) -> np.uint8 | np.uint16:
    """Return a pixel value as a scalar of the smallest type."""
    return label_dtype(value)(value)


def compact(canvas: NDArray[Any]) -> Canvas:
    """Return an (H, W) canvas in the smallest type; it is copied if that differs."""
    return canvas.astype(label_dtype(int(canvas.max(initial=0))), copy=False)


def overlaid(below: Canvas, above: Canvas) -> Canvas:
    """Return the (H, W) canvas `below` with the painted pixels of `above` on it."""
    return np.where(above > 0, above, below)
