"""Folders of palette PNG files, one per frame, as in the DAVIS dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.arguments import file_path, flag, validated
from napari_gnn_vos.errors import ReadError, ShapeError
from napari_gnn_vos.io.formats.label_images import davis_palette, validate_label_images
from napari_gnn_vos.io.formats.mask_files import TIFF_SUFFIXES, MaskFiles
from napari_gnn_vos.io.formats.objects_file import read_objects, write_objects
from napari_gnn_vos.io.formats.video_labels import (
    VideoLabels,
    check_frames,
    check_names,
    check_palette,
    require_name,
)
from napari_gnn_vos.io.natural_order import sort_naturally
from napari_gnn_vos.io.readers.file_names import refuse_mixed_sequences
from napari_gnn_vos.storage import atomic_write, write_error_message


@validated(
    labels=check_frames,
    folder=file_path,
    overwrite=flag,
    frame_names=check_names,
    palette=check_palette,
)
def export_palette_pngs(
    labels: Iterable[NDArray[Any]],
    folder: str | PathLike[str],
    overwrite: bool = False,
    frame_names: Sequence[str] | None = None,
    palette: Sequence[int] | None = None,
) -> int:
    """Write one PNG file per frame with a palette.

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
    palette : sequence of 768 int, optional
        Colours of labels 0 to 255 as red, green, blue. By default those of DAVIS.

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
        if names is not None:
            require_name(names, written - 1)
        try:
            name = f"{written - 1:05d}.png" if names is None else names[written - 1]
            _write_png(mask, folder / name, palette or davis_palette())
        except OSError as error:
            raise ReadError(write_error_message(folder, error)) from error
    for file in old:
        if names is None and int(file.stem) >= written:
            file.unlink()
    return written


def _write_png(mask: NDArray[np.uint8], file: Path, palette: Sequence[int]) -> None:
    from PIL import Image

    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(mask)
    image.putpalette(list(palette))
    atomic_write(file, partial(image.save, format="PNG"))


def png_names(frame_names: Sequence[str]) -> list[str]:
    """Replace the suffixes of file names by ``.png``, if the results are unique.

    Otherwise ``.png`` is appended.

    Raises
    ------
    ShapeError
        If two frames have the same name, or a name is hidden or not a file name.

    Examples
    --------
    >>> png_names(["a.jpg", "b.jpg"]), png_names(["a.jpg", "a.jpeg"])
    (['a.png', 'b.png'], ['a.jpg.png', 'a.jpeg.png'])
    """
    base = [PurePosixPath(name.replace("\\", "/")).name for name in frame_names]
    for names in (
        [f"{PurePosixPath(name).stem}.png" for name in base],
        [f"{name}.png" for name in base],
    ):
        if len({name.lower() for name in names}) == len(names):
            break
    else:
        raise ShapeError(
            "Expected one file name per frame; several frames have the same name. Pass "
            "the names of the files, or none to number the masks."
        )
    hidden = [name for name in names if name.startswith(".")]
    if hidden:
        raise ShapeError(
            f"Expected names of visible files; one is {hidden[0]!r}. Pass other names, "
            "or none to number the masks."
        )
    return names


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


def write(labels: VideoLabels, path: Path) -> int:
    """Write PNG files in the colours of the objects, and their names.

    Names and colours are also stored in ``objects.json``.

    Parameters
    ----------
    labels : VideoLabels
    path : Path
        Folder. Masks of an earlier export are replaced.

    Returns
    -------
    count : int
        Number of frames.

    Raises
    ------
    ReadError, ShapeError
        As in :func:`export_palette_pngs`.
    """
    count = export_palette_pngs(
        labels.frames, path, True, labels.frame_names, labels.palette()
    )
    write_objects(labels, path)
    return count


def read_image(path: Path) -> VideoLabels:
    """Read a PNG file as the labels of a single image, like :func:`read`."""
    return VideoLabels(MaskFiles([path]), video_name=path.stem)


def read(path: Path) -> VideoLabels:
    """Read PNG files in natural order on access; pixel values are labels.

    RGB images are read if their colours are those of DAVIS, or grey. Without PNG files,
    TIFF files of one page are read.

    Raises
    ------
    ReadError
        If there are no masks, or a file is not a label image.
    """
    visible = [file for file in path.iterdir() if not file.name.startswith(".")]
    files = [file for file in visible if file.suffix.lower() == ".png"]
    files = files or [file for file in visible if file.suffix.lower() in TIFF_SUFFIXES]
    if not files:
        raise ReadError(f"Expected a folder of PNG or TIFF masks; {path} has none.")
    refuse_mixed_sequences(files)
    files, (names, colours) = sort_naturally(files), read_objects(path)
    return VideoLabels(
        MaskFiles(files),
        names,
        colours,
        frame_names=[file.name for file in files],
        video_name=path.resolve().name,
    )
