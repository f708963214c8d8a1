"""Conversion between the data of layers, as readers return it, and videos or labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes, LayerFrames
from napari_gnn_vos.errors import ShapeError
from napari_gnn_vos.gui.layers.attributes import (
    AXES_KEY,
    COLOURS_KEY,
    NOTES_KEY,
    VIDEO_KEY,
    features_of,
    labels_options,
    names_in,
)
from napari_gnn_vos.io.formats.tiff_labels import LabelFile, Placement
from napari_gnn_vos.io.formats.video_labels import Colour, VideoLabels
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.structures.video import Video

LayerData = tuple[Any, dict[str, Any], str]


def video_of(
    data: Any, axes: Axes, name: str, metadata: dict[str, Any] | None = None
) -> Video:
    """View the array of an image layer as a video.

    Parameters
    ----------
    data : array-like
        ``layer.data``, of any size, also lazily loaded.
    axes : Axes
        Axes of the layer.
    name : str
        Name of the video.
    metadata : dict, optional
        ``layer.metadata``; a video stored in it by the readers is returned if the layer
        still shows its array.

    Raises
    ------
    VideoError
        If the frames are too few or too small, or are not images.
    """
    stored_data, stored_video = (metadata or {}).get(VIDEO_KEY, (None, None))
    if isinstance(stored_video, Video) and stored_data is data:
        return stored_video
    return Video.from_array(LayerFrames(data, axes), name)


class RgbFrames(LazyFrames):
    """Frames of a video converted to the RGB images that the engine uses.

    Parameters
    ----------
    video : Video
        Read one frame at a time.
    """

    def __init__(self, video: Video) -> None:
        super().__init__((*video.shape, 3), np.uint8)
        self._video = video

    def _read(self, t: int) -> NDArray[Any]:
        return self._video.rgb(t)


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
    options = labels_options(name, file.colours)
    options |= {"features": features_of(file.names)}
    options["metadata"] = {COLOURS_KEY: dict(file.colours)}
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
