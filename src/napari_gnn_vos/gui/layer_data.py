"""Videos, labels and label files as layer data, which readers of napari return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_arrays import RgbFrames
from napari_gnn_vos.controller.layer_metadata import (
    AXES_KEY,
    COLOURS_KEY,
    NOTES_KEY,
    VIDEO_KEY,
    features_of,
    without_time,
)
from napari_gnn_vos.gui.layers.attributes import labels_options
from napari_gnn_vos.io.formats.tiff_labels import LabelFile
from napari_gnn_vos.structures.label_frames import LabelFrames, pack
from napari_gnn_vos.structures.video import Video

LayerData = tuple[Any, dict[str, Any], str]
"""Data, options of the layer, and its kind, such as ``"image"``."""


def image_data(video: Video) -> LayerData:
    """Convert a video to layer data whose frames are read on access.

    Parameters
    ----------
    video : Video
        Greyscale frames keep their values; colours that napari cannot show (two
        channels, 16 bit) are converted to RGB. A single image has no axis for time.

    Returns
    -------
    data, options, kind : tuple
        As readers of napari return it. Notes, such as on repeated frames of a damaged
        movie or pixels that are NaN, are listed in
        ``options["metadata"]["gnn-vos notes"]``.
    """
    options: dict[str, Any] = {"name": video.name}
    data: Any = video.frames
    if len(data.shape) == 3:
        options |= {"rgb": False, "contrast_limits": video.limits}
    else:
        options["rgb"] = True
        if data.shape[3] < 3 or data.dtype != np.uint8:
            data = RgbFrames(video)
    if video.shape[0] == 1:  # a single image
        data = np.asarray(data[0])
    if hasattr(Image, "axis_labels"):  # not in napari before 0.5
        options["axis_labels"] = ("t", "y", "x")[video.shape[0] == 1 :]
    options["metadata"] = {VIDEO_KEY: (data, video)}
    options["metadata"][NOTES_KEY] = video.notes  # reading a frame may add to them
    return data, options, "image"


def truth_data(truth: NDArray[np.uint8], name: str) -> LayerData:
    """Convert ground-truth masks (T, H, W) to the data of a hidden layer."""
    options = labels_options(f"{name} truth") | {"visible": False}
    return without_time(truth), options, "labels"


def labels_data(file: LabelFile, name: str) -> LayerData:
    """Convert saved labels to layer data with their original axes and position."""
    options = file_labels_options(name, file.names, file.colours)
    placement = file.placement
    if placement is None:
        return without_time(file.labels), options, "labels"
    ndim, time = len(placement.scale), placement.time
    named = (() if time is None else (time,)) + (placement.row, placement.col)
    if len(set(named)) < len(named) or max(named) >= ndim:
        return without_time(file.labels), options, "labels"
    fixed = tuple((axis, 0) for axis in range(ndim) if axis not in named)
    axes = Axes(time, placement.row, placement.col, fixed)
    excluded = {"time", "row", "col", "axis_labels", "units"}
    options |= placement.model_dump(exclude=excluded)
    options["metadata"] |= {AXES_KEY: axes}
    if hasattr(Image, "axis_labels") and len(placement.axis_labels) == ndim:
        options["axis_labels"] = placement.axis_labels
    if hasattr(Image, "units") and are_units(placement.units, ndim):
        options["units"] = placement.units
    return axes.to_layer(file.labels), options, "labels"


def are_units(names: Sequence[str], count: int) -> bool:
    """Whether names from a file are units, one per axis, that napari knows."""
    import pint

    unit = pint.get_application_registry().Unit  # type: ignore[no-untyped-call]
    try:
        return len([unit(name) for name in names if name]) == count == len(names)
    except Exception:  # noqa: BLE001 - the parser raises many types
        return False


def file_labels_options(
    name: str, names: Mapping[int, str], colours: Mapping[int, tuple[int, int, int]]
) -> dict[str, Any]:
    """Return options of a layer of labels from a file, with names and colours."""
    options = labels_options(name, colours)
    options["features"] = features_of(names)
    options["metadata"] = {COLOURS_KEY: dict(colours)}
    return options


def read_label_tiff(file: Path) -> list[LayerData]:
    """Read a TIFF of labels; an empty list if it contains something else."""
    from napari_gnn_vos.io.formats.tiff_labels import read_integer_labels, read_labels

    label_file = read_labels(file)
    if label_file is not None:
        return [labels_data(label_file, file.stem)]
    labels = read_integer_labels(file)
    return [] if labels is None else [(labels, labels_options(file.stem), "labels")]


def imported_labels_data(file: Path) -> LayerData:
    """Read labels in a format of `io.formats.registry`, with names and colours."""
    from napari_gnn_vos.io.export import import_labels

    labels = import_labels(file)
    frames: Any = labels.frames
    if frames.dtype in (np.uint8, np.uint16) and len(frames) > 1:
        frames = LabelFrames(frames.shape, map(pack, frames), frames.dtype.type)
    else:
        frames = frames[:]
    options = file_labels_options(file.stem, labels.names, labels.colours)
    return without_time(frames), options, "labels"
