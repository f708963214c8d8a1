"""Read videos from folders with one image file per frame."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, VideoError, abbreviated_list
from napari_gnn_vos.io.natural_order import sort_naturally
from napari_gnn_vos.io.readers.file_names import (
    missing_numbers,
    refuse_mixed_sequences,
)
from napari_gnn_vos.io.readers.image_file import (
    FORMATS,
    image_error,
    image_format,
    read_header,
    read_image,
)
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.io.readers.ome_data_set import open_data_set
from napari_gnn_vos.io.readers.tiff import TiffFrames
from napari_gnn_vos.io.readers.tiff_directories import read_directories
from napari_gnn_vos.storage import refuse_special_file

log = logging.getLogger(__name__)


class FolderFrames(LazyFrames):
    """The images of a folder in natural order.

    Greyscale images among colour images are converted to colour. TIFF files may be
    stacks; their frames are concatenated. Files of one OME data set are read as one.

    Parameters
    ----------
    files : list of Path
        One image per frame, greyscale or colour, 8 or 16 bit; or TIFF stacks.

    Attributes
    ----------
    notes : list of str
        Gaps in the numbers of the files. They are also logged as warnings.

    Raises
    ------
    ReadError
        If a file cannot be read, has the image of another channel, or is a volume
        among others.
    """

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        self.notes: list[str] = []
        self._stack = open_data_set(files)
        if self._stack is None:
            refuse_mixed_sequences(files)
            self._note_gaps()
        else:
            self.notes += self._stack.notes
        if self._stack is None:
            counts = [_frame_count(file, len(files) == 1) for file in files]
        else:
            counts = [len(self._stack), *[0] * (len(files) - 1)]
        self._position = [
            (file, t)
            for file, count in zip(files, counts, strict=True)
            for t in range(count)
        ]
        if len(self._position) == len(files) and self._stack is None:
            self.frame_names: list[str] | None = [file.name for file in files]
        else:
            self.frame_names = None
        first = (
            read_image(_validated_reference(files))
            if self._stack is None
            else self._stack[0]
        )
        super().__init__((len(self._position), *first.shape), first.dtype)

    def _note_gaps(self) -> None:
        if missing := missing_numbers(self.files):
            self.notes.append(
                f"Files are missing in the sequence: {abbreviated_list(missing)}. The "
                "frames after them have lower numbers than their files."
            )
            log.warning("%s: %s", self.files[0].parent, self.notes[-1])

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


def _frame_count(file: Path, is_only: bool) -> int:
    """Return the number of frames in a TIFF file, 1 for other formats."""
    try:
        if image_format(file) != "TIFF":
            return 1
        if len(read_directories(file, limit=2).directories) < 2:
            return 1
    except OSError as error:
        raise ReadError(f"{image_error(file)} ({error})") from error
    frames = TiffFrames(file, frame_per_file=True)
    frames.close()
    if frames.is_volume and not is_only:
        raise ReadError(
            f"Expected images or stacks over time; the pages of {file} are slices of a "
            "volume (axis Z), and there are several files. Export one slice or a "
            "projection of each, or save stacks over time with the axis T."
        )
    return len(frames)


def _validated_reference(files: list[Path]) -> Path:
    """Check the properties of all images; return one with the most channels.

    Raises
    ------
    ReadError, VideoError
        If a file is damaged or animated, or its size or type is not that of the first.
    """
    if _common_format(files) == "TIFF":
        return _validated_tiff(files)
    headers = [read_header(file) for file in files]
    first = headers[0]
    for t, (file, header) in enumerate(zip(files, headers, strict=True)):
        if header.size != first.size:
            raise VideoError(_size_message(t, file, first.size, header.size))
        if header.is_deep != first.is_deep:
            raise VideoError(
                f"Every frame must have the pixel type of the first; frame {t}, "
                f"{file.name}, has another bit depth. Convert the frames to one type."
            )
    channels = [header.is_colour + header.has_alpha for header in headers]
    return files[channels.index(max(channels))]


def _common_format(files: list[Path]) -> str:
    """Return TIFF or another format of the files; TIFF is not mixed with others."""
    formats = {file: image_format(file) for file in files}
    tiff = [file.name for file in files if formats[file] == "TIFF"]
    if 0 < len(tiff) < len(files):
        raise ReadError(
            f"Expected images of one format; by its content, {tiff[0]} is a TIFF, and "
            f"others in {files[0].parent} are not. Convert the images to one format."
        )
    return formats[files[0]]


def _validated_tiff(files: list[Path]) -> Path:
    """Check the size and type of TIFF files; those like the first are not opened.

    Raises
    ------
    ReadError, VideoError
        See `_validated_reference`.
    """
    kinds: dict[str, tuple[Path, tuple[int, ...], np.dtype[Any]]] = {}
    for t, file in enumerate(files):
        directories = read_directories(file, limit=8).directories
        kind = repr([directory.tags for directory in directories])
        if kind in kinds:
            continue
        frames = TiffFrames(file, frame_per_file=True)
        frames.close()
        kinds[kind] = file, frames.shape[1:], frames.dtype
        _, shape, dtype = next(iter(kinds.values()))
        if frames.shape[1:3] != shape[:2]:
            raise VideoError(_size_message(t, file, shape[:2], frames.shape[1:3]))
        if frames.dtype != dtype:
            raise VideoError(
                f"Every frame must have the pixel type of the first, {dtype}; frame "
                f"{t}, {file.name}, has {frames.dtype}. Convert the frames to one type."
            )
    _require_convertible(kinds.values())
    return max(kinds.values(), key=lambda kind: kind[1])[0]


def _require_convertible(
    kinds: Collection[tuple[Path, tuple[int, ...], np.dtype[Any]]],
) -> None:
    """Refuse channels that `_with_channels` does not convert."""
    channels = {shape[2:] for _, shape, _ in kinds}
    integers = all(np.issubdtype(dtype, np.integer) for _, _, dtype in kinds)
    if len(channels) > 1 and not (channels <= {(), (3,), (4,)} and integers):
        counts = " and ".join(str(each[0] if each else 1) for each in sorted(channels))
        raise VideoError(
            f"Every frame must have the same channels; there are frames of {counts} "
            "channels. Convert the frames to one kind."
        )


def _size_message(
    t: int, file: Path, first: tuple[int, ...], other: tuple[int, ...]
) -> str:
    return (
        f"Every frame must have the size of the first, {first}; frame {t}, "
        f"{file.name}, has {other}. Crop or resize the frames to one size."
    )


def list_images(folder: Path) -> list[Path]:
    """List the images of a folder in any order, without hidden files."""
    return [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in FORMATS
        and not file.name.startswith(".")
        and not file.is_dir()
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
        If there is no image, there are images of several formats, or one is a pipe or
        a device.
    """
    files = list_images(folder)
    for file in files:
        refuse_special_file(file)
    formats = Counter(FORMATS[file.suffix.lower()] for file in files)
    if not files:
        raise ReadError(
            f"Expected a folder with one image per frame ({', '.join(FORMATS)}); "
            f"there is none in {folder}{_other_content(folder)}. Choose the folder "
            "that contains the images, not its parent folder, and convert images of "
            "other formats."
        )
    if len(formats) > 1:
        counts = " and ".join(
            f"{count} {name}" for name, count in formats.most_common()
        )
        raise ReadError(
            f"Expected images of one format; {folder} contains {counts}. Move the "
            "files that are not frames to another folder."
        )
    return sort_naturally(files)


def _other_content(folder: Path) -> str:
    """Describe the content of a folder without images."""
    suffixes = Counter(
        "folders" if file.is_dir() else f"{file.suffix.lower()} files"
        for file in folder.iterdir()
        if not file.name.startswith(".")
    )
    counts = [f"{count} {kind.strip()}" for kind, count in suffixes.most_common(3)]
    return f", but {abbreviated_list(counts)}" if counts else ""
