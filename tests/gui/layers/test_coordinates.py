"""Layers with other units, transforms and axes than those of the video."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_gnn_vos.controller.layer_metadata import SOURCE_KEY
from napari_gnn_vos.errors import ScribbleError, VideoError
from napari_gnn_vos.gui import reader, writer
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.layer_data import are_units
from napari_gnn_vos.gui.layers.coordinates import axes_of, pixels_to_viewer
from tests.controller import fakes
from tests.gui.test_writer import add_video, transform

T, H, W = 5, 20, 30
LARGE = {"scale": (1, 2, 0.5, 0.5), "units": ("s", "um", "um", "um")}
SMALL = {"scale": (1000, 2000, 500, 500), "units": ("ms", "nm", "nm", "nm")}
KINDS = ["plain", "scale", "rotate", "shear", "affine"]


def annotate(viewer, image):
    annotator = Annotator(viewer, fakes.controller())
    annotator.open(image)
    return annotator


@pytest.mark.parametrize("options", [(LARGE, SMALL), (SMALL, LARGE), (LARGE, LARGE)])
@pytest.mark.parametrize("other_first", [False, True])
def test_sliders_and_cursor_have_the_units_of_the_viewer(options, other_first):
    viewer = ViewerModel()
    other = np.zeros((5, 4, 20, 30), np.uint8)
    if other_first:
        viewer.add_image(other, **options[1])
    image = add_video(viewer, **options[0])
    if not other_first:
        viewer.add_image(other, **options[1])
    viewer.dims.set_point(range(4), 1000.0 * np.array([2, 3 * 2, 0, 0]))
    if options == (LARGE, LARGE):
        viewer.dims.set_point(range(4), [2, 3 * 2, 0, 0])
    annotator = annotate(viewer, image)
    assert annotator.workspace.axes.fixed == ((1, 3),)
    assert annotator.workspace.frame == 2
    assert annotator.workspace.slice_tracker.on_video
    annotator.go_to(4)
    assert annotator.workspace.frame == 4
    assert viewer.dims.point[0] == (4 if options == (LARGE, LARGE) else 4000)
    cursor = pixels_to_viewer(image, viewer, (4, 3, 5, 7))
    assert annotator.workspace.pixel_at(cursor) == (5, 7)


def test_units_of_a_layer_are_saved(tmp_path):
    viewer = ViewerModel()
    image = add_video(viewer, **LARGE)
    annotator = annotate(viewer, image)
    data, attributes, _ = annotator.workspace.strokes.as_layer_data_tuple()
    path = str(tmp_path / "strokes.tif")
    writer.write_tiff(path, data, attributes)
    ((data, options, _),) = reader.read(path)
    assert Labels(data, **options).units == image.units


@pytest.mark.parametrize("units", [(), ("s",), ("no unit",) * 3, ("", "1/0", "(")])
def test_unknown_units_of_a_file_are_ignored(units):
    assert not are_units(units, 3)
    assert are_units(("second", "micrometer", "pixel"), 3)


def test_named_rows_and_columns_have_priority_at_first():
    viewer = ViewerModel()
    image = add_video(viewer, "tyxz")
    axes = axes_of(image, viewer)
    assert (axes.time, axes.row, axes.col, axes.fixed) == (0, 1, 2, ((3, 2),))
    viewer.dims.order = (0, 3, 2, 1)
    axes = axes_of(image, viewer)
    assert (axes.row, axes.col) == (1, 2)
    viewer.dims.order = (0, 2, 1, 3)
    axes = axes_of(image, viewer)
    assert (axes.row, axes.col) == (1, 3)


def test_names_of_sliders_are_used_where_a_layer_has_none():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((H, W, 3, T), np.uint8))
    viewer.dims.order = (2, 3, 0, 1)
    with pytest.raises(VideoError, match="Type t"):
        axes_of(image, viewer)
    viewer.dims.set_axis_label(3, "t")
    axes = axes_of(image, viewer)
    assert (axes.time, axes.row, axes.col, axes.fixed) == (3, 0, 1, ((2, 1),))


def test_names_of_other_layers_are_not_those_of_a_layer_without_names():
    viewer = ViewerModel()
    names = {"axis_labels": ("t", "y", "x")}
    viewer.add_labels(np.zeros((4, H, W), np.uint8), **names)
    image = viewer.add_image(np.zeros((T, 4, H, W), np.uint8))
    axes = axes_of(image, viewer)
    assert (axes.time, axes.row, axes.col) == (0, 2, 3)


@pytest.mark.parametrize("scale", [1, 3])
def test_lines_of_the_user_stay_where_they_were_drawn(scale):
    viewer = ViewerModel()
    options = {"scale": (1, 0.5, 0.5), "translate": (0, 10, 20)}
    image = viewer.add_image(np.zeros((T, H, W), np.uint8), **options)
    drawn = np.array([[2.0, 4, 6], [2, 8, 12]])
    world = np.array([image.data_to_world(point) for point in drawn])
    layer = viewer.add_shapes(
        world / [1, scale, scale],
        shape_type="path",
        scale=(1, scale, scale),
        features={"label": [7]},
        name="lines",
    )
    annotator = annotate(viewer, image)
    (line,) = annotator.workspace.read().lines
    assert (line.frame, line.label) == (2, 7)
    np.testing.assert_allclose(line.path, drawn[:, 1:], rtol=1e-5)
    assert annotator.workspace.lines is layer
    assert SOURCE_KEY in layer.metadata
    np.testing.assert_allclose(
        layer.data_to_world(layer.data[0][1]), world[1], rtol=1e-5
    )


def test_strokes_of_a_file_are_adopted_once():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((T, H, W), np.uint8))
    layer = viewer.add_labels(np.zeros((T, H, W), np.uint8), name="strokes")
    annotator = annotate(viewer, image)
    assert annotator.workspace.strokes is layer
    assert SOURCE_KEY in layer.metadata
    layer.brush_size = 12
    assert annotator.workspace.strokes.brush_size == 12


SQUARE = np.array([[4, 6], [4, 12], [9, 12], [9, 6]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ndim", [3, 4])
def test_shapes_are_used_on_the_labelled_slice(kind, ndim):
    viewer = ViewerModel()
    image = add_video(viewer, **transform(kind))
    viewer.dims.set_point(range(4), image.data_to_world((1, 3, 8, 9)))
    annotator = annotate(viewer, image)
    annotator.go_to(1)
    fixed = annotator.workspace.axes.fixed[0][1]
    pixels = np.insert(np.insert(SQUARE, 0, fixed, axis=1), 0, 1, axis=1)
    world = np.array([image.data_to_world(point) for point in pixels])
    layer = viewer.add_shapes([world[:, -ndim:]], shape_type="polygon")
    annotator.imports.use_shapes(layer, 2)
    stack = annotator.workspace.axes.to_stack(annotator.workspace.strokes.data)
    expected = np.zeros((T, H, W))
    expected[1, 4:10, 6:13] = 2
    np.testing.assert_array_equal(stack, expected)


def test_shapes_of_other_slices_are_skipped():
    viewer = ViewerModel()
    annotator = annotate(viewer, add_video(viewer))
    assert annotator.workspace.axes.fixed == ((1, 2),)
    pixels = np.insert(np.insert(SQUARE, 0, 3, axis=1), 0, 1, axis=1)
    with pytest.raises(ScribbleError, match="nothing on a frame"):
        annotator.imports.use_shapes(viewer.add_shapes([pixels]), 2)


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        ("tzyx", (5, 4, 20, 30)),
        ("tzyx", (5, 1, 20, 30)),
        ("tzyx", (5, 20, 30)),
        ("yxt", (5, 20, 30)),
        ("txy", (5, 30, 20)),
    ],
)
def test_labels_of_the_volume_or_of_its_slice_are_used(names, shape):
    viewer = ViewerModel()
    annotator = annotate(viewer, add_video(viewer, names))
    labels = np.zeros(shape, np.int32)
    slice_of_labels = labels[:, min(2, shape[1] - 1)] if len(shape) == 4 else labels
    if shape == (5, 30, 20):
        slice_of_labels = labels.swapaxes(1, 2)
    slice_of_labels[3, 2:6, 4:12] = 7
    annotator.imports.use_labels(viewer.add_labels(labels))
    assert annotator.state.accepted == (3,)
    annotator.predict()
    stack = annotator.workspace.axes.to_stack(annotator.workspace.prediction.data)
    expected = np.zeros((H, W))
    expected[2:6, 4:12] = 7
    np.testing.assert_array_equal(stack[3], expected)


def test_overlay_shows_the_labelled_slice(tmp_path, monkeypatch):
    viewer = ViewerModel()
    image = add_video(viewer)
    image.data[:, 2] = np.arange(30)  # other slices are black
    annotator = annotate(viewer, image)
    written = []
    monkeypatch.setattr(
        "napari_gnn_vos.io.export.export_labels",
        lambda labels, *_: written.append(labels.image(1)),
    )
    layers = [image, annotator.workspace.strokes]
    writer.write_overlay(
        str(tmp_path / "a.mp4"), [layer.as_layer_data_tuple() for layer in layers]
    )
    np.testing.assert_array_equal(written[0], annotator.workspace.video.rgb(1))
    assert written[0].std() > 0
