"""Read videos from folders with one image file per frame."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.lazy_frames import LazyFrames
from napari_gnn_vos.vision import cv2

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".webp": "WebP",
}
"""Image format by file suffix."""


class FolderFrames(LazyFrames):
    """The images of a folder in natural order.

    Parameters
    ----------
    files : list of Path
        One image per frame, greyscale or colour, 8 or 16 bit.
    """

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        self.frame_names = [file.name for file in files]
        first = read_image(files[0])
        super().__init__((len(files), *first.shape), first.dtype)

    def _read(self, t: int) -> NDArray[Any]:
        return read_image(self.files[t])


def list_images(folder: Path) -> list[Path]:
    """List the images of a folder in any order, without hidden files."""
    return [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in FORMATS and not file.name.startswith(".")
    ]


def image_files(folder: Path) -> list[Path]:
    """List the images of a folder in natural order: 2.png before 10.png.

    Parameters
    ----------
    folder : Path
        Folder of the images. Other files and hidden files are ignored.

    Returns
    -------
    files : list of Path
        Not empty.

    Raises
    ------
    ReadError
        If there is no image, or there are images of several formats.
    """
    files = list_images(folder)
    formats = Counter(FORMATS[file.suffix.lower()] for file in files)
    if not files:
        raise ReadError(
            f"Expected a folder with one image per frame ({', '.join(FORMATS)}); "
            f"there is none in {folder}. Choose the folder that contains the images, "
            "not its parent folder."
        )
    if len(formats) > 1:
        counts = " and ".join(
            f"{count} {name}" for name, count in formats.most_common()
        )
        raise ReadError(
            f"Expected images of one format; {folder} contains {counts}. Move the "
            "files that are not frames to another folder."
        )
    return sorted(files, key=natural_order)


def natural_order(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Return a sort key that compares digits in file names as numbers.

    Examples
    --------
    >>> sorted(map(Path, ["f10.png", "f9.png"]), key=natural_order)[0].name
    'f9.png'
    """
    parts = re.findall(r"(\D*)(\d*)", path.stem)
    return [(text.lower(), int(digits or -1)) for text, digits in parts], path.name


def read_image(file: Path) -> NDArray[Any]:
    """Read an image without changing its bit depth and channels.

    Parameters
    ----------
    file : Path
        PNG, JPEG, TIFF, BMP or WebP.

    Returns
    -------
    image : (H, W), (H, W, 3) or (H, W, 4) ndarray of uint8 or uint16
        Greyscale, RGB or RGBA.

    Raises
    ------
    ReadError
        If the file is missing or damaged.
    """
    try:  # cv2.imread does not open non-ASCII paths on Windows
        content = np.frombuffer(file.read_bytes(), np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    except (OSError, cv2.error) as error:
        raise ReadError(f"{_image_error(file)} ({error})") from error
    if image is None:
        raise ReadError(_image_error(file))
    if image.ndim == 3:
        code = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
        image = cv2.cvtColor(image, code)
    return np.asarray(image)


def _image_error(file: Path) -> str:
    return (
        f"Expected an image in {file}, but it is missing or damaged. "
        "Export the frame again, or remove the file from the folder."
    )
