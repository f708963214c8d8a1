"""Writers of labels layers for other programs: File > Save Selected Layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.gui.layers.attributes import AXES_KEY, names_in
from napari_gnn_vos.gui.layers.layer_data import video_of
from napari_gnn_vos.io.formats.tiff_labels import Placement
from napari_gnn_vos.io.formats.video_labels import Colour, VideoLabels

LayerData = tuple[Any, dict[str, Any], str]


def write_labels(
    format_name: str, path: str, data: Any, attributes: dict[str, Any]
) -> list[str]:
    """Write a labels layer in a format of `io.formats.registry`.

    Names and colours of the objects are those of the layer.

    Parameters
    ----------
    format_name : str
    path : str
        File, which gets the suffix of the format if it has another one, as in napari's
        dialog; or folder, which must not contain masks.
    data : array-like of integer
        ``layer.data``; axes other than time, row and column must have length 1.
    attributes : dict
        Attributes of the layer, of which axes, names and colours are used.

    Returns
    -------
    paths : list of str
        The file or folder.

    Raises
    ------
    ShapeError, ReadError
        If the layer is not that of a video, or the path cannot be written.
    """
    from napari_gnn_vos.io.export import export_labels
    from napari_gnn_vos.io.formats.registry import format_named

    suffixes = format_named(format_name).suffixes
    if suffixes and not path.lower().endswith(suffixes):
        path = f"{path}{suffixes[0]}"
    labels = video_labels(data, attributes)
    export_labels(labels, path, format_name, overwrite=bool(suffixes))
    return [path]


def write_tiff(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a multi-page TIFF; see :func:`write_labels` for the parameters.

    Axes and position of the layer are also stored in the file.
    """
    from napari_gnn_vos.io.formats.tiff import export_tiff

    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        path = f"{path}.tif"
    labels = video_labels(data, attributes)
    export_tiff(labels.frames, path, labels.names, labels.placement, labels.colours)
    return [path]


write_pngs = partial(write_labels, "png")
write_cell_tracking = partial(write_labels, "ctc")
write_ome_tiff = partial(write_labels, "ome-tiff")
write_imagej = partial(write_labels, "imagej")
write_ome_zarr = partial(write_labels, "ome-zarr")
write_ome_zarr_5 = partial(write_labels, "ome-zarr-0.5")
write_coco = partial(write_labels, "coco")
write_label_studio = partial(write_labels, "label-studio")
write_cvat_images = partial(write_labels, "cvat-images")
write_cvat_video = partial(write_labels, "cvat-video")
write_mask_video = partial(write_labels, "mask-video")
write_csv = partial(write_labels, "csv")
write_parquet = partial(write_labels, "parquet")
write_tracks = partial(write_labels, "tracks")
write_youtube_vos = partial(write_labels, "youtube-vos")


def write_overlay(path: str, layers: list[LayerData]) -> list[str]:
    """Write a video of an image layer with the objects of a labels layer.

    Parameters
    ----------
    path : str
        File, which gets the suffix ``.mp4`` if it has another one.
    layers : list of (data, attributes, kind)
        One image layer and one labels layer.

    Returns
    -------
    paths : list of str

    Raises
    ------
    GnnVosError
        If the layers are not of one video, or the path cannot be written.
    """
    from napari_gnn_vos.io.export import export_labels

    path = path if path.lower().endswith(".mp4") else f"{path}.mp4"
    by_kind = {kind: (data, attributes) for data, attributes, kind in layers}
    labels = video_labels(*by_kind["labels"])
    data, attributes = by_kind["image"]
    data = data[0] if attributes.get("multiscale") else data
    count = data.ndim - bool(attributes.get("rgb"))
    axes = (by_kind["labels"][1].get("metadata") or {}).get(AXES_KEY)
    if not isinstance(axes, Axes) or axes.ndim != count:
        axes = Axes.guess(attributes.get("axis_labels") or ("",) * count, (0,) * count)
    video = video_of(data, axes, str(attributes["name"]), attributes.get("metadata"))
    shape = frames_of(*by_kind["labels"]).shape
    if tuple(video.shape) != tuple(shape):
        raise ShapeError(
            f"The image layer has the shape {video.shape}, the labels layer {shape}. "
            "Select the layers of one video."
        )
    export_labels(replace(labels, image=video.rgb), path, "overlay")
    return [path]


def video_labels(data: Any, attributes: Mapping[str, Any]) -> VideoLabels:
    """Return the frames of a layer with the names and colours of its objects.

    Raises
    ------
    ShapeError
        If the layer is not that of a video.
    """
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
