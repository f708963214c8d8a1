"""Labels into files that other programs open."""

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
from napari_gnn_vos.io.label_pictures import checked, unwritable
from napari_gnn_vos.io.palette import davis_palette
from napari_gnn_vos.io.storage import atomic_write
from napari_gnn_vos.io.tiff import about_labels


def export_palette_pngs(
    labels: Iterable[NDArray[Any]], folder: str | PathLike[str], overwrite: bool = False
) -> int:
    """Write ``00000.png``, ``00001.png`` ... with the palette of DAVIS.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label picture a frame, values 0 to 255; a (T, H, W) array is one too.
    folder : path
        Made if it is not there.
    overwrite : bool
        Write into a folder that has numbered masks already, and take away those of
        them that lie after the last frame.

    Returns
    -------
    count : int
        Frames written.

    Raises
    ------
    ReadError
        If the folder cannot be written, or has masks and `overwrite` is off.
    ShapeError
        If there is no frame, or a frame is no picture of labels of the first one's
        size.
    """
    folder = Path(folder)
    old = _old_masks(folder)
    if old and not overwrite:
        raise ReadError(
            f"Expected a folder without masks; {folder} has {len(old)} already. "
            "Choose an empty folder, or overwrite them."
        )
    written = 0
    for written, mask in enumerate(checked(labels), start=1):
        try:
            _write_png(mask, folder / f"{written - 1:05d}.png")
        except OSError as error:
            raise ReadError(unwritable(folder, error)) from error
    for file in old:
        if int(file.stem) >= written:
            file.unlink()
    return written


def export_tiff(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    names: Mapping[int, str] | None = None,
) -> int:
    """Write a multi-page TIFF, a page a frame, compressed with zlib.

    `io.tiff.read_labels` knows it again.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label picture a frame, values 0 to 255; a (T, H, W) array is one too.
    path : path
        A file there is replaced, once all frames are written.
    names : mapping of int to str, optional
        What labels are called, kept in the description of the first page.

    Returns
    -------
    count : int
        Frames written.

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
            for mask in checked(labels):
                about = None if written else about_labels(names or {})
                pages.write(mask, compression="zlib", description=about, metadata=None)
                written += 1

    try:
        atomic_write(path, write)
    except OSError as error:
        raise ReadError(unwritable(path, error)) from error
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
        raise ReadError(unwritable(folder, "it is a file"))
    files = folder.iterdir() if folder.is_dir() else ()
    return [file for file in files if numbered.fullmatch(file.name)]


def export_labels(labels: Iterable[NDArray[Any]], path: str | PathLike[str]) -> int:
    """Write labels as the path asks.

    One file for ``.tif`` or, in the format of COCO for videos, ``.json``; otherwise a
    folder of PNGs.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of uint8
    path : path

    Returns
    -------
    count : int
        Frames written.
    """
    suffix = Path(path).suffix.lower()
    if suffix in (".tif", ".tiff"):
        return export_tiff(labels, path)
    if suffix == ".json":
        return export_coco(labels, path)
    return export_palette_pngs(labels, path)
