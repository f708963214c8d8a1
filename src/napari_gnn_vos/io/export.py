"""Export of labels to PNG, TIFF and COCO files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.coco import export_coco
from napari_gnn_vos.io.label_images import (
    davis_palette,
    validate_label_images,
    write_error_message,
)
from napari_gnn_vos.io.tiff import label_description
from napari_gnn_vos.storage import atomic_write


def export_palette_pngs(
    labels: Iterable[NDArray[Any]], folder: str | PathLike[str], overwrite: bool = False
) -> int:
    """Write ``00000.png``, ``00001.png`` ... with the palette of DAVIS.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to 255, or a (T, H, W) array.
    folder : path
        Created if it does not exist.
    overwrite : bool
        Replace the numbered masks in the folder, and delete those after the last frame.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the folder cannot be written, or has masks and `overwrite` is false.
    ShapeError
        If there is no frame, a frame is not a label image, or the frames differ in
        size.
    """
    folder = Path(folder)
    old = _old_masks(folder)
    if old and not overwrite:
        raise ReadError(
            f"Expected a folder without masks; {folder} has {len(old)} already. "
            "Choose an empty folder, or overwrite the masks."
        )
    written = 0
    for written, mask in enumerate(validate_label_images(labels), start=1):
        try:
            _write_png(mask, folder / f"{written - 1:05d}.png")
        except OSError as error:
            raise ReadError(write_error_message(folder, error)) from error
    for file in old:
        if int(file.stem) >= written:
            file.unlink()
    return written


def export_tiff(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    names: Mapping[int, str] | None = None,
) -> int:
    """Write a zlib-compressed TIFF with one page per frame.

    `io.tiff.read_labels` reads the file.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to 255, or a (T, H, W) array.
    path : path
        An existing file is replaced after all frames were written.
    names : mapping of int to str, optional
        Object names by label, stored in the description of the first page.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError
        If the file cannot be written.
    ShapeError
        As in :func:`export_palette_pngs`.
    """
    import tifffile

    path, written = Path(path), 0

    def write(file: IO[bytes]) -> None:
        nonlocal written
        with tifffile.TiffWriter(file, bigtiff=True) as pages:
            for mask in validate_label_images(labels):
                description = None if written else label_description(names or {})
                pages.write(
                    mask, compression="zlib", description=description, metadata=None
                )
                written += 1

    try:
        atomic_write(path, write)
    except OSError as error:
        raise ReadError(write_error_message(path, error)) from error
    return written


def _write_png(mask: NDArray[np.uint8], file: Path) -> None:
    from PIL import Image

    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(mask)
    image.putpalette(davis_palette())
    image.save(file)


def _old_masks(folder: Path) -> list[Path]:
    numbered = re.compile(r"\d{5}\.png")
    if folder.exists() and not folder.is_dir():
        raise ReadError(write_error_message(folder, "it is a file"))
    files = folder.iterdir() if folder.is_dir() else ()
    return [file for file in files if numbered.fullmatch(file.name)]


def export_labels(labels: Iterable[NDArray[Any]], path: str | PathLike[str]) -> int:
    """Write labels in the format selected by the suffix of a path.

    ``.tif`` and ``.tiff`` select TIFF, ``.json`` COCO JSON; any other path is a folder
    of PNG files.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of uint8
    path : path

    Returns
    -------
    count : int
        Number of frames.
    """
    suffix = Path(path).suffix.lower()
    if suffix in (".tif", ".tiff"):
        return export_tiff(labels, path)
    if suffix == ".json":
        return export_coco(labels, path)
    return export_palette_pngs(labels, path)
