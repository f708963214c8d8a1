from importlib import import_module
from importlib.resources import files

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from npe2 import PluginManifest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.gui.layer_data import image_data
from napari_gnn_vos.gui.reader import get_reader
from napari_gnn_vos.structures.video import Video

MANIFEST = PluginManifest.from_file(files("napari_gnn_vos") / "napari.yaml")


@pytest.mark.gui
@pytest.mark.parametrize("command", MANIFEST.contributions.commands, ids=lambda c: c.id)
def test_every_command_can_be_imported(command):
    module, name = command.python_name.split(":")
    assert callable(getattr(import_module(module), name))


@pytest.mark.gui
def test_napari_passes_the_viewer_to_the_dock(qtbot):
    from napari._qt._qplugins._qnpe2 import _get_widget_viewer_param

    from napari_gnn_vos.gui.plugin import AnnotateDock

    assert _get_widget_viewer_param(AnnotateDock, "annotate") == "napari_viewer"


def test_manifest_lists_every_suffix():
    from napari_gnn_vos.gui.reader import LABEL_SUFFIXES
    from napari_gnn_vos.io.project.parts import SUFFIX
    from napari_gnn_vos.io.read import SUFFIXES

    (reader,) = MANIFEST.contributions.readers
    suffixes = (*SUFFIXES, *LABEL_SUFFIXES, SUFFIX)
    assert reader.filename_patterns == [f"*{suffix}" for suffix in suffixes]


@pytest.fixture
def opened():
    """Open a path as napari does."""
    from napari.components import ViewerModel

    def open_path(path):
        viewer = ViewerModel()
        for data, options, kind in get_reader(str(path))(str(path)):
            getattr(viewer, f"add_{kind}")(data, **options)
        return viewer.layers

    return open_path


def write_frames(folder, values=(10, 20, 30), shape=(16, 18, 3)):
    from PIL import Image

    folder.mkdir(parents=True)
    for t, value in enumerate(values):
        Image.fromarray(np.full(shape, value, np.uint8)).save(folder / f"{t:05d}.png")
    return folder


def test_a_folder_of_frames_is_a_video(tmp_path, opened):
    (layer,) = opened(write_frames(tmp_path / "clip"))
    assert (layer.name, layer.rgb, layer.ndim) == ("clip", True, 3)
    assert np.asarray(layer.data[1]).max() == 20


def test_davis_sequence_opens_with_masks(tmp_path, opened):
    frames = write_frames(tmp_path / "JPEGImages" / "480p" / "bear")
    write_frames(tmp_path / "Annotations" / "480p" / "bear", (0, 255, 255), (16, 18))
    image, truth = opened(frames)
    assert (image.name, truth.name) == ("bear", "bear truth")
    assert np.unique(truth.data).tolist() == [0, 1]
    assert not truth.visible


def test_davis_frames_open_without_masks(tmp_path, opened):
    frames = write_frames(tmp_path / "JPEGImages" / "480p" / "bear")
    assert len(opened(frames)) == 1
    assert "not their masks" in notification_manager.records[-1].message


@pytest.mark.parametrize("shape", [(3, 16, 18), (3, 16, 18, 2), (3, 16, 18, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_stacks_of_any_shape_and_dtype_open(tmp_path, opened, shape, dtype):
    data = np.random.default_rng(0).integers(0, 255, shape).astype(dtype)
    np.save(tmp_path / "stack.npy", data)
    (layer,) = opened(tmp_path / "stack.npy")
    assert layer.ndim == 3
    assert layer.rgb == (len(shape) == 4)
    from napari_gnn_vos.controller.axes import Axes
    from napari_gnn_vos.controller.layer_arrays import video_of

    video = video_of(layer.data, Axes(), layer.name, layer.metadata)
    np.testing.assert_array_equal(video.raw(1), data[1])


def test_folder_of_mixed_formats_is_rejected(opened, tmp_path):
    folder = write_frames(tmp_path / "mixed")
    (folder / "00002.png").rename(folder / "00002.jpg")
    with pytest.raises(ReadError, match="one format"):
        opened(folder)


@pytest.mark.parametrize("name", ["notes.txt", "empty"])
def test_other_paths_are_not_read(tmp_path, name):
    (tmp_path / "empty").mkdir()
    assert get_reader(str(tmp_path / name)) is None
    assert get_reader([str(tmp_path / "a.tif")]) is None


def test_the_composed_scene_opens():
    from napari_gnn_vos.gui.reader import composed_scene

    (frames, image, _), (truth, labels, _) = composed_scene()
    assert frames.shape == (*truth.shape, 3)
    assert (image["rgb"], labels["visible"]) == (True, False)


def test_the_cells_open():
    from napari_gnn_vos.gui.reader import cells

    (frames, image, _), (truth, labels, _) = cells()
    assert frames.shape == truth.shape
    assert (image["rgb"], labels["visible"]) == (False, False)
    low, high = image["contrast_limits"]
    assert low < np.median(frames) < high


def test_sixteen_bit_colours_are_converted_to_rgb():
    frames = np.random.default_rng(0).integers(0, 4000, (2, 16, 18, 3), np.uint16)
    video = Video.from_array(frames)
    data, options, _ = image_data(video)
    assert (data.dtype, options["rgb"]) == (np.uint8, True)
    np.testing.assert_array_equal(data[1], video.rgb(1))


@pytest.mark.parametrize("shape", [(3, 16, 18), (3, 1, 16, 18)])
def test_labels_are_saved(tmp_path, shape):
    import tifffile
    from PIL import Image

    from napari_gnn_vos.gui.writer import write_pngs, write_tiff

    labels = np.random.default_rng(0).integers(0, 3, shape).astype(np.uint8)
    frames = labels.reshape(3, 16, 18)
    path = str(tmp_path / "labels.tif")
    assert write_tiff(path, labels, {}) == [path]
    np.testing.assert_array_equal(tifffile.imread(path), frames)
    for name in ("first", "of 5.2 s"):
        path = str(tmp_path / name)
        assert write_tiff(path, labels, {}) == [f"{path}.tif"]
        np.testing.assert_array_equal(tifffile.imread(f"{path}.tif"), frames)
    folder = str(tmp_path / "masks")
    assert write_pngs(folder, labels, {}) == [folder]
    with Image.open(tmp_path / "masks" / "00002.png") as image:
        np.testing.assert_array_equal(np.asarray(image), frames[2])


def test_object_names_are_saved_as_categories(tmp_path):
    import json

    from napari.layers import Labels

    from napari_gnn_vos.gui.writer import write_coco

    labels = np.zeros((3, 16, 18), np.uint8)
    labels[:, 2:5, 2:5], labels[1:, 8:12, 2:5] = 1, 2
    layer, path = Labels(labels, name="segmentation"), str(tmp_path / "named.json")

    def category_names():
        data, attributes, _ = layer.as_layer_data_tuple()
        assert write_coco(path, data, attributes) == [path]
        contents = json.loads((tmp_path / "named.json").read_text())
        names = {
            category["id"]: category["name"] for category in contents["categories"]
        }
        return [
            names[annotation["category_id"]] for annotation in contents["annotations"]
        ]

    assert category_names() == ["object", "object"]
    layer.features = {"index": [1], "name": ["ball"]}
    assert category_names() == ["ball", "object"]


def test_saved_labels_open_as_labels_and_other_stacks_as_images(tmp_path, opened):
    import tifffile

    from napari_gnn_vos.gui.writer import write_tiff

    labels = np.random.default_rng(0).integers(0, 3, (4, 16, 18)).astype(np.uint8)
    table = {"index": [np.nan, 2.0, "all"], "name": ["?", "ball", "!"]}
    named = {"features": table}
    write_tiff(str(tmp_path / "strokes.tif"), labels, named)
    (layer,) = opened(tmp_path / "strokes.tif")
    assert (type(layer).__name__, layer.name) == ("Labels", "strokes")
    assert layer.features.to_numpy().tolist() == [[2, 2, "ball"]]
    np.testing.assert_array_equal(layer.data, labels)
    tifffile.imwrite(tmp_path / "cells.tif", labels, photometric="minisblack")
    (layer,) = opened(tmp_path / "cells.tif")
    assert type(layer).__name__ == "Image"


@pytest.mark.parametrize("shape", [(16,), (3, 2, 16, 18)])
def test_labels_of_other_axes_are_rejected(tmp_path, shape):
    from napari_gnn_vos.errors import ShapeError
    from napari_gnn_vos.gui.writer import write_tiff

    with pytest.raises(ShapeError, match="shape"):
        write_tiff(str(tmp_path / "labels.tif"), np.zeros(shape, int), {})


def test_notes_on_a_damaged_movie_are_layer_metadata():
    class NotedFrames(np.ndarray):
        notes = ("The first 3 frames are left out.",)

    frames = np.zeros((3, 20, 20), np.uint8).view(NotedFrames)
    _, options, _ = image_data(Video(frames))
    assert [*options["metadata"]["gnn-vos notes"]] == [*frames.notes]
    _, options, _ = image_data(Video(np.zeros((3, 20, 20), np.uint8)))
    assert not options["metadata"]["gnn-vos notes"]
