"""Readers of files, folders and sample data: videos and labels as layer data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer
from napari.utils.notifications import show_warning
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.errors import GnnVosError, ReadError
from napari_gnn_vos.gui.layers.attributes import (
    AXES_KEY,
    COLOURS_KEY,
    NOTES_KEY,
    PATH_KEY,
    PROJECT_KEY,
    VIDEO_KEY,
    features_of,
    labels_options,
)
from napari_gnn_vos.io.formats.tiff_labels import LabelFile
from napari_gnn_vos.io.project.video_reference import SAMPLE
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.structures.label_frames import LabelFrames, pack
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
    from napari.components import ViewerModel


LayerData = tuple[Any, dict[str, Any], str]

LABEL_SUFFIXES = (".json", ".xml")
"""Suffixes of files that contain labels only."""

TIFF_SUFFIXES = (".tif", ".tiff")

Reader = Callable[[str], list[LayerData]]


def get_reader(path: str | list[str]) -> Reader | None:
    """Return the reader of a path, as napari requires it.

    Parameters
    ----------
    path : str or list of str
        One file or folder; a list of several is left to other plugins.

    Returns
    -------
    read : callable or None
        None if the path cannot be read.
    """
    from napari_gnn_vos.io.project.parts import is_project
    from napari_gnn_vos.io.read import SUFFIXES
    from napari_gnn_vos.io.readers.zarr_video import is_zarr

    if isinstance(path, list):
        return None
    file = Path(path)
    if is_project(file):
        return read_project
    if file.is_dir():
        return read if is_zarr(file) or _has_images(file) else None
    return read if file.suffix.lower() in (*SUFFIXES, *LABEL_SUFFIXES) else None


def read(path: str) -> list[LayerData]:
    """Read a video; the masks of a DAVIS sequence become a second layer.

    A TIFF of labels or strokes that was written by this plugin becomes a labels layer,
    and so do TIFFs of 32-bit integers, COCO and Label Studio JSON and CVAT XML.

    Raises
    ------
    ReadError, VideoError
        If the file is damaged, or is not a video.
    """
    from napari_gnn_vos.io.read import read_video

    file = Path(path)
    if file.suffix.lower() in TIFF_SUFFIXES:
        label_layers = read_label_tiff(file)
        if label_layers:
            return label_layers
    if file.suffix.lower() in LABEL_SUFFIXES:
        return [imported_labels_data(file)]
    return [
        _with_path(image_data(read_video(path)), path),
        *_davis_masks(file.resolve()),
    ]


def read_project(path: str) -> list[LayerData]:
    """Read the video of a project; the dock widget restores the rest.

    Raises
    ------
    ReadError
        If the project cannot be read, or its video is not found.
    """
    from napari_gnn_vos.io.project.project import Project
    from napari_gnn_vos.io.project.video_reference import find_video

    reference = Project.open(path).video
    source = str(find_video(reference, Path(path).absolute()) or reference.absolute)
    if not source:
        raise ReadError(
            f"The project belongs to the array {reference.name!r}, which is not in a "
            "file. Open it as an image layer, and use Open project in the dock widget."
        )
    data, options, kind = video_layer_data(source)
    options["metadata"][PROJECT_KEY] = str(Path(path).absolute())
    show_dock_soon()
    return [(data, options, kind)]


def show_dock_soon() -> None:
    """Open the dock widget in the window of the current viewer, if it has one."""
    import napari

    viewer = napari.current_viewer()
    if viewer is None:
        return
    from qtpy.QtCore import QTimer

    def show() -> None:
        viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")

    QTimer.singleShot(0, show)


def video_layer_data(source: str) -> LayerData:
    """Read a video by its path, or sample data by ``sample:KEY``.

    Raises
    ------
    ReadError
        If it does not exist, or cannot be read.
    """
    from napari_gnn_vos.io.read import read_video

    if not source.startswith(SAMPLE):
        return _with_path(image_data(read_video(source)), source)
    if source not in SAMPLES:
        raise ReadError(f"Expected sample data, one of {list(SAMPLES)}, not {source}.")
    return SAMPLES[source]()[0]


def composed_scene() -> list[LayerData]:
    """Compose a scene of two objects; its ground truth is a hidden layer."""
    from napari_gnn_vos.io.samples.photo_scenes import compose_scene

    video, truth = compose_scene()
    image = _with_path(image_data(video), "sample:composed-scene")
    return [image, truth_data(truth, video.name)]


def cells() -> list[LayerData]:
    """Simulate a noisy time lapse of similar cells; its ground truth is hidden."""
    from napari_gnn_vos.io.samples.simulated_cells import simulate_cells

    video, truth = simulate_cells()
    image = _with_path(image_data(video), "sample:cells")
    return [image, truth_data(truth, video.name)]


def time_lapse() -> list[LayerData]:
    """Read a time lapse of a cell, which is downloaded once.

    Raises
    ------
    ReadError
        If the download fails.
    """
    from napari_gnn_vos.io.read import read_video
    from napari_gnn_vos.io.samples.clip import fetch_clip

    return [_with_path(image_data(read_video(fetch_clip())), "sample:time-lapse")]


SAMPLES: dict[str, Callable[[], list[LayerData]]] = {
    "sample:composed-scene": composed_scene,
    "sample:cells": cells,
    "sample:time-lapse": time_lapse,
}
"""Readers of sample data by the path that projects store."""


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


def _with_path(layer: LayerData, path: str) -> LayerData:
    """Add the path of the video to the metadata, for projects."""
    layer[1]["metadata"][PATH_KEY] = (
        path if path.startswith(SAMPLE) else str(Path(path).expanduser().absolute())
    )
    return layer


def truth_data(truth: NDArray[np.uint8], name: str) -> LayerData:
    """Convert ground-truth masks (T, H, W) to the data of a hidden layer."""
    options = labels_options(f"{name} truth") | {"visible": False}
    return without_time(truth), options, "labels"


def _has_images(folder: Path) -> bool:
    """Whether a folder has images; of several types, reading fails."""
    from napari_gnn_vos.io.readers.folder import list_images

    try:
        return bool(list_images(folder))
    except OSError:
        return False


def _davis_masks(folder: Path) -> list[LayerData]:
    """Read the masks of the frames ``ROOT/JPEGImages/480p/NAME``, if there are any."""
    from napari_gnn_vos.io.davis import read_davis

    if len(folder.parents) < 3 or folder.parents[1].name != "JPEGImages":
        return []
    try:
        root, resolution = folder.parents[2], folder.parent.name
        _, truth = read_davis(root, folder.name, resolution)
    except GnnVosError as error:
        show_warning(f"The frames are open, but not their masks: {error}")
        return []
    return [truth_data(truth, folder.name)]


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


def imported_labels_data(file: Path) -> LayerData:
    """Read labels in a format of `io.formats.registry`, with names and colours."""
    from napari_gnn_vos.io.export import import_labels

    labels = import_labels(file)
    frames: Any = labels.frames
    if frames.dtype in (np.uint8, np.uint16) and len(frames) > 1:
        frames = LabelFrames(frames.shape, map(pack, frames), frames.dtype.type)
    else:
        frames = frames[:]
    options = labels_options(file.stem, labels.colours)
    options |= {"features": features_of(labels.names)}
    return without_time(frames), options, "labels"


def without_time(frames: Any) -> Any:
    """Return the labels of a single image, (1, H, W), as (H, W); others unchanged."""
    return frames[0] if len(frames) == 1 else frames


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
