"""Layer data of saved labels, also of those that napari opened as an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer

from napari_gnn_vos.gui.layers.axes import Axes
from napari_gnn_vos.gui.layers.factory import (
    AXES_KEY,
    COLOURS_KEY,
    features_of,
    labels_options,
)
from napari_gnn_vos.io.formats.tiff_labels import LabelFile
from napari_gnn_vos.structures.label_frames import LabelFrames, pack

if TYPE_CHECKING:
    from napari.components import ViewerModel

TIFF_SUFFIXES = (".tif", ".tiff")

LayerData = tuple[Any, dict[str, Any], str]


def read_label_tiff(file: Path) -> list[LayerData]:
    """Read a TIFF of labels; an empty list if it contains something else."""
    from napari_gnn_vos.io.formats.tiff_labels import read_integer_labels, read_labels

    label_file = read_labels(file)
    if label_file is not None:
        return [labels_data(label_file, file.stem)]
    labels = read_integer_labels(file)
    return [] if labels is None else [(labels, labels_options(file.stem), "labels")]


def labels_data(file: LabelFile, name: str) -> LayerData:
    """Convert saved labels to layer data with the axes and the place that they had."""
    options = labels_options(name, file.colours)
    options |= {"features": features_of(file.names)}
    options["metadata"] = {COLOURS_KEY: dict(file.colours)}
    placement = file.placement
    if placement is None:
        return file.labels, options, "labels"
    ndim, named = len(placement.scale), (placement.time, placement.row, placement.col)
    if len(set(named)) < 3 or max(named) >= ndim:
        return file.labels, options, "labels"
    fixed = tuple((axis, 0) for axis in range(ndim) if axis not in named)
    axes = Axes(*named, fixed)
    options |= placement.model_dump(exclude={"time", "row", "col", "axis_labels"})
    options["metadata"] |= {AXES_KEY: axes}
    if hasattr(Image, "axis_labels") and len(placement.axis_labels) == ndim:
        options["axis_labels"] = placement.axis_labels
    return axes.to_layer(file.labels), options, "labels"


def imported_labels_data(file: Path) -> LayerData:
    """Read labels in a format of `io.formats.registry`, with names and colours."""
    from napari_gnn_vos.io.export import import_labels

    labels = import_labels(file)
    frames: Any = labels.frames
    if frames.dtype in (np.uint8, np.uint16):
        frames = LabelFrames(frames.shape, map(pack, frames), frames.dtype.type)
    else:
        frames = frames[:]
    options = labels_options(file.stem, labels.colours)
    return frames, options | {"features": features_of(labels.names)}, "labels"


def is_image_of_labels(layer: Layer) -> bool:
    """Whether napari's reader made an image layer of labels saved by this plugin."""
    from napari_gnn_vos.io.formats.tiff_labels import is_label_file

    path = layer.source.path if isinstance(layer, Image) else None
    if path is None or Path(path).suffix.lower() not in TIFF_SUFFIXES:
        return False
    return is_label_file(Path(path))


def replace_images_of_labels(viewer: ViewerModel) -> None:
    """Replace the image layers whose files contain labels by labels layers."""
    for image in [layer for layer in viewer.layers if is_image_of_labels(layer)]:
        data, options, kind = read_label_tiff(Path(str(image.source.path)))[0]
        labels = Layer.create(data, options | {"name": image.name}, kind)
        viewer.layers.remove(image)
        viewer.add_layer(labels)
