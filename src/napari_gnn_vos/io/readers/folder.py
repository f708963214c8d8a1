"""Read videos from folders with one image file per frame."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, VideoError
from napari_gnn_vos.io.natural_order import natural_order
from napari_gnn_vos.io.readers.image_file import (
    FORMATS,
    image_error,
    read_header,
    read_image,
)
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.io.readers.tiff import TiffFrames, has_several_pages


class FolderFrames(LazyFrames):
    """The images of a folder in natural order.

    Greyscale images among colour images are converted to colour. TIFF files may be
    stacks; their frames are concatenated.

    Parameters
    ----------
    files : list of Path
        One image per frame, greyscale or colour, 8 or 16 bit; or TIFF stacks.

    Raises
    ------
    ReadError
        If a file cannot be read, or has the image of another channel.
    """

    def __init__(self, files: list[Path]) -> None:
        refuse_channel_files(files)
        self.files = files
        counts = [_frame_count(file) for file in files]
        self._position = [
            (file, t)
            for file, count in zip(files, counts, strict=True)
            for t in range(count)
        ]
        if len(self._position) == len(files):
            self.frame_names: list[str] | None = [file.name for file in files]
        else:
            self.frame_names = None
        first = read_image(_validated_reference(files))
        self._stack: TiffFrames | None = None
        super().__init__((len(self._position), *first.shape), first.dtype)

    def _read(self, t: int) -> NDArray[Any]:
        file, page = self._position[t]
        read = read_image if self.frame_names is not None else self._read_stack
        return _with_channels(read(file, page), self.shape[3:])

    def _read_stack(self, file: Path, page: int) -> NDArray[Any]:
        """Read a frame of a stack; the last stack stays open."""
        if self._stack is None or self._stack.path != file:
            self._stack = TiffFrames(file, frame_per_file=True)
        return self._stack[page]


def _with_channels(image: NDArray[Any], channels: tuple[int, ...]) -> NDArray[Any]:
    """Convert greyscale to colour, and RGB to RGBA, if the other frames are."""
    if channels not in ((3,), (4,)) or not np.issubdtype(image.dtype, np.integer):
        return image
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.shape[2] == 3 and channels == (4,):
        opaque = np.full_like(image[..., :1], np.iinfo(image.dtype).max)
        image = np.concatenate([image, opaque], axis=2)
    return image


def _frame_count(file: Path) -> int:
    """Return the number of frames in a TIFF file, 1 for other formats."""
    try:
        if FORMATS[file.suffix.lower()] != "TIFF" or not has_several_pages(file):
            return 1
    except OSError as error:
        raise ReadError(f"{image_error(file)} ({error})") from error
    frames = TiffFrames(file, frame_per_file=True)
    frames.close()
    return len(frames)


def _validated_reference(files: list[Path]) -> Path:
    """Check the headers of all images; return the first colour image, or the first.

    Raises
    ------
    ReadError, VideoError
        If a file is damaged or animated, or its size or depth is not that of the first.
        TIFF files are checked when they are read.
    """
    if FORMATS[files[0].suffix.lower()] == "TIFF":
        return next((file for file in files if _is_colour_tiff(file)), files[0])
    headers = [read_header(file) for file in files]
    first = headers[0]
    for t, (file, header) in enumerate(zip(files, headers, strict=True)):
        if header.size != first.size:
            raise VideoError(
                f"Every frame must have the size of the first, {first.size}; frame "
                f"{t}, {file.name}, has {header.size}. Crop or resize the frames to "
                "one size."
            )
        depths = {header.is_deep, first.is_deep} - {None}
        if len(depths) > 1:
            raise VideoError(
                f"Every frame must have the pixel type of the first; frame {t}, "
                f"{file.name}, has another bit depth. Convert the frames to one type."
            )
    colours = (file for file, h in zip(files, headers, strict=True) if h.is_colour)
    return next(colours, files[0])


def _is_colour_tiff(file: Path) -> bool:
    try:
        return read_header(file).is_colour
    except ReadError:  # reported when the frame is read
        return False


def refuse_channel_files(files: list[Path]) -> None:
    """Refuse a folder with one file per channel and time point.

    The files are recognized by names that differ in one part, which takes the same
    two to eight values for each value of the other parts, such as
    ``img_000_DAPI.tif`` and ``img_000_GFP.tif``, or ``t000_c0.tif`` and
    ``t000_c1.tif``.

    Raises
    ------
    ReadError
        If the names are those of channels.
    """
    names = [re.split(r"[_\-. ]+", file.stem) for file in files]
    if len(files) < 4 or len({len(name) for name in names}) > 1:
        return
    for index in range(len(names[0])):
        values = sorted({name[index] for name in names})
        others = Counter(tuple(n[:index] + n[index + 1 :]) for n in names)
        complete = set(others.values()) == {len(values)} and len(others) > 1
        if complete and 2 <= len(values) <= 8 and all(map(_is_channel_name, values)):
            raise ReadError(
                f"Expected one file per frame; {files[0].parent} has files of the "
                f"channels {', '.join(values)}. Move each channel to its own folder, "
                "or merge the channels into a multi-channel TIFF."
            )


def _is_channel_name(text: str) -> bool:
    """Return whether a part of a file name is that of a channel, not of a time."""
    numbered = re.fullmatch(r"(c|ch|channel|w|wave)\d+", text.lower()) is not None
    return numbered or re.search(r"\d{2}|^\d", text) is None


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
