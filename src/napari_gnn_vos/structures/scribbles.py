"""What a person drew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.structures.arrays import check_shape, frozen

BACKGROUND = 0
ERASED = -1
"""Label of an eraser's stroke: what lies under it was never drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Scribble:
    """One stroke on one frame.

    Parameters
    ----------
    frame : int
        Frame it was drawn on.
    label : int
        Object it marks, 1 to 254; 0 is background; -1 erases what lies under it.
    path : (P, 2) ndarray of float64
        Points as (row, column), in pixels of the video; a list of pairs will do.
    connected : bool
        Whether lines join the points, as in a path; otherwise the points are the
        pixels of a brush.

    Raises
    ------
    ScribbleError
        If the label is out of range, or the path has no point or one not finite.
    """

    frame: int
    label: int
    path: NDArray[np.float64]
    connected: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", frozen(np.asarray(self.path, float)))
        check_shape("path", self.path, None, 2)
        if not -1 <= self.label <= 254:
            raise ScribbleError(
                "A stroke marks an object 1 to 254, background 0, or erases (-1); "
                f"this one has the label {self.label}. Choose another label."
            )
        if len(self.path) == 0 or not np.isfinite(self.path).all():
            raise ScribbleError(
                f"A stroke needs points with finite coordinates; the one on frame "
                f"{self.frame} has {len(self.path)} points, or some that are NaN. "
                "Draw it again."
            )
