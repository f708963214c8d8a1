"""Read videos from multi-page TIFF files."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.lazy_frames import MAX_PIXELS, LazyFrames
from napari_gnn_vos.io.readers.named_axes import video_axes
from napari_gnn_vos.io.readers.orientation import (
    ORIENTATION_TAG,
    TRANSPOSED,
    apply_orientation,
)
from napari_gnn_vos.io.readers.tiff_colours import (
    Conversion,
    photometric_conversion,
    stored_values,
)
from napari_gnn_vos.io.readers.tiff_pages import (
    SECONDARY,
    complete_directories,
    data_files,
    has_channels,
    open_tiff,
    own_pages,
    refuse_unknown_planes,
    require_declared_planes,
)

BINARY_ONLY = "<BinaryOnly"
"""Element of OME-XML in a file whose data set is described in another one."""


class TiffFrames(LazyFrames):
    """The frames of a TIFF file, channels last.

    Series of single pages, as written by programs that append to a file, are
    concatenated. Palette and CMYK images are converted to RGB, and images whose zero is
    white are inverted. Thumbnails are left out, and the orientation is applied.

    Uncompressed files are memory-mapped. Otherwise only the pages of the requested
    frame are read.

    Parameters
    ----------
    path : Path
        TIFF, BigTIFF, ImageJ or OME-TIFF with integer, float or binary pixels.
    frame_per_file : bool
        Read an axis C as channels even if there is no other axis for time, and the
        metadata do not show that these are channels.
    is_labels : bool
        Return pixels as stored: indices of a palette, 1 for True, and values that are
        not inverted.

    Attributes
    ----------
    is_volume : bool
        Whether the axis that is read as time is Z.
    notes : list of str
        Whether channels are read as frames, and other files of a data set are not read.
    files : list of Path
        The file, and the other ones of an OME data set, sorted.

    Raises
    ------
    ReadError
        If the file is not a TIFF or cannot be decoded, is incomplete, has several
        series or positions, pages that do not match, lacks planes of an OME data set,
        has 3 or 4 planes that may be frames or colours,
        or has more axes than time, rows, columns and channels.
    """

    def __init__(
        self, path: Path, *, frame_per_file: bool = False, is_labels: bool = False
    ) -> None:
        self.path = path
        self.notes: list[str] = []
        self._conversion = stored_values if is_labels else photometric_conversion
        try:
            self._file = open_tiff(path)
            finalize(self, self._file.close)
            shape, dtype = self._open(frame_per_file)
        except ReadError as error:
            raise ReadError(f"{path}: {error}") from None
        except Exception as error:  # tifffile has no common base class
            raise ReadError(_read_error_message(path, error)) from error
        super().__init__(shape, dtype)

    def _open(self, frame_per_file: bool) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Find pages, axes and colour space; return shape and type of the video."""
        directories = complete_directories(self.path, self._file)
        self._pages, axes, self._lengths = _planes(self._file)
        if not frame_per_file and BINARY_ONLY in str(self._file.ome_metadata):
            self.notes.append(
                "The file is a part of an OME data set, which another file describes. "
                "Open the folder to read all of its files."
            )
        self._assign_axes(axes, frame_per_file)
        self.files = data_files(self._pages)
        self._series = _full_series(self._file)[0]
        keyframe = self._series.keyframe
        size = dict(zip(self._axes, self._lengths, strict=True))
        channels = (size["C"],) if "C" in size else ()
        require_declared_planes(
            self._file, directories, prod(self._leading), len(self._pages)
        )
        own = own_pages(directories, self._pages, keyframe, size.get("T", 1))
        for number, page in own.items():
            self._pages[number] = page
        self._memmap = None if own else _memory_map(self.path, self._file, self._pages)
        if self._memmap is not None:
            self._memmap = self._memmap.reshape(self._lengths)
        self._convert = self._conversion(keyframe, size.get("C", 1))
        self._conversions: dict[int, Conversion] = {
            number: self._conversion(page, size.get("C", 1))
            for number, page in own.items()
        }
        dtype = self._series.dtype.newbyteorder("=")
        probe = self._convert(np.zeros((1, 1, *channels), dtype))
        tag = keyframe.tags.get(ORIENTATION_TAG)
        self._orientation = 1 if tag is None else int(tag.value)
        rows, cols = size["Y"], size["X"]
        if self._orientation in TRANSPOSED:
            rows, cols = cols, rows
        if self._memmap is None and not frame_per_file:
            _read_page(self._pages[0])  # refuses a compression that is not supported
        return (size.get("T", 1), rows, cols, *probe.shape[2:]), probe.dtype

    def _assign_axes(self, axes: str, frame_per_file: bool) -> None:
        """Map the axes of the file to time, rows, columns and channels."""
        if self._conversion is photometric_conversion:
            refuse_unknown_planes(self._file, axes)
        elif axes == "SYX":  # labels have no colours
            axes = "TYX"
        one = frame_per_file or has_channels(self._file, axes, self._lengths)
        self._axes = video_axes(axes, self._lengths, frame_per_file=one)
        self.is_volume = "Z" in axes and "T" not in axes
        if "C" in axes and self._axes[axes.index("C")] == "T":
            self.notes.append("The planes are channels (axis C), and read as frames.")

    def close(self) -> None:
        """Close the file. Frames cannot be read afterwards."""
        self._file.close()

    def _read(self, t: int) -> NDArray[Any]:
        try:
            axes = self._axes.replace("T", "")
            order = [axes.index(axis) for axis in "YXC" if axis in axes]
            convert = self._conversions.get(t, self._convert)
            frame = convert(self._block(t).transpose(order))
        except Exception as error:  # tifffile and codecs raise many types
            raise ReadError(_read_error_message(self.path, error)) from error
        return np.array(
            apply_orientation(frame, self._orientation), self.dtype, order="C"
        )

    @property
    def _leading(self) -> tuple[int, ...]:
        """Lengths of the axes before those of a page."""
        return self._lengths[: len(self._lengths) - self._series.keyframe.ndim]

    def _block(self, t: int) -> NDArray[Any]:
        """Return frame `t` from the memory map or its pages, axes as in the file."""
        time = self._axes.find("T")
        if self._memmap is not None:
            stack: NDArray[Any] = self._memmap
            return stack if time < 0 else np.moveaxis(stack, time, 0)[t]
        page, leading = self._series.keyframe, self._leading
        numbers = np.arange(len(self._pages)).reshape(leading)
        selected = numbers if time < 0 else numbers.take(t, axis=time)
        arrays = [_read_page(self._pages[int(number)]) for number in selected.flat]
        return np.stack(arrays).reshape(*selected.shape, *page.shape)


def _read_page(page: Any) -> NDArray[Any]:
    """Read a page; tifffile closes the other files of an OME data set."""
    _require_size(page)
    handle = page.parent.filehandle
    if handle.closed:
        handle.open()
    return np.asarray(page.asarray())


def _require_size(page: Any) -> None:
    """Check the size that a page declares, before memory is allocated for it."""
    height, width = page.keyframe.imagelength, page.keyframe.imagewidth
    if height * width > MAX_PIXELS:
        raise ReadError(
            f"A page declares {height} x {width} pixels; the limit is {MAX_PIXELS}."
        )


def _planes(file: tifffile.TiffFile) -> tuple[list[Any], str, tuple[int, ...]]:
    """Return the pages of the video, and the axes and lengths of their stack."""
    first, *others = all_series = _full_series(file)
    axes, lengths = first.axes, tuple(first.shape)
    _require_size(first.keyframe)
    pages = list(first.pages)
    if others:
        if file.is_ome or not all(_is_appended(first, series) for series in others):
            raise ReadError(
                f"Expected one image series; the file has {len(all_series)}, for "
                "example positions or resolutions: "
                f"{', '.join(str(tuple(series.shape)) for series in all_series[:4])}. "
                "Export each series as a separate TIFF."
            )
        pages += [page for series in others for page in series.pages]
        pages.sort(key=lambda page: page.index)  # a series has all pages of one kind
        frame_axes = axes[len(axes) - first.keyframe.ndim :]
        axes, lengths = f"T{frame_axes}", (len(pages), *first.keyframe.shape)
    missing = sum(page is None for page in pages)
    if missing:
        raise ReadError(
            f"Expected all planes of the OME data set; {missing} of {len(pages)} are "
            "missing. Put all files of the data set into one folder, or export the "
            "planes that exist as a separate TIFF."
        )
    kept = [  # axes of one plane are left out
        k
        for k, (axis, length) in enumerate(zip(axes, lengths, strict=True))
        if length != 1 or axis == "T" or k >= len(axes) - first.keyframe.ndim
    ]
    return pages, "".join(axes[k] for k in kept), tuple(lengths[k] for k in kept)


def _full_series(file: tifffile.TiffFile) -> list[Any]:
    """Return the series without thumbnails and masks; all if there is nothing else."""
    full = [each for each in file.series if not each.keyframe.subfiletype & SECONDARY]
    return full or list(file.series)


def _is_appended(first: Any, series: Any) -> bool:
    """Return whether two series have one page per frame, of equal shape and type."""
    same = first.keyframe.shape == series.keyframe.shape
    same &= first.dtype == series.dtype
    return same and all(
        prod(each.shape) == len(each.pages) * prod(each.keyframe.shape)
        and len(each.shape) <= each.keyframe.ndim + 1
        for each in (first, series)
    )


def _memory_map(
    path: Path, file: tifffile.TiffFile, pages: list[Any]
) -> NDArray[Any] | None:
    """Memory-map the whole series, or return None if frames can be read by pages."""
    series, *others = _full_series(file)
    if others:
        return None
    if series.dataoffset is not None:
        return np.asarray(
            tifffile.memmap(path, mode="r", series=file.series.index(series))
        )
    leading = series.shape[: len(series.shape) - series.keyframe.ndim]
    tail = series.shape[len(leading) :]
    separate = bool(leading) and prod(leading) == len(pages)
    if separate and tail == series.keyframe.shape:
        return None
    return np.asarray(series.asarray(out="memmap"))  # decoded once to a temporary file


def _read_error_message(path: Path, reason: object) -> str:
    return (
        f"Expected a TIFF with at least one page per frame; {path} cannot be read: "
        f"{reason}. Save it again as an uncompressed or a zlib-compressed TIFF."
    )
