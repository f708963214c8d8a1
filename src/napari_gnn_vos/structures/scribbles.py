"""Strokes that a user or a script draws."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.structures.arrays import check_shape, frozen

BACKGROUND = 0
MAX_LABEL = 32_767
"""Largest label of an object: superpixels have labels of 16 bits with a sign."""
ERASED = -1
"""Label of a stroke of the eraser, which removes the strokes under it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scribble:
    """One stroke on one frame.

    Parameters
    ----------
    frame : int
        Index of its frame; integers of NumPy, and floats without a fraction, are
        converted.
    label : int
        1 to `MAX_LABEL` for an object, 0 for background, -1 for the eraser.
    path : (P, 2) array-like of float64
        Points (row, column) in pixels of the video.
    connected : bool
        If true, the points are the vertices of a polyline; otherwise they are the
        pixels of a brush.

    Raises
    ------
    ScribbleError
        If frame or label is no integer, the label is out of range, or the path is
        empty, not finite or no table of numbers.
    ShapeError
        If the points do not have two coordinates.
    """

    frame: int
    label: int
    path: NDArray[np.float64]
    connected: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", _integer("frame", self.frame))
        object.__setattr__(self, "label", _integer("label", self.label))
        object.__setattr__(self, "path", frozen(_points(self.path)))
        check_shape("path", self.path, None, 2)
        if not -1 <= self.label <= MAX_LABEL:
            raise ScribbleError(
                f"The label of a stroke is 1 to {MAX_LABEL} for an object, 0 for "
                f"background or -1 for the eraser; got {self.label}. Choose another "
                "label."
            )
        if len(self.path) == 0 or not np.isfinite(self.path).all():
            raise ScribbleError(
                f"A stroke needs points with finite coordinates; the one on frame "
                f"{self.frame} has {len(self.path)} points"
                f"{', some not finite' if len(self.path) else ''}. Draw it again."
            )


def _integer(name: str, value: Any) -> int:
    """Convert a number without a fraction to an integer."""
    number: int | None = None
    if isinstance(value, (float, np.floating)):
        number = int(value) if float(value).is_integer() else None
    elif hasattr(value, "__index__"):
        with suppress(TypeError):  # an array of several numbers
            number = index(value)
    if number is None:
        raise ScribbleError(
            f"The {name} of a stroke is an integer; got {value!r}. Give a whole number."
        )
    return number


def _points(path: Any) -> NDArray[np.float64]:
    """Convert the points of a path to float64; complex numbers are no coordinates."""
    try:
        points = np.asarray(path)
        if points.dtype.kind in "biufO":
            return np.asarray(points, float)
    except (TypeError, ValueError):  # rows of several lengths, or no numbers
        pass
    raise ScribbleError(
        "The path of a stroke is a list of (row, column) points in numbers; got "
        f"{str(path)[:80]!r}. Convert it first."
    )
