"""Orientation of images by the tag of TIFF and EXIF."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ORIENTATION_TAG = 274
"""Tag of the orientation in TIFF and EXIF."""
TRANSPOSED = (5, 6, 7, 8)
"""Orientations that exchange rows and columns."""


def exif_orientation(image: Any) -> int:
    """Return the EXIF orientation of an image of Pillow, 1 to 8; 1 without EXIF."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - damaged metadata; Pillow raises many types
        return 1


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
