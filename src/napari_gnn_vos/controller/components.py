"""Connected components of an object on a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_gnn_vos.errors import ScribbleError

Point = tuple[float, float]
"""Row and column."""
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


def separate_component(
    mask: NDArray[np.bool_], point: Point | None, name: str, frame: int
) -> NDArray[np.bool_]:
    """Select a connected component of a mask.

    Parameters
    ----------
    mask : (H, W) ndarray of bool
        Pixels of an object.
    point : (row, column) or None
        A pixel of the component; None selects all components but the largest.
    name : str
        Name of the object, for messages.
    frame : int
        Number of the frame, for messages.

    Returns
    -------
    component : (H, W) ndarray of bool

    Raises
    ------
    ScribbleError
        If the point is outside the mask, or there is no point and only one component.
    """
    components, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    if point is not None:
        row, col = (round(coordinate) for coordinate in point)
        inside = 0 <= row < mask.shape[0] and 0 <= col < mask.shape[1]
        number = components[row, col] if inside else 0
        if number == 0:
            raise ScribbleError(
                f"{name} has no pixel at ({row}, {col}) on frame {frame}. Point at it."
            )
        return np.asarray(components == number)
    if count < 2:
        raise ScribbleError(
            f"{name} has fewer than two connected components on frame {frame}. Go to a "
            "frame where it is divided."
        )
    largest = 1 + np.argmax(np.bincount(components.ravel())[1:])
    return np.asarray(mask & (components != largest))
