"""A single image is annotated as a video of one frame."""

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Labels
from PIL import Image

from napari_gnn_vos.controller.layer_metadata import (
    SEGMENTATION,
    VIDEO_KEY,
    frames_of,
)
from napari_gnn_vos.gui import reader, scripting
from napari_gnn_vos.gui.writer import write_labels, write_tiff
from napari_gnn_vos.io.export import import_labels

COLOUR = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
GREY = COLOUR[..., 0]


@pytest.fixture(params=["grey", "colour", "one frame"])
def work(request, toy_engine):
    viewer = ViewerModel()
    data = {"grey": GREY, "colour": COLOUR, "one frame": GREY[None]}[request.param]
    work = scripting.annotator(viewer)
    work.open(viewer.add_image(data, rgb=request.param == "colour"))
    return work


def expected_shape(work):
    return (1, 24, 32) if work.workspace.image.ndim == 3 else (24, 32)


def test_strokes_and_prediction_have_the_axes_of_the_image(work):
    assert work.workspace.video.shape == (1, 24, 32)
    strokes = work.workspace.strokes
    assert strokes.data.shape == expected_shape(work)
    strokes.data[..., 5:8, 9:14] = 1
    work.predict()
    layer = work.viewer.layers[SEGMENTATION]
    assert layer.data.shape == expected_shape(work)
    np.testing.assert_array_equal(np.asarray(layer.data)[..., 5:8, 9:14], 1)
    work.undo()
    assert work.state.rounds == 0


def test_lines_are_drawn_on_the_image(work):
    lines = work.workspace.lines
    points = np.array([[5.0, 6], [15, 20]])
    lines.add_paths([np.insert(points, 0, 0, 1) if lines.ndim == 3 else points])
    lines.features = {"label": [1]}
    (line,) = work.workspace.read().lines
    assert line.frame == 0
    np.testing.assert_array_equal(line.path, points)


def test_saved_labels_open_on_the_image(tmp_path, work):
    work.workspace.strokes.data[..., 5:8, 9:14] = 1
    work.predict()
    data, attributes, _ = work.viewer.layers[SEGMENTATION].as_layer_data_tuple()
    path = write_tiff(str(tmp_path / "a.tif"), data, attributes)[0]
    assert tifffile.imread(path).shape == (24, 32)
    labels, _, kind = reader.read(path)[0]
    assert kind == "labels"
    np.testing.assert_array_equal(labels, data)
    folder = write_labels("png", str(tmp_path / "masks"), data, attributes)[0]
    saved = import_labels(folder).frames[0]
    np.testing.assert_array_equal(saved, np.asarray(data).reshape(24, 32))


def test_labels_of_another_program_are_saved(tmp_path):
    layer = Labels(GREY // 64)
    data, attributes, _ = layer.as_layer_data_tuple()
    assert frames_of(data, attributes).shape == (1, 24, 32)
    write_tiff(str(tmp_path / "a.tif"), data, attributes)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), GREY // 64)


@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_file_of_one_image_opens_without_time(tmp_path, toy_engine, image):
    tifffile.imwrite(tmp_path / "a.tif", image)
    data, options, kind = reader.read(str(tmp_path / "a.tif"))[0]
    viewer = ViewerModel()
    layer = viewer.add_image(data, **options)
    assert (kind, layer.ndim, layer.rgb) == ("image", 2, image.ndim == 3)
    work = scripting.annotator(viewer)
    work.open(layer)
    assert work.workspace.video is options["metadata"][VIDEO_KEY][1]


def test_folder_of_one_image_is_read(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "0.png")
    assert reader.get_reader(str(tmp_path)) is not None
    (data, _, _), *_ = reader.read(str(tmp_path))
    np.testing.assert_array_equal(data, GREY)
