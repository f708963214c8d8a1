"""A folder with one picture a frame."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.lazy_frames import LazyFrames

KINDS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".webp": "WebP",
}
"""Suffixes of pictures, and what they are called."""


class FolderFrames(LazyFrames):
    """The pictures of a folder in natural order.

    Parameters
    ----------
    files : list of Path
        One picture a frame, grey or colour, 8 or 16 bit.
    """

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        first = read_picture(files[0])
        super().__init__((len(files), *first.shape), first.dtype)

    def _read(self, t: int) -> NDArray[Any]:
        return read_picture(self.files[t])


def pictures_in(folder: Path) -> list[Path]:
    """List the pictures of a folder, of any kinds, in any order; hidden ones not."""
    return [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in KINDS and not file.name.startswith(".")
    ]


def picture_files(folder: Path) -> list[Path]:
    """List the pictures of a folder: 2.png comes before 10.png.

    Parameters
    ----------
    folder : Path
        Other files and hidden ones are left out.

    Returns
    -------
    files : list of Path
        Not empty.

    Raises
    ------
    ReadError
        If there is no picture, or pictures of several kinds.
    """
    files = pictures_in(folder)
    kinds = Counter(KINDS[file.suffix.lower()] for file in files)
    if not files:
        raise ReadError(
            f"A folder of frames holds one picture a frame ({', '.join(KINDS)}); "
            f"there is none in {folder}. Choose the folder with the pictures "
            "themselves, not the one above it."
        )
    if len(kinds) > 1:
        found = " and ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        raise ReadError(
            f"The frames of a folder must be pictures of one kind; {folder} holds "
            f"{found}. Move those that are no frames to another folder."
        )
    return sorted(files, key=natural_order)


def natural_order(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Sort key by which numbers in names count as numbers.

    Examples
    --------
    >>> sorted(map(Path, ["f10.png", "f9.png"]), key=natural_order)[0].name
    'f9.png'
    """
    parts = re.findall(r"(\D*)(\d*)", path.stem)
    return [(text.lower(), int(digits or -1)) for text, digits in parts], path.name


def read_picture(file: Path) -> NDArray[Any]:
    """Read one picture as the file has it.

    Parameters
    ----------
    file : Path
        PNG, JPEG, TIFF, BMP or WebP.

    Returns
    -------
    picture : (H, W), (H, W, 3) or (H, W, 4) ndarray of uint8 or uint16
        Grey, RGB or RGBA.

    Raises
    ------
    ReadError
        If the file is missing or broken.
    """
    try:  # read here: OpenCV cannot open every path on Windows
        content = np.frombuffer(file.read_bytes(), np.uint8)
        picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    except (OSError, cv2.error) as error:
        raise ReadError(f"{_no_picture(file)} ({error})") from error
    if picture is None:
        raise ReadError(_no_picture(file))
    if picture.ndim == 3:
        code = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB
        picture = cv2.cvtColor(picture, code)
    return np.asarray(picture)


def _no_picture(file: Path) -> str:
    return (
        f"Expected a picture in {file}, but it is missing or broken. "
        "Export the frame again, or take it out of the folder."
    )
