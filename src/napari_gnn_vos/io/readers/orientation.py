"""Orientation of images by the tag of TIFF and EXIF."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TRANSPOSED = (5, 6, 7, 8)
"""Orientations that exchange rows and columns."""


def apply_orientation(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn and mirror an image upright.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
    orientation : int
        1 to 8 as in EXIF; other values are read as 1, upright.

    Returns
    -------
    image : (H, W) or (W, H) ndarray, with channels if `image` has them
    """
    if orientation in TRANSPOSED:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
