"""Read videos and labels from multi-page TIFF files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.lazy_frames import LazyFrames

LABELS_MARKER = "labels, a page a frame; napari-gnn-vos"
"""First line of the description of files written by `export_tiff`; the object names
follow as JSON."""
TIME_AXES = "TIQRZC"
"""Axes that are read as time, in order of preference; I, Q and R are unnamed axes."""


class TiffFrames(LazyFrames):
    """The frames of the first series of a TIFF file, channels last.

    Uncompressed files are memory-mapped. Otherwise only the pages of the requested
    frame are read.

    Parameters
    ----------
    path : Path
        TIFF, BigTIFF, ImageJ or OME-TIFF with integer, float or binary pixels.

    Raises
    ------
    ReadError
        If the file is not a TIFF, its compression needs a missing package, or it has
        more axes than time, rows, columns and channels.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = tifffile.TiffFile(path)
            finalize(self, self._file.close)
            self._series = self._file.series[0]
            self._memmap = _memory_map(path, self._series)
        except Exception as error:  # tifffile has no common base class
            raise ReadError(_read_error_message(path, error)) from error
        try:
            self._axes = video_axes(self._series.axes, self._series.shape)
        except ReadError as error:
            raise ReadError(f"{path}: {error}") from None
        size = dict(zip(self._axes, self._series.shape, strict=True))
        channels = (size["C"],) if "C" in size else ()
        binary = self._series.dtype == bool
        dtype = np.uint8 if binary else self._series.dtype.newbyteorder("=")
        super().__init__((size.get("T", 1), size["Y"], size["X"], *channels), dtype)

    def close(self) -> None:
        """Close the file. Frames cannot be read afterwards."""
        self._file.close()

    def _read(self, t: int) -> NDArray[Any]:
        try:
            block = self._block(t)
        except Exception as error:  # tifffile and codecs raise many types
            raise ReadError(_read_error_message(self.path, error)) from error
        axes = self._axes.replace("T", "")
        order = [axes.index(axis) for axis in "YXC" if axis in axes]
        frame = block.transpose(order)
        if frame.dtype == bool:
            return frame.astype(np.uint8) * np.uint8(255)
        return np.array(frame, self.dtype, order="C")

    def _block(self, t: int) -> NDArray[Any]:
        """Return frame `t` from the memory map or its pages, axes as in the file."""
        time = self._axes.find("T")
        if self._memmap is not None:
            stack: NDArray[Any] = self._memmap
            return stack if time < 0 else np.moveaxis(stack, time, 0)[t]
        page = self._series.keyframe
        leading = self._series.shape[: len(self._series.shape) - page.ndim]
        numbers = np.arange(len(self._series.pages)).reshape(leading)
        selected = numbers if time < 0 else numbers.take(t, axis=time)
        pages = [self._series.pages[int(number)] for number in selected.flat]
        arrays = [
            np.zeros(page.shape, page.dtype) if item is None else item.asarray()
            for item in pages  # pages may be missing in an OME-TIFF
        ]
        return np.stack(arrays).reshape(*selected.shape, *page.shape)


def label_description(names: Mapping[int, str]) -> str:
    """Return the description of the first page of a label file.

    Parameters
    ----------
    names : mapping of int to str
        Object names by label.
    """
    return f"{LABELS_MARKER}\n{json.dumps(dict(names))}"


def read_labels(path: Path) -> tuple[NDArray[np.uint8], dict[int, str]] | None:
    """Read labels written by `export_tiff`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    labels : (T, H, W) ndarray of uint8
    names : dict of int to str
        Object names by label.

    None is returned if the file was not written by `export_tiff`.
    """
    try:
        with tifffile.TiffFile(path) as file:
            marker, _, names = file.pages.first.description.partition("\n")
            if marker != LABELS_MARKER:
                return None
            labels = np.stack([page.asarray() for page in file.pages])
            by_label = json.loads(names or "{}")
            return labels, {int(label): str(name) for label, name in by_label.items()}
    except Exception:  # noqa: BLE001 - any failure: not a label file
        return None


def video_axes(axes: str, shape: tuple[int, ...]) -> str:
    """Map the axes of a TIFF series to T, C, Y and X.

    Parameters
    ----------
    axes : str
        Axis names of tifffile: ``S`` is samples per pixel, ``Q`` and ``I`` are unknown.
    shape : tuple of int
        Length of each axis.

    Returns
    -------
    axes : str
        ``Y``, ``X``, and ``T`` and ``C`` if present, in the order of the file.

    Raises
    ------
    ReadError
        If the series has other axes.

    Examples
    --------
    >>> video_axes("QYXS", (9, 32, 40, 3)), video_axes("ZCYX", (9, 2, 32, 40))
    ('TYXC', 'TCYX')
    """
    named = "TYXC" if axes == "QQYX" and shape[3] <= 4 < shape[1] else axes
    if "T" not in named:
        time = next((axis for axis in TIME_AXES if axis in named), "T")
        named = named.replace(time, "T", 1)
    if "C" not in named:
        channels = next((axis for axis in "SQIR" if axis in named), "C")
        named = named.replace(channels, "C", 1)
    if not {"Y", "X"} <= set(named) <= set("TCYX") or len(named) > len(set(named)):
        raise ReadError(
            "Expected the axes time, rows, columns and optionally channels; the file "
            f"has axes {axes} of lengths {tuple(shape)}. Export one plane, or a "
            "projection, as a separate TIFF."
        )
    return named


def _memory_map(path: Path, series: Any) -> NDArray[Any] | None:
    """Memory-map the whole series, or return None if frames can be read by pages."""
    if series.dataoffset is not None:
        return np.asarray(tifffile.memmap(path, mode="r", series=0))
    leading = series.shape[: len(series.shape) - series.keyframe.ndim]
    tail = series.shape[len(leading) :]
    separate = bool(leading) and prod(leading) == len(series.pages)
    if separate and tail == series.keyframe.shape:
        return None
    return np.asarray(series.asarray(out="memmap"))  # decoded once to a temporary file


def _read_error_message(path: Path, reason: object) -> str:
    return (
        f"Expected a TIFF with at least one page per frame; {path} cannot be read: "
        f"{reason}. Save it again as an uncompressed or a zlib-compressed TIFF."
    )
