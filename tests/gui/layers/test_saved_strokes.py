"""Strokes that are saved and opened by the readers and writers of napari and ours."""

import numpy as np
import pytest
import tifffile
from napari.layers import Image, Labels
from napari.plugins import _initialize_plugins

from napari_gnn_vos.controller.palette import colour_of
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.reader import read, replace_images_of_labels
from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE
from tests.controller import fakes

T, H, W = fakes.SHAPE


@pytest.fixture(scope="module", autouse=True)
def plugins():
    """Register the readers and writers of napari and of installed plugins."""
    _initialize_plugins()


def open_video(annotator):
    image = annotator.viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    annotator.open(image)


@pytest.fixture
def annotator(viewer):
    return Annotator(viewer, fakes.controller())


@pytest.fixture
def saved(tmp_path):
    """Save strokes of two objects, the second one named, by the writer of a plugin."""

    def save(viewer, name, plugin):
        annotator = Annotator(viewer, fakes.controller())
        open_video(annotator)
        annotator.objects.rename(2, "ball")
        strokes = annotator.workspace.strokes
        strokes.data[1, 2, 2:5], strokes.data[0, 3, 3:6] = 2, BACKGROUND_VALUE
        viewer.layers.selection.active = strokes
        (path,) = viewer.layers.save(str(tmp_path / name), selected=True, plugin=plugin)
        annotator.close()
        viewer.layers.clear()
        return path, strokes.data

    return save


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("writer", "reader", "name"),
    [
        ("napari", "napari", "strokes.tif"),
        ("napari", "napari-gnn-vos", "strokes-2.tif"),
        ("napari-gnn-vos", "napari", "strokes.tif"),
        ("napari-gnn-vos", "napari-gnn-vos", "strokes-2.tif"),
    ],
)
def test_saved_strokes_are_strokes_in_any_order(
    viewer, annotator, saved, writer, name, reader, late
):
    path, drawn = saved(viewer, name, writer)
    if late:
        open_video(annotator)
    viewer.open(path, plugin=reader)
    replace_images_of_labels(viewer)
    if not late:
        open_video(annotator)
    strokes = annotator.workspace.strokes
    np.testing.assert_array_equal(strokes.data, drawn)
    assert strokes.data.dtype == np.uint8
    for value, label in ((2, 2), (BACKGROUND_VALUE, 0)):
        np.testing.assert_allclose(
            strokes.get_color(value), colour_of(label), atol=1e-6
        )
    named = writer == "napari-gnn-vos"
    assert annotator.active_label.name_of(2) == ("ball" if named else "Object 2")
    assert not [x for x in viewer.layers if isinstance(x, Image) and x.name != "toy"]
    annotator.predict()
    assert (viewer.layers["segmentation"].data[:, 2, 2] == 2).all()


def test_file_of_another_name_is_not_taken_for_strokes(viewer, annotator, tmp_path):
    open_video(annotator)
    for name in ("strokesmith", "masks"):
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, np.ones(fakes.SHAPE, np.uint32))
        viewer.open(path, plugin="napari-gnn-vos")
        assert isinstance(viewer.layers[name], Labels)
    assert not annotator.workspace.strokes.data.any()


@pytest.mark.parametrize("dtype", [np.int32, np.uint64])
@pytest.mark.parametrize("shape", [(H, W), fakes.SHAPE, (T, 1, H, W)])
def test_tiff_of_wide_integers_is_read_as_labels(tmp_path, dtype, shape):
    labels = np.zeros(shape, dtype)
    labels[..., 3, 4] = 70_000
    tifffile.imwrite(tmp_path / "masks.tif", labels)
    ((data, options, kind),) = read(str(tmp_path / "masks.tif"))
    assert (kind, options["name"]) == ("labels", "masks")
    np.testing.assert_array_equal(data, labels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_of_a_video_is_read_as_an_image(tmp_path, dtype):
    frames = np.random.default_rng(0).integers(0, 200, (6, 40, 50)).astype(dtype)
    tifffile.imwrite(tmp_path / "clip.tif", frames)
    ((_, _, kind),) = read(str(tmp_path / "clip.tif"))
    assert kind == "image"
