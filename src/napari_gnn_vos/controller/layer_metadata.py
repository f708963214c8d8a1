"""Metadata of layers, and labels with names, colours and axes read from them."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.io.formats.tiff_labels import Placement
from napari_gnn_vos.io.formats.video_labels import Colour, VideoLabels

STROKES, LINES, SEGMENTATION = "strokes", "lines", "segmentation"
"""Names of the layers."""

SOURCE_KEY = "gnn-vos source"
"""Metadata key of a layer for the id of the image layer that it belongs to."""
ROLE_KEY = "gnn-vos role"
"""Metadata key of a layer for its role, one of these names; renaming keeps it."""
AXES_KEY = "gnn-vos axes"
"""Metadata key of a layer for its `Axes`."""
COLOURS_KEY = "gnn-vos file colours"
"""Metadata key of a layer from a file for the colours of its labels."""

VIDEO_KEY = "gnn-vos video"
"""Metadata key under which the readers store a layer's array and its video."""
PATH_KEY = "gnn-vos path"
"""Metadata key of an image layer for the path of its video."""
PROJECT_KEY = "gnn-vos project"
"""Metadata key of an image layer for the path of the project that it belongs to."""
OBJECTS_KEY = "gnn-vos objects"
"""Metadata key of an image layer for the table of its objects."""
NOTES_KEY = "gnn-vos notes"
"""Metadata key of the notes of a video, such as repeated frames of a damaged movie."""


def features_of(names: Mapping[int, str]) -> dict[str, list[Any]]:
    """Return the features of a labels layer: columns `index`, `label` and `name`.

    napari looks a label up in `index`, plugins for measurements in `label`.
    """
    return {"index": [*names], "label": [*names], "name": [*names.values()]}


def names_in(features: Any) -> dict[int, str]:
    """Read object names from a layer's features, which may come from other programs.

    Rows without an integer index are skipped, and missing columns give no names.
    """
    indices, names = (features.get(column, ()) for column in ("index", "name"))
    return {
        int(float(index)): str(name)
        for index, name in zip(indices, names, strict=False)
        if isinstance(index, Real) and float(index).is_integer()
    }


def without_time(frames: Any) -> Any:
    """Return the labels of a single image, (1, H, W), as (H, W); others unchanged."""
    return frames[0] if len(frames) == 1 else frames


def video_labels(data: Any, attributes: Mapping[str, Any]) -> VideoLabels:
    """Return the frames of a layer with the names and colours of its objects.

    Raises
    ------
    ShapeError
        If the layer is not that of a video.
    """
    data = full_resolution(data, attributes)
    frames = frames_of(data, attributes)
    names = names_in(attributes.get("features", {}))
    colours = colours_in(attributes.get("colormap"), frames)
    return VideoLabels(
        frames,
        names,
        colours,
        video_name=attributes.get("name"),
        placement=placement_of(data, attributes),
    )


def colours_in(colormap: Any, frames: Any) -> dict[int, Colour]:
    """Return the colours of the labels in `frames`; none without a colour map.

    Parameters
    ----------
    colormap : napari LabelColormap or None
    frames : (T, H, W) array-like of integer
    """
    if not hasattr(colormap, "map") or frames.dtype.kind not in "iu":
        return {}
    present = sorted({label for frame in frames for label in np.unique(frame).tolist()})
    objects = [label for label in present if label > 0]
    rgba = np.atleast_2d(colormap.map(np.array(objects, frames.dtype)))
    rgb = np.rint(255 * rgba[:, :3]).astype(int).tolist() if objects else []
    return {
        label: (red, green, blue)
        for label, (red, green, blue) in zip(objects, rgb, strict=True)
    }


def full_resolution(data: Any, attributes: Mapping[str, Any]) -> Any:
    """Return the array of a layer, of a multiscale one that of full resolution."""
    return data[0] if attributes.get("multiscale") else data


def frames_of(data: Any, attributes: Mapping[str, Any]) -> Any:
    """View a layer's array as (T, H, W).

    Raises
    ------
    ShapeError
        If an axis other than time, row and column is longer than 1.
    """
    labels = data if hasattr(data, "shape") else np.asarray(data)
    axes = saved_axes(labels, attributes)
    if axes == Axes():
        return labels  # packed labels stay packed
    return axes.to_stack(np.asarray(labels))


def placement_of(data: Any, attributes: Mapping[str, Any]) -> Placement | None:
    """Return axes and position of a layer; None if it has no attributes."""
    names = ("scale", "translate", "rotate", "shear", "affine")
    if any(attributes.get(name) is None for name in names):
        return None
    axes = saved_axes(data, attributes)
    return Placement(
        time=axes.time,
        row=axes.row,
        col=axes.col,
        axis_labels=tuple(attributes.get("axis_labels") or ()),
        units=tuple(map(str, attributes.get("units") or ())),
        **{name: np.asarray(attributes[name]).tolist() for name in names},
    )


def saved_axes(labels: Any, attributes: Mapping[str, Any]) -> Axes:
    """Find time, rows and columns of a labels layer.

    They are those of the video if the plugin created the layer, otherwise found by the
    names of the axes, otherwise by order among the axes that are longer than 1.

    Parameters
    ----------
    labels : array-like
        ``layer.data``.
    attributes : mapping
        Attributes of the layer.

    Raises
    ------
    ShapeError
        If there are not three such axes.
    """
    shape = np.shape(labels)
    axes = (attributes.get("metadata") or {}).get(AXES_KEY)
    if not isinstance(axes, Axes) or axes.ndim != len(shape):
        names = tuple(attributes.get("axis_labels") or ())
        axes = _guess_axes(labels, names)
    if any(shape[i] != 1 for i, _ in axes.fixed):
        raise _not_a_video(shape)
    return axes


def _guess_axes(labels: Any, names: tuple[str, ...]) -> Axes:
    shape = np.shape(labels)
    if len(shape) == 2:
        return Axes.guess(names or ("",) * 2, (0, 0))
    long = [i for i, length in enumerate(shape) if length > 1]
    if len(long) < 3 <= len(shape):  # a video of one row or column
        long = [0, len(shape) - 2, len(shape) - 1]
    if len(long) != 3:
        raise _not_a_video(shape)
    if len(names) == len(shape):
        axes = Axes.guess([names[i] for i in long], (0, 0, 0))
        time, row, col = (long[i] for i in (axes.time or 0, axes.row, axes.col))
    else:
        time, row, col = _memory_order(labels, long)
    others = (i for i in range(len(shape)) if i not in (time, row, col))
    return Axes(time, row, col, tuple((i, 0) for i in others))


def _memory_order(labels: Any, axes: list[int]) -> list[int]:
    """Order axes as in memory: layers of this plugin are views of a (T, H, W) stack."""
    strides = getattr(labels, "strides", None) or ()
    order = sorted(axes, key=lambda axis: -abs(strides[axis])) if strides else axes
    is_transposed = order[1] > order[2]  # for example an array in Fortran order
    return axes if is_transposed else order


def _not_a_video(shape: tuple[int, ...]) -> ShapeError:
    return ShapeError(
        "A labels layer with (time, row, column) can be saved; this one has the shape "
        f"{tuple(shape)}. Choose the layer of a video."
    )
