"""Label images with object names in a multi-page TIFF file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import tifffile
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter

from napari_gnn_vos.io.json_file import Byte
from napari_gnn_vos.io.readers.tiff_pages import complete_directories

LABELS_MARKER = "labels, a page a frame; napari-gnn-vos"
"""First line of the description of files written by `export_tiff`; the object names
and the placement follow as JSON."""
OME_UNITS = {
    "second": "s",
    "millisecond": "ms",
    "microsecond": "µs",
    "minute": "min",
    "hour": "h",
    "meter": "m",
    "centimeter": "cm",
    "millimeter": "mm",
    "micrometer": "µm",
    "nanometer": "nm",
    "angstrom": "Å",
}
"""Symbols of the units of OME; napari uses the same names."""
MAX_AXES = 8
MIN_LABEL_BYTES = 4

Colour = tuple[Byte, Byte, Byte]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Vector = Annotated[list[Finite], Field(max_length=MAX_AXES**2)]
Matrix = Annotated[
    list[Annotated[list[Finite], Field(max_length=MAX_AXES + 1)]],
    Field(max_length=MAX_AXES + 1),
]


class Placement(BaseModel):
    """Axes and position of a labels layer in the viewer, stored in its file.

    Parameters
    ----------
    time, row, col : int
        Axes of the layer; others have length 1. `time` is None for a single image.
    scale, translate : list of D float
    rotate : (D, D) list of lists of float
    shear : list of lists of float, or list of float
        (D, D), or the upper triangle of the matrix without its diagonal.
    affine : (D + 1, D + 1) list of lists of float
    axis_labels : tuple of D str
    units : tuple of D str
        Names of units such as "micrometer"; empty in files of version 0.1.
    """

    time: Annotated[int, Field(ge=0, lt=MAX_AXES)] | None
    row: int = Field(ge=0, lt=MAX_AXES)
    col: int = Field(ge=0, lt=MAX_AXES)
    scale: Vector
    translate: Vector
    rotate: Matrix
    shear: Vector | Matrix
    affine: Matrix
    axis_labels: tuple[str, ...] = Field(max_length=MAX_AXES)
    units: tuple[str, ...] = Field((), max_length=MAX_AXES)


class FrameAxes(NamedTuple):
    """Size, position and unit of pixels along time, rows and columns.

    Parameters
    ----------
    scale, translate : (float, float, float)
    units : (str, str, str)
        Such as "second"; "pixel" if it is unknown.
    """

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    translate: tuple[float, float, float] = (0.0, 0.0, 0.0)
    units: tuple[str, str, str] = ("pixel", "pixel", "pixel")


def frame_axes(placement: Placement | None) -> FrameAxes:
    """Return the axes of frames in formats that store no rotation and no other axes.

    Pixels of a negative size, as of a mirrored layer, or of no size, have the size 1.
    """
    if placement is None:
        return FrameAxes()
    axes = placement.time, placement.row, placement.col

    def select(values: Sequence[Any], missing: Any) -> tuple[Any, Any, Any]:
        first, row, column = (
            missing if axis is None or axis >= len(values) else values[axis]
            for axis in axes
        )
        return first, row, column

    scale = [size if size > 0 else 1.0 for size in select(placement.scale, 1.0)]
    return FrameAxes(
        (scale[0], scale[1], scale[2]),
        select(placement.translate, 0.0),
        select(placement.units, "pixel"),
    )


class _Description(BaseModel):
    """Content of the description after the marker."""

    names: dict[int, str] = {}
    placement: Placement | None = None
    colours: dict[int, Colour] = {}


_NAMES = TypeAdapter(dict[int, str])


class LabelFile(NamedTuple):
    """Content of a label file.

    Parameters
    ----------
    labels : (T, H, W) ndarray of uint8 or uint16
    names : dict of int to str
        Object names by label.
    placement : Placement or None
        Of the layer that was saved; None for labels that were not saved from a layer.
    colours : dict of int to (red, green, blue)
        Colours by label, 0 to 255.
    """

    labels: NDArray[Any]
    names: dict[int, str]
    placement: Placement | None
    colours: dict[int, Colour] = {}  # noqa: RUF012 - not changed


def label_description(
    names: Mapping[int, str],
    placement: Placement | None = None,
    colours: Mapping[int, Colour] | None = None,
) -> str:
    """Return the description of the first page of a label file.

    Parameters
    ----------
    names : mapping of int to str
        Object names by label.
    placement : Placement, optional
    colours : mapping of int to (red, green, blue), optional
    """
    description = _Description(
        names=dict(names), placement=placement, colours=dict(colours or {})
    )
    text = json.dumps(description.model_dump())  # ASCII, as TIFF requires
    return f"{LABELS_MARKER}\n{text}"


def read_labels(path: Path) -> LabelFile | None:
    """Read labels written by `export_tiff`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    file : LabelFile or None
        None if the file was not written by `export_tiff`.
    """
    try:
        with tifffile.TiffFile(path) as file:
            marker, _, text = file.pages.first.description.partition("\n")
            if marker != LABELS_MARKER:
                return None
            stored = _parse(text)
            complete_directories(path, file)
            labels = np.stack([page.asarray() for page in file.pages])
            return LabelFile(labels, stored.names, stored.placement, stored.colours)
    except Exception:  # noqa: BLE001 - any failure: not a label file
        return None


def read_integer_labels(path: Path) -> NDArray[Any] | None:
    """Read a TIFF file of integers of 32 bits or more, the type of saved labels.

    napari and most programs write labels in this type, and cameras do not use it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    labels : (H, W) or (..., H, W) ndarray of int, or None
        None if the file has another type, or cannot be read.
    """
    try:
        with tifffile.TiffFile(path) as file:
            complete_directories(path, file)
            dtype = file.series[0].dtype
            if dtype.kind not in "iu" or dtype.itemsize < MIN_LABEL_BYTES:
                return None
            return np.asarray(file.series[0].asarray())
    except Exception:  # noqa: BLE001 - any failure: not a label file
        return None


def is_label_file(path: Path) -> bool:
    """Return whether a TIFF file was written by `export_tiff`."""
    try:
        with tifffile.TiffFile(path) as file:
            return bool(file.pages.first.description.startswith(LABELS_MARKER))
    except Exception:  # noqa: BLE001 - any failure: not a label file
        return False


def _parse(text: str) -> _Description:
    """Parse a description, also of version 0.1 with names only."""
    try:
        return _Description(names=_NAMES.validate_json(text or "{}"))
    except ValueError:
        return _Description.model_validate_json(text)
