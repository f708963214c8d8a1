"""Conversion of decoded movie frames to images."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

Matrix = NDArray[np.int32]
PREDICTED = (PictureType.P, PictureType.B)
SKEW = 0.018
"""Tangent of the largest angle of a display matrix that is ignored, 1 degree."""


class Picture(NamedTuple):
    """Image of a decoded frame.

    Parameters
    ----------
    pts : int
        Presentation time stamp.
    image : (H, W, 3) or (H, W) ndarray
    is_key : bool
        Whether it is not predicted from other frames, as far as the decoder tells.
    is_scaled : bool
        Whether it had another size.
    """

    pts: int
    image: NDArray[Any]
    is_key: bool
    is_scaled: bool


class FrameConverter:
    """Convert decoded frames to images as large as the first one.

    RGB is uint8, or uint16 if a channel has more than 8 bits; one channel of more than
    8 bits is uint16.

    Parameters
    ----------
    matrix : (3, 3) ndarray of int32, optional
        Display matrix of the stream. That of a frame is not read: PyAV would keep the
        frame in memory for a time, and see `DecodedFrame`.
    are_keys : bool
        Whether frames of a type that the decoder does not tell are keyframes.
    """

    def __init__(self, matrix: Matrix | None = None, are_keys: bool = True) -> None:
        self._matrix, self._are_keys = matrix, are_keys
        self._format: tuple[str, int, int] | None = None

    def picture(self, frame: Any) -> Picture:
        """Convert a decoded frame to an image, and apply the display matrix.

        Parameters
        ----------
        frame : av.VideoFrame
        """
        if self._format is None:
            self._format = pixel_format(frame), frame.width, frame.height
        name, width, height = self._format
        image: NDArray[Any] = frame.to_ndarray(format=name, width=width, height=height)
        if frame.format.name == name:  # not converted: in memory of the decoder
            image = image.copy()
        return Picture(
            frame.pts,
            image
            if self._matrix is None
            else apply_display_matrix(image, self._matrix),
            frame.key_frame
            or (
                self._are_keys
                if frame.pict_type == PictureType.NONE
                else frame.pict_type not in PREDICTED
            ),
            (frame.width, frame.height) != (width, height),
        )


def pixel_format(frame: Any) -> str:
    """Return the pixel format in which a frame is read."""
    components = frame.format.components
    if max(component.bits for component in components) <= 8:
        return "rgb24"
    if len(components) == 1:
        return "gray16le"
    height, width = frame.height, frame.width
    chroma = frame.format.chroma_height(height), frame.format.chroma_width(width)
    # FFmpeg converts subsampled colours of some sizes wrongly to the packed format, and
    # 16-bit colours with alpha to the planar one
    return "rgb48le" if chroma == (height, width) else "gbrp16le"


def display_matrix(frame: Any) -> Matrix | None:
    """Return the display matrix of a frame, (3, 3), if it has one."""
    with suppress(ValueError):  # side data of a type that PyAV does not know
        if (data := frame.side_data.get("DISPLAYMATRIX")) is not None:
            return np.frombuffer(data, np.int32, 9).reshape(3, 3)
    quarter_turns = round(frame.rotation / 90) % 4
    if not quarter_turns:
        return None
    x, y = [(1, 0), (0, -1), (-1, 0), (0, 1)][quarter_turns]
    return np.array([[x, y, 0], [-y, x, 0], [0, 0, 1]], np.int32) << 16


def is_axis_aligned(matrix: Matrix) -> bool:
    """Return whether a display matrix turns by a multiple of 90 degrees, up to 1."""
    (xx, xy), (yx, yy) = np.abs(matrix[:2, :2].astype(float)).tolist()
    columns, rows = sorted((xx, yx)), sorted((xy, yy))
    is_aligned = columns[0] <= SKEW * columns[1] and rows[0] <= SKEW * rows[1]
    return bool(is_aligned and (xx < yx) == (yy < xy))


def apply_display_matrix(image: NDArray[Any], matrix: Matrix) -> NDArray[Any]:
    """Turn and mirror an image by the nearest multiple of 90 degrees.

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
