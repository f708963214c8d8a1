"""Read single images, and their headers."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.orientation import (
    ORIENTATION_TAG,
    TRANSPOSED,
    apply_orientation,
    exif_orientation,
)
from napari_gnn_vos.io.readers.tiff import TiffFrames
from napari_gnn_vos.vision import cv2

FORMATS = {
    ".png": "PNG",
    ".apng": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".webp": "WebP",
}
"""Image format by file suffix."""

SIGNATURES = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"RIFF": "WebP",
}
"""Image format by the first bytes of a file."""

ALPHA_MODES = ("RGBA", "RGBa", "LA", "La", "PA")
"""Modes of Pillow with transparency."""


def image_format(file: Path) -> str:
    """Return the format of an image by its content, or else by its suffix.

    Files are often renamed, for example a PNG to ``a.tif``.

    Raises
    ------
    ReadError
        If the file cannot be read.
    """
    try:
        with file.open("rb") as content:
            start = content.read(4)
    except OSError as error:
        raise ReadError(f"{image_error(file)} ({error})") from error
    for signature, name in SIGNATURES.items():
        if start.startswith(signature):
            return name
    return FORMATS.get(file.suffix.lower(), "TIFF")


def is_animation(file: Path) -> bool:
    """Return whether a PNG or WebP file has several images."""
    if image_format(file) not in ("PNG", "WebP"):
        return False
    try:
        with Image.open(file) as image:
            return int(getattr(image, "n_frames", 1)) > 1
    except Exception:  # noqa: BLE001 - reported when it is read; Pillow raises many types
        return False


def is_deep_animation(file: Path) -> bool:
    """Return whether an animated PNG has channels of 16 bits."""
    if not is_animation(file):
        return False
    with Image.open(file) as image:
        return _is_deep(image)


def _is_deep(image: Any) -> bool:
    """Return whether a file has more than 8 bits; Pillow reads RGB of 16 bits as 8."""
    return image.mode[0] in "IF" or ";16" in str(image.tile)


class ImageHeader(NamedTuple):
    """Properties of an image that are known without decoding it.

    Parameters
    ----------
    size : (int, int)
        Height and width, after the orientation is applied.
    is_colour : bool
    has_alpha : bool
    is_deep : bool
        Whether pixels have more than 8 bits.
    """

    size: tuple[int, int]
    is_colour: bool
    has_alpha: bool
    is_deep: bool


def read_header(file: Path) -> ImageHeader:
    """Read the header of an image; decode the whole image if its end is missing.

    Raises
    ------
    ReadError
        If the file is missing, damaged or animated.
    """
    try:
        with Image.open(file) as image:
            # JPEGs of phones have further images, such as a gain map
            count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
            width, height = image.size
            mode, is_deep = image.mode, _is_deep(image)
            has_alpha = mode in ALPHA_MODES or (
                mode == "P" and "transparency" in image.info
            )
            orientation = image.getexif().get(ORIENTATION_TAG, 1)  # reads a PNG
            if _may_be_cut(file):
                image.load()
    except Exception as error:  # Pillow raises many types
        raise ReadError(f"{image_error(file)} ({error})") from error
    if count > 1:
        raise ReadError(
            f"Expected one image per file; {file} is an animation of {count} images. "
            "Convert it to a movie, or save its images as separate files."
        )
    if orientation in TRANSPOSED:
        height, width = width, height
    is_grey = mode in ("1", "L", "F") or mode[0] == "I"
    return ImageHeader((height, width), not is_grey, has_alpha, is_deep)


def _may_be_cut(file: Path) -> bool:
    """Return whether an image does not end as its format requires.

    Pillow reads the headers of JPEG, BMP and WebP files that are cut without an error.
    """
    with file.open("rb") as content:
        start = content.read(8)
        length = content.seek(0, 2)
        content.seek(-min(length, 1024), 2)
        end = content.read().rstrip(b"\0")
    if start.startswith(b"\xff\xd8"):
        return not end.endswith(b"\xff\xd9")
    if start.startswith(b"RIFF"):
        return int.from_bytes(start[4:], "little") + 8 > length
    return start.startswith(b"BM") and int.from_bytes(start[2:6], "little") > length


def read_image(file: Path, page: int = 0) -> NDArray[Any]:
    """Read an image without changing its bit depth and channels.

    The orientation given in the metadata is applied.

    Parameters
    ----------
    file : Path
        PNG, JPEG, TIFF, BMP or WebP.
    page : int
        Frame of a TIFF stack.

    Returns
    -------
    image : (H, W), (H, W, 3) or (H, W, 4) ndarray of uint8 or uint16
        Greyscale, RGB or RGBA.

    Raises
    ------
    ReadError
        If the file is missing or damaged.
    """
    if image_format(file) == "TIFF":
        frames = TiffFrames(file, frame_per_file=True)
        frame = frames[page]
        frames.close()
        return frame
    try:  # cv2.imread does not open non-ASCII paths on Windows
        content = np.frombuffer(file.read_bytes(), np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    except (OSError, cv2.error) as error:
        raise ReadError(f"{image_error(file)} ({error})") from error
    if image is None:
        raise ReadError(image_error(file))
    if image.ndim == 3:
        code = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
        image = cv2.cvtColor(image, code)
    return apply_orientation(image, _exif_orientation(content))


def image_error(file: Path) -> str:
    """Return the message for an image that cannot be read."""
    return (
        f"Expected an image in {file}, but it is missing or damaged. "
        "Export the frame again, or remove the file from the folder."
    )


def _exif_orientation(content: NDArray[np.uint8]) -> int:
    """Return the EXIF orientation of an encoded image, 1 to 8."""
    try:
        with Image.open(BytesIO(content.tobytes())) as header:
            return exif_orientation(header)
    except Exception:  # noqa: BLE001 - damaged metadata; Pillow raises many types
        return 1
