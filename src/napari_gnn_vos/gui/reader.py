"""Readers of files, folders, projects and sample data, for the npe2 manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import napari
from napari.layers import Image, Layer
from napari.utils.notifications import show_warning

from napari_gnn_vos.controller.layer_metadata import PATH_KEY, PROJECT_KEY
from napari_gnn_vos.errors import GnnVosError, ReadError
from napari_gnn_vos.gui.layer_data import (
    LayerData,
    image_data,
    imported_labels_data,
    read_label_tiff,
    truth_data,
)
from napari_gnn_vos.io.project.video_reference import SAMPLE

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_gnn_vos.io.samples.downloads import Download

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
    return read if file.name.lower().endswith((*SUFFIXES, *LABEL_SUFFIXES)) else None


def read(path: str) -> list[LayerData]:
    """Read a video; the masks of a DAVIS sequence become a second layer.

    A TIFF of labels or strokes that was written by this plugin becomes a labels layer,
    and so do TIFFs of 32-bit integers, COCO and Label Studio JSON, CVAT XML, and label
    images of OME-Zarr.

    Raises
    ------
    ReadError, VideoError
        If the file is damaged, or is not a video.
    """
    from napari_gnn_vos.io.formats.ome_zarr import has_labels_only
    from napari_gnn_vos.io.read import read_video
    from napari_gnn_vos.io.readers.zarr_video import is_zarr

    file = Path(path)
    if is_zarr(file) and has_labels_only(file):
        return [imported_labels_data(file)]
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
        If the download fails or is cancelled.
    """
    from napari_gnn_vos.io.samples.downloads import TIME_LAPSE

    return _downloaded(TIME_LAPSE, "sample:time-lapse")


def film() -> list[LayerData]:
    """Read a film of a cockatoo, which is downloaded once.

    Raises
    ------
    ReadError
        If the download fails or is cancelled.
    """
    from napari_gnn_vos.io.samples.downloads import FILM

    return _downloaded(FILM, "sample:film")


def _downloaded(sample: Download, source: str) -> list[LayerData]:
    """Read a sample, after it is downloaded.

    napari requires layers from the function of a sample, so this waits for the file.
    """
    from napari_gnn_vos.io.read import read_video

    path = sample.fetch() if sample.is_cached else _download(sample)
    return [_with_path(image_data(read_video(path)), source)]


def _download(sample: Download) -> Path:
    """Download a sample, in a thread if there is a window."""
    if napari.current_viewer() is None:
        return sample.fetch()
    from napari_gnn_vos.gui.threads import run_while_waiting

    path = run_while_waiting(sample.fetch_in_steps(), f"Download {sample.name}")
    if path is None:
        raise ReadError(f"The download of {sample.name} was cancelled.")
    return path


SAMPLES: dict[str, Callable[[], list[LayerData]]] = {
    "sample:composed-scene": composed_scene,
    "sample:cells": cells,
    "sample:time-lapse": time_lapse,
    "sample:film": film,
}
"""Readers of sample data by the path that projects store."""


def _with_path(layer: LayerData, path: str) -> LayerData:
    """Add the path of the video to the metadata, for projects."""
    layer[1]["metadata"][PATH_KEY] = (
        path if path.startswith(SAMPLE) else str(Path(path).expanduser().absolute())
    )
    return layer


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
