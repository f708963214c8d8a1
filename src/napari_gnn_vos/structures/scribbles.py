"""Strokes as a person, or a script, draws them."""

from __future__ import annotations

from dataclasses import dataclass

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
        Index of its frame.
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
        If the label is out of range, or if the path is empty or not finite.
    """

    frame: int
    label: int
    path: NDArray[np.float64]
    connected: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", frozen(np.asarray(self.path, float)))
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
