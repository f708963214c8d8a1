"""Conversion of decoded movie frames to images."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray


def display_image(frame: Any) -> NDArray[Any]:
    """Convert a decoded frame to an image, and apply its display matrix.

    Parameters
    ----------
    frame : av.VideoFrame

    Returns
    -------
    image : (H, W, 3) or (H, W) ndarray
        RGB as uint8, or as uint16 if a channel has more than 8 bits; (H, W) uint16 for
        one channel of more than 8 bits.
    """
    components = frame.format.components
    if max(component.bits for component in components) <= 8:
        pixel_format = "rgb24"
    else:
        pixel_format = "gray16le" if len(components) == 1 else "rgb48le"
    image: NDArray[Any] = frame.to_ndarray(format=pixel_format)
    with suppress(ValueError):  # side data of a type that PyAV does not know
        if (data := frame.side_data.get("DISPLAYMATRIX")) is not None:
            return oriented(image, np.frombuffer(data, np.int32, 9).reshape(3, 3))
    quarter_turns = round(getattr(frame, "rotation", 0) / 90)  # not in PyAV before 13
    return np.ascontiguousarray(np.rot90(image, quarter_turns))


def oriented(image: NDArray[Any], matrix: NDArray[np.int32]) -> NDArray[Any]:
    """Turn and mirror an image by multiples of 90 degrees.

    Parameters
    ----------
    image : (H, W) or (H, W, C) ndarray
    matrix : (3, 3) ndarray of int32
        Display matrix: ``(x, y, 1) @ matrix`` is the position of pixel (x, y).
    """
    (xx, xy), (yx, yy) = matrix[:2, :2].tolist()
    if abs(xx) < abs(yx):  # columns become rows
        image, xx, yy = image.swapaxes(0, 1), yx, xy
    return np.ascontiguousarray(image[:: -1 if yy < 0 else 1, :: -1 if xx < 0 else 1])
