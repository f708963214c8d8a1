"""Folders of palette PNG files, one per frame, as in the DAVIS dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.label_images import (
    davis_palette,
    validate_label_images,
    write_error_message,
)
from napari_gnn_vos.io.formats.objects_file import read_objects, write_objects
from napari_gnn_vos.io.formats.video_labels import LazyLabels, VideoLabels
from napari_gnn_vos.io.natural_order import sort_naturally
from napari_gnn_vos.storage import atomic_write

GREY_MODES = {"1": "u1", "L": "u1", "P": "u1", "I": "i4", "I;16": "u2", "I;16B": "u2"}
"""Types of label images by modes of Pillow."""


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


def read(path: Path) -> VideoLabels:
    """Read PNG files in natural order on access; pixel values are labels.

    RGB images are not read, because their colours have no order.

    Raises
    ------
    ReadError
        If there are no PNG files, or a file is not a greyscale or palette image.
    """
    files = sort_naturally(filter(_is_png, path.iterdir()))
    if not files:
        raise ReadError(f"Expected a folder of PNG masks; {path} has none.")
    names, colours = read_objects(path)
    return VideoLabels(
        _PngMasks(files),
        names,
        colours,
        frame_names=[file.name for file in files],
        video_name=path.resolve().name,
    )


def _is_png(file: Path) -> bool:
    """Return whether a file is visible and has the suffix of PNG."""
    return file.suffix.lower() == ".png" and not file.name.startswith(".")


class _PngMasks(LazyLabels):
    """Label images of single PNG files, of the widest type among them."""

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
        return _read_png(self._files[t]).astype(self.dtype)


def _shape_and_type(file: Path) -> tuple[tuple[int, int], np.dtype[Any]]:
    """Return size and type of a mask from its header."""
    from PIL import Image

    with _read_errors(file), Image.open(file) as image:
        mode, size = image.mode, (image.height, image.width)
    if mode not in GREY_MODES:
        raise ReadError(
            f"Expected a greyscale or palette image; {file} has the mode {mode}. "
            "Save the masks with one label per pixel."
        )
    return size, np.dtype(GREY_MODES[mode])


def _read_png(file: Path) -> NDArray[Any]:
    from PIL import Image

    with _read_errors(file), Image.open(file) as image:
        return np.asarray(image)


@contextmanager
def _read_errors(file: Path) -> Iterator[None]:
    from PIL import Image

    try:
        yield
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ReadError(
            f"Expected a mask; {file} is damaged: {error}. Copy it again."
        ) from error
