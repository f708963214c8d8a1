"""Frames of a multi-page TIFF: (T, Y, X), (T, Y, X, C), hyperstacks with channels."""

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

LABELS = "labels, a page a frame; napari-gnn-vos"
"""Begins the description of a file that `export_tiff` has written; the names of objects
follow as JSON."""
TIME_AXES = "TIQRZC"
"""Axes that may be time, the likeliest first; I, Q and R are axes without a name."""


class TiffFrames(LazyFrames):
    """The frames of a TIFF's first series, channels last.

    Uncompressed files are memory-mapped; of others the pages of one frame are read.

    Parameters
    ----------
    path : Path
        TIFF, BigTIFF, ImageJ or OME-TIFF; any integer, float or binary pixels.

    Raises
    ------
    ReadError
        If it is no TIFF, is compressed in a way that needs another package, or has
        more axes than time, rows, columns and channels.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = tifffile.TiffFile(path)
            finalize(self, self._file.close)
            self._series = self._file.series[0]
            self._mapped = _mapped(path, self._series)
        except Exception as error:  # tifffile has no single one
            raise ReadError(_broken(path, error)) from error
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
        """Close the file; frames cannot be read afterwards."""
        self._file.close()

    def _read(self, t: int) -> NDArray[Any]:
        try:
            block = self._block(t)
        except Exception as error:  # tifffile and codecs raise many
            raise ReadError(_broken(self.path, error)) from error
        left = self._axes.replace("T", "")
        order = [left.index(axis) for axis in "YXC" if axis in left]
        frame = block.transpose(order)
        if frame.dtype == bool:
            return frame.astype(np.uint8) * np.uint8(255)
        return np.array(frame, self.dtype, order="C")

    def _block(self, t: int) -> NDArray[Any]:
        """Frame `t` from the map, or from the page or pages that hold it."""
        time = self._axes.find("T")
        if self._mapped is not None:
            mapped: NDArray[Any] = self._mapped
            return mapped if time < 0 else np.moveaxis(mapped, time, 0)[t]
        page = self._series.keyframe
        leading = self._series.shape[: len(self._series.shape) - page.ndim]
        numbers = np.arange(len(self._series.pages)).reshape(leading)
        chosen = numbers if time < 0 else numbers.take(t, axis=time)
        pages = [self._series.pages[int(number)] for number in chosen.flat]
        read = [
            np.zeros(page.shape, page.dtype) if each is None else each.asarray()
            for each in pages  # an OME-TIFF may leave pages out
        ]
        return np.stack(read).reshape(*chosen.shape, *page.shape)


def about_labels(names: Mapping[int, str]) -> str:
    """Describe a file of labels, for its first page.

    Parameters
    ----------
    names : mapping of int to str
        What labels are called that have a name.
    """
    return f"{LABELS}\n{json.dumps(dict(names))}"


def read_labels(path: Path) -> tuple[NDArray[np.uint8], dict[int, str]] | None:
    """Read the labels that `export_tiff` has written.

    Parameters
    ----------
    path : Path

    Returns
    -------
    labels : (T, H, W) ndarray of uint8
    names : dict of int to str
        What labels are called that have a name.

    None is returned if the file is something else.
    """
    try:
        with tifffile.TiffFile(path) as file:
            mark, _, names = file.pages.first.description.partition("\n")
            if mark != LABELS:
                return None
            labels = np.stack([page.asarray() for page in file.pages])
            known = json.loads(names or "{}")
            return labels, {int(label): str(name) for label, name in known.items()}
    except Exception:  # noqa: BLE001 - tifffile has no single one; read as a video
        return None


def video_axes(axes: str, shape: tuple[int, ...]) -> str:
    """Name the axes of a TIFF T, C, Y and X.

    Parameters
    ----------
    axes : str
        As tifffile names them: ``S`` is samples of a pixel, ``Q`` and ``I`` unknown.
    shape : tuple of int
        Length of every axis.

    Returns
    -------
    axes : str
        ``Y``, ``X``, and ``T`` and ``C`` where the file has them, in the file's order.

    Raises
    ------
    ReadError
        If there are more axes.

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
            "a video has time, rows, columns and perhaps channels, and this file has "
            f"the axes {axes} of lengths {tuple(shape)}. Export one plane, or a "
            "projection, as a TIFF of its own."
        )
    return named


def _mapped(path: Path, series: Any) -> NDArray[Any] | None:
    """Map the whole series, or None where the pages of a frame can be read alone."""
    if series.dataoffset is not None:
        return np.asarray(tifffile.memmap(path, mode="r", series=0))
    leading = series.shape[: len(series.shape) - series.keyframe.ndim]
    tail = series.shape[len(leading) :]
    alone = bool(leading) and prod(leading) == len(series.pages)
    if alone and tail == series.keyframe.shape:
        return None
    return np.asarray(series.asarray(out="memmap"))  # decoded once, to a file


def _broken(path: Path, why: object) -> str:
    return (
        f"Expected a TIFF with one page or more a frame; {path} cannot be read: {why} "
        "Save it again as an uncompressed or a zlib-compressed TIFF, or install what "
        "the message names."
    )
