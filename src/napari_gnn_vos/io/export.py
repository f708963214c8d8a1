"""Export of labels to PNG, TIFF and COCO files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
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
from napari_gnn_vos.io.tiff_labels import Placement, label_description
from napari_gnn_vos.storage import atomic_write

TIFF_SUFFIXES = (".tif", ".tiff")
COCO_SUFFIX = ".json"


def export_palette_pngs(
    labels: Iterable[NDArray[Any]],
    folder: str | PathLike[str],
    overwrite: bool = False,
    frame_names: Sequence[str] | None = None,
) -> int:
    """Write one PNG file per frame with the palette of DAVIS.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to 255, or a (T, H, W) array.
    folder : path
        Created if it does not exist.
    overwrite : bool
        Replace the masks in the folder, and delete the numbered ones after the last
        frame.
    frame_names : sequence of T str, optional
        File names of the video frames. The masks have the same names with the suffix
        ``.png``. By default the masks are ``00000.png``, ``00001.png`` ...

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
    names = None if frame_names is None else png_names(frame_names)
    old = existing_masks(folder, names)
    if old and not overwrite:
        raise ReadError(
            f"Expected a folder without masks; {folder} has {len(old)} already. "
            "Choose an empty folder, or overwrite the masks."
        )
    written = 0
    for written, mask in enumerate(validate_label_images(labels), start=1):
        try:
            name = f"{written - 1:05d}.png" if names is None else names[written - 1]
            _write_png(mask, folder / name)
        except OSError as error:
            raise ReadError(write_error_message(folder, error)) from error
    for file in old:
        if names is None and int(file.stem) >= written:
            file.unlink()
    return written


def export_tiff(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    names: Mapping[int, str] | None = None,
    placement: Placement | None = None,
) -> int:
    """Write a zlib-compressed TIFF with one page per frame.

    `io.tiff_labels.read_labels` reads the file.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        One label image per frame, values 0 to 255, or a (T, H, W) array.
    path : path
        An existing file is replaced after all frames were written.
    names : mapping of int to str, optional
        Object names by label, stored in the description of the first page.
    placement : Placement, optional
        Axes and position of the layer, stored in the same place.

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
    first_description = label_description(names or {}, placement)

    def write(file: IO[bytes]) -> None:
        nonlocal written
        with tifffile.TiffWriter(file, bigtiff=True) as pages:
            for mask in validate_label_images(labels):
                description = None if written else first_description
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
    atomic_write(file, partial(image.save, format="PNG"))


def png_names(frame_names: Sequence[str]) -> list[str]:
    """Replace the suffixes of file names by ``.png``, if the results are unique.

    Otherwise ``.png`` is appended.

    Examples
    --------
    >>> png_names(["a.jpg", "b.jpg"]), png_names(["a.jpg", "a.jpeg"])
    (['a.png', 'b.png'], ['a.jpg.png', 'a.jpeg.png'])
    """
    names = [f"{Path(name).stem}.png" for name in frame_names]
    unique = len({name.lower() for name in names}) == len(names)
    return names if unique else [f"{name}.png" for name in frame_names]


def existing_masks(folder: Path, names: Sequence[str] | None) -> list[Path]:
    """List the files of a folder that an export would replace.

    Parameters
    ----------
    folder : Path
    names : sequence of str or None
        File names of the masks; None for numbered masks.

    Raises
    ------
    ReadError
        If the folder is a file, or cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise ReadError(write_error_message(folder, "it is a file"))
    if names is not None:
        return [folder / name for name in names if (folder / name).exists()]
    numbered = re.compile(r"\d{5}\.png")
    files = folder.iterdir() if folder.is_dir() else ()
    return [file for file in files if numbered.fullmatch(file.name)]


def export_labels(
    labels: Iterable[NDArray[Any]],
    path: str | PathLike[str],
    *,
    overwrite: bool = True,
    frame_names: Sequence[str] | None = None,
    video_name: str | None = None,
) -> int:
    """Write labels in the format selected by the suffix of a path.

    ``.tif`` and ``.tiff`` select TIFF, ``.json`` COCO JSON; any other path is a folder
    of PNG files.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of uint8
    path : path
    overwrite : bool
        Replace existing masks in a folder of PNG files.
    frame_names : sequence of T str, optional
        File names of the video frames, for the names of PNG files and in COCO JSON.
    video_name : str, optional
        Name of the video in COCO JSON.

    Returns
    -------
    count : int
        Number of frames.
    """
    suffix = Path(path).suffix.lower()
    if suffix in TIFF_SUFFIXES:
        return export_tiff(labels, path)
    if suffix == COCO_SUFFIX:
        return export_coco(labels, path, frame_names=frame_names, video_name=video_name)
    return export_palette_pngs(labels, path, overwrite, frame_names)
