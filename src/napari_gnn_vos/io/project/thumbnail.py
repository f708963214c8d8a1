"""The thumbnail of a project: a frame with its strokes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_gnn_vos.errors import ReadError

MAX_THUMBNAIL = 512
"""Pixels in each direction."""


def make_thumbnail(
    image: NDArray[np.uint8], canvas: NDArray[Any] | None
) -> NDArray[np.uint8]:
    """Reduce a frame to at most 192 pixels, with the strokes in white."""
    marked = image.copy()
    if canvas is not None:
        marked[canvas > 0] = 255
    picture = Image.fromarray(marked)
    picture.thumbnail((192, 192))
    return np.asarray(picture)


def encode_thumbnail(image: NDArray[np.uint8]) -> bytes:
    """Encode a thumbnail as PNG."""
    stream = BytesIO()
    picture = Image.fromarray(image)
    picture.thumbnail((MAX_THUMBNAIL, MAX_THUMBNAIL))
    picture.save(stream, "PNG")
    return stream.getvalue()


def decode_thumbnail(content: bytes) -> NDArray[np.uint8]:
    """Decode a thumbnail.

    Raises
    ------
    ReadError
        If it is damaged, or larger than `MAX_THUMBNAIL`.
    """
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as image:
            if max(image.size) <= MAX_THUMBNAIL:
                return np.asarray(image.convert("RGB"))
            reason = f"it has {image.size} pixels"
    except (OSError, ValueError, SyntaxError) as error:
        reason = str(error)
    raise ReadError(f"The thumbnail is damaged: {reason}.")
