"""Labels are saved as frames, and open again where they were."""

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.gui import layers, reader
from napari_gnn_vos.gui import writer as gui_writer
from napari_gnn_vos.gui.layers.coordinates import axes_of
from napari_gnn_vos.gui.layers.label_layers import prediction_layer
from napari_gnn_vos.gui.layers.layer_finder import LayerFinder
from napari_gnn_vos.gui.layers.workspace import Workspace
from napari_gnn_vos.gui.writer import write_tiff
from napari_gnn_vos.io.export import import_labels

STACK = np.random.default_rng(0).integers(0, 3, (5, 20, 30)).astype(np.uint8)
LENGTHS = {"t": 5, "z": 4, "c": 3, "y": 20, "x": 30}
ROTATION = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])


def transform(kind):
    """Return transforms of a layer (t, z, y, x)."""
    matrix = np.eye(4)
    if kind == "rotate":
        matrix[1:3, 1:3] = ROTATION
    if kind == "shear":
        matrix[2, 1] = 0.7
    affine = np.eye(5)
    affine[2, 1], affine[1, 1], affine[1, 4] = 0.5, 3, 11
    position = {"scale": (1, 5, 0.5, 0.5), "translate": (0, 10, 7, 3)}
    return {
        "plain": {},
        "scale": position,
        "rotate": {"rotate": matrix, **position},
        "shear": {"shear": matrix, **position},
        "affine": {"affine": affine, **position},
    }[kind]


def add_video(viewer, names="tzyx", **options):
    data = np.zeros([LENGTHS[name] for name in names], np.uint8)
    image = viewer.add_image(data, axis_labels=tuple(names), **options)
    viewer.dims.set_point(range(len(names)), [2.0] * len(names))
    return image


@pytest.mark.parametrize("names", ["tyx", "tzyx", "ztyx", "cztyx", "yxt", "yxzt"])
def test_labels_of_any_axis_order_are_saved_as_frames(tmp_path, names):
    viewer = ViewerModel()
    image = add_video(viewer, names)
    axes = axes_of(image, viewer)
    layer = prediction_layer(image, axes, axes.to_layer(STACK))
    path = str(tmp_path / "labels.tif")
    data, attributes, _ = layer.as_layer_data_tuple()
    for known in (attributes, {}):
        write_tiff(path, data, known)
        np.testing.assert_array_equal(tifffile.imread(path), STACK)


def test_full_resolution_of_multiscale_labels_is_saved(tmp_path):
    layer = Labels([STACK, STACK[:, ::2, ::2]], name="levels", multiscale=True)
    data, attributes, _ = layer.as_layer_data_tuple()
    write_tiff(str(tmp_path / "levels.tif"), data, attributes)
    gui_writer.write_pngs(str(tmp_path / "masks"), data, attributes)
    for path in ("levels.tif", "masks"):
        read = import_labels(tmp_path / path)
        np.testing.assert_array_equal(np.stack(list(read.frames)), STACK)


@pytest.mark.parametrize("kind", ["plain", "scale", "rotate", "shear", "affine"])
def test_layers_lie_on_the_labelled_slice(kind):
    viewer = ViewerModel()
    image = add_video(viewer, **transform(kind))
    viewer.dims.set_point(range(4), image.data_to_world((1, 3, 8, 9)))
    axes = axes_of(image, viewer)
    assert axes.fixed == ((1, 3),)
    layer = prediction_layer(image, axes, axes.to_layer(STACK))
    np.testing.assert_allclose(
        layer.data_to_world((1, 0, 8, 9)), image.data_to_world((1, 3, 8, 9))
    )
    shape = axes.to_layer(STACK).shape
    viewer.add_layer(layer)
    assert LayerFinder(viewer, image, axes, shape).prediction is layer


@pytest.mark.parametrize("kind", ["plain", "scale", "rotate", "shear", "affine"])
def test_saved_labels_open_in_place(tmp_path, kind):
    viewer = ViewerModel()
    image = add_video(viewer, **transform(kind))
    axes = axes_of(image, viewer)
    layer = prediction_layer(image, axes, axes.to_layer(STACK))
    data, attributes, _ = layer.as_layer_data_tuple()
    path = str(tmp_path / "labels.tif")
    write_tiff(path, data, attributes)
    ((data, options, _),) = reader.read(path)
    opened = Labels(data, **options)
    assert opened.axis_labels == layer.axis_labels
    np.testing.assert_array_equal(opened.data, layer.data)
    for point in np.eye(4):
        np.testing.assert_allclose(
            opened.data_to_world(point), layer.data_to_world(point)
        )


@pytest.mark.parametrize("content", ["[]", "{", '{"placement": {"time": 99}}'])
def test_labels_with_a_damaged_description_open_as_an_image(tmp_path, content):
    path = str(tmp_path / "labels.tif")
    write_tiff(path, STACK, {})
    marker = "labels, a page a frame; napari-gnn-vos"
    tifffile.imwrite(
        path,
        STACK,
        description=f"{marker}\n{content}",
        metadata=None,
        photometric="minisblack",
    )
    ((_, _, kind),) = reader.read(path)
    assert kind == "image"


def test_axes_without_names_are_those_that_the_viewer_shows():
    viewer = ViewerModel()
    data = np.random.default_rng(1).integers(0, 255, (20, 30, 5), np.uint8)
    image = viewer.add_image(data)
    viewer.dims.order = (2, 0, 1)
    workspace = Workspace(viewer, image)
    assert workspace.video.shape == (5, 20, 30)
    np.testing.assert_array_equal(workspace.video.raw(3), data[..., 3])


def test_viewer_shows_rows_and_columns_of_a_video_with_time_last():
    viewer = ViewerModel()
    image = add_video(viewer, "yxt")
    workspace = Workspace(viewer, image)
    workspace.bring_to_front()
    assert viewer.dims.displayed == (0, 1)
    assert workspace.video.shape == (5, 20, 30)
    assert workspace.strokes.data.shape == (20, 30, 5)


def test_rows_and_columns_are_found_by_name():
    viewer = ViewerModel()
    data = np.random.default_rng(1).integers(0, 255, (5, 30, 20), np.uint8)
    image = viewer.add_image(data, axis_labels=("t", "x", "y"))
    video = Workspace(viewer, image).video
    assert video.shape == (5, 20, 30)
    np.testing.assert_array_equal(video.raw(3), data[3].T)


@pytest.mark.filterwarnings("default::DeprecationWarning")
@pytest.mark.parametrize(
    "name", ["answer_layer", "axes_of", "strokes_layer", "lines_layer", "placement"]
)
def test_functions_of_version_0_1_are_deprecated(name):
    with pytest.warns(DeprecationWarning, match=f"gui.layers.{name}"):
        assert callable(getattr(layers, name))


@pytest.mark.filterwarnings("default::DeprecationWarning")
def test_axes_of_version_0_1_are_deprecated():
    with pytest.warns(DeprecationWarning, match=r"controller\.axes"):
        from napari_gnn_vos.gui import axes
    assert axes.Axes is Axes


FORMATS = {
    "png": ("write_pngs", "masks"),
    "ctc": ("write_cell_tracking", "01_RES"),
    "ome-tiff": ("write_ome_tiff", "a.ome.tif"),
    "ome-zarr": ("write_ome_zarr", "a.zarr"),
    "coco": ("write_coco", "a.json"),
    "label-studio": ("write_label_studio", "a.json"),
    "cvat-images": ("write_cvat_images", "a.xml"),
    "cvat-video": ("write_cvat_video", "a.xml"),
    "mask-video": ("write_mask_video", "a.mkv"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_names_and_colours_of_a_layer_are_saved(tmp_path, name):
    writer, file = FORMATS[name]
    colours = {None: "transparent", 0: "transparent", 1: "#ff0001", 2: "#00ff02"}
    layer = Labels(STACK, features={"index": [1, 2], "name": ["cell", "bud"]})
    layer.colormap = DirectLabelColormap(color_dict=colours)
    data, attributes, _ = layer.as_layer_data_tuple()
    path = str(tmp_path / file)
    assert getattr(gui_writer, writer)(path, data, attributes) == [path]
    labels = import_labels(path)
    np.testing.assert_array_equal(np.stack([*labels.frames]), STACK)
    assert labels.names == {1: "cell", 2: "bud"}
    assert labels.colours == {1: (255, 0, 1), 2: (0, 255, 2)}
    if file.endswith((".json", ".xml")):
        ((opened, options, kind),) = reader.get_reader(path)(path)
        assert kind == "labels"
        layer = Labels(opened, **options)
        np.testing.assert_array_equal(layer.data[2], STACK[2])
        np.testing.assert_allclose(layer.colormap.map(2), [0, 1, 2 / 255, 1])


def test_names_without_suffix_get_that_of_the_format(tmp_path):
    path = str(tmp_path / "table")
    assert gui_writer.write_csv(path, STACK, {}) == [f"{path}.csv"]
    assert (tmp_path / "table.csv").read_text().startswith("frame,label,name,colour")
