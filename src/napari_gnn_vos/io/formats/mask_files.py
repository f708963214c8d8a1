"""Label images of single PNG or TIFF files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.label_images import as_labels, labels_of_colours
from napari_gnn_vos.io.formats.lazy_labels import LazyLabels
from napari_gnn_vos.io.readers.image_file import read_image
from napari_gnn_vos.io.readers.orientation import (
    TRANSPOSED,
    apply_orientation,
    exif_orientation,
)

GREY_MODES = {"1": "u1", "L": "u1", "P": "u1", "I": "i4", "I;16": "u2", "I;16B": "u2"}
"""Types of label images by modes of Pillow."""
COLOUR_MODES = ("RGB", "RGBA", "LA", "PA")
TIFF_SUFFIXES = (".tif", ".tiff")


class MaskFiles(LazyLabels):
    """Label images of single files, of the widest type among them.

    Parameters
    ----------
    files : sequence of Path
        PNG or TIFF, one per frame.

    Raises
    ------
    ReadError
        If a file is damaged or not a label image, or has another size than the first.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        kinds = {file: _shape_and_type(file) for file in files}
        (first, (shape, _)), *others = kinds.items()
        for file, (other, _) in others:
            if other != shape:
                raise ReadError(
                    f"Every mask must have the size of the first, {first.name} of "
                    f"{shape}; {file.name} has {other}. Crop or resize the masks."
                )
        dtype = np.result_type(*(each for _, each in kinds.values()))
        super().__init__((len(files), *shape), dtype)

    def _read(self, t: int) -> NDArray[Any]:
        file = self._files[t]
        read = _read_tiff if _is_tiff(file) else _read_png
        return read(file).astype(self.dtype)


def _is_tiff(file: Path) -> bool:
    return file.suffix.lower() in TIFF_SUFFIXES


def _shape_and_type(file: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return size and type of a mask; colour images and TIFF are read completely."""
    from PIL import Image

    if _is_tiff(file):
        mask = _read_tiff(file)
        return mask.shape, mask.dtype
    with _read_errors(file), Image.open(file) as image:
        mode, size = image.mode, (image.height, image.width)
        size = size[::-1] if exif_orientation(image) in TRANSPOSED else size
    if mode in COLOUR_MODES:
        mask = _read_png(file)
        return mask.shape, mask.dtype
    if mode not in GREY_MODES:
        raise ReadError(
            f"Expected a greyscale or palette image; {file} has the mode {mode}. "
            "Save the masks with one label per pixel."
        )
    return size, np.dtype(GREY_MODES[mode])


def _read_png(file: Path) -> NDArray[Any]:
    from PIL import Image

    with _read_errors(file), Image.open(file) as image:
        if image.mode in COLOUR_MODES and ";16" in str(image.tile):
            return _read_deep(file)  # Pillow reads 8 of the 16 bits
        orientation = exif_orientation(image)
        if image.mode not in COLOUR_MODES:
            return apply_orientation(np.asarray(image), orientation)
        colours = apply_orientation(np.asarray(image.convert("RGB")), orientation)
    try:
        return labels_of_colours(colours)
    except ValueError as error:
        raise ReadError(
            f"Expected a greyscale or palette image, or colours of DAVIS; {file} is a "
            f"colour image, and {error}. Save the masks with one label per pixel."
        ) from error


def _read_deep(file: Path) -> NDArray[Any]:
    """Read a colour PNG of 16 bits whose channels are equal."""
    image = read_image(file)
    colours = image[..., :3] if image.ndim == 3 else image[..., None]
    if (colours != colours[..., :1]).any():
        raise ReadError(
            f"Expected a greyscale or palette image; {file} is a colour image of 16 "
            "bits. Save the masks with one label per pixel."
        )
    return np.ascontiguousarray(colours[..., 0])


def _read_tiff(file: Path) -> NDArray[Any]:
    from napari_gnn_vos.io.readers.tiff import TiffFrames

    frames = TiffFrames(file, frame_per_file=True, is_labels=True)
    try:
        if len(frames) > 1 or frames.ndim > 3:
            raise ReadError(
                f"Expected one label image per file; {file} has the shape "
                f"{frames.shape}. Open a stack as a file."
            )
        mask = frames[0]
    finally:
        frames.close()
    return mask if mask.dtype == np.uint8 else as_labels(mask, str(file))


@contextmanager
def _read_errors(file: Path) -> Iterator[None]:
    from PIL import Image

    try:
        yield
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ReadError(
            f"Expected a mask; {file} is damaged: {error}. Copy it again."
        ) from error
