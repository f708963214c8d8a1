"""Writers of labels layers for other programs: File > Save Selected Layers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_arrays import video_of
from napari_gnn_vos.controller.layer_metadata import (
    AXES_KEY,
    frames_of,
    full_resolution,
    video_labels,
)
from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.gui.layer_data import LayerData


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
    shape = frames_of(full_resolution(*by_kind["labels"]), by_kind["labels"][1]).shape
    data, attributes = by_kind["image"]
    data = full_resolution(data, attributes)
    count = data.ndim - bool(attributes.get("rgb"))
    axes = (by_kind["labels"][1].get("metadata") or {}).get(AXES_KEY)
    if not isinstance(axes, Axes) or axes.ndim != count:
        names = attributes.get("axis_labels") or ("",) * count
        axes = Axes.guess(names, (0,) * count, lengths=data.shape[:count])
    video = video_of(data, axes, str(attributes["name"]), attributes.get("metadata"))
    if tuple(video.shape) != tuple(shape):
        raise ShapeError(
            f"The image layer has the shape {video.shape}, the labels layer {shape}. "
            "Select the layers of one video."
        )
    export_labels(replace(labels, image=video.rgb), path, "overlay")
    return [path]
