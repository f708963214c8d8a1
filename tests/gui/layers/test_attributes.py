import napari
import numpy as np
import pytest
import tifffile
from napari.layers import Labels

from napari_gnn_vos.controller.palette import (
    colour_of,
    default_colours,
    prediction_colours,
    stroke_colours,
)
from napari_gnn_vos.gui.layers.attributes import labels_options, object_colormap

RED = (1.0, 0.0, 0.0, 1.0)


def test_default_colours_are_those_of_each_label():
    labels = [*range(300), 5000, 32_767]
    expected = [colour_of(label) for label in labels]
    np.testing.assert_allclose(default_colours()[labels], expected, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
def test_values_of_all_types_have_the_colours_of_the_table(dtype):
    colormap = object_colormap(prediction_colours({7: RED}, {9}))
    colours = colormap.map(np.array([[0, 7], [9, 200]], dtype))
    np.testing.assert_allclose(colours[0], [(0, 0, 0, 0), RED])
    np.testing.assert_allclose(colours[1, 0], (*colour_of(9)[:3], 0), atol=1e-6)
    np.testing.assert_allclose(colours[1, 1], colour_of(200), atol=1e-6)
    np.testing.assert_allclose(colormap.map(200), colour_of(200), atol=1e-6)


def test_strokes_have_colours_of_background_and_of_object_255():
    colours = object_colormap(stroke_colours({255: RED}))
    values = np.array([0, 255, 32_768, 300], np.uint16)
    expected = [(0, 0, 0, 0), colour_of(0), RED, colour_of(300)]
    np.testing.assert_allclose(colours.map(values), expected, atol=1e-6)
    plain = object_colormap(stroke_colours())
    np.testing.assert_allclose(plain.map(32_768), colour_of(255), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_only_the_selected_label_is_shown_on_request(dtype):
    colormap = object_colormap(prediction_colours())
    colormap.use_selection, colormap.selection = True, 2
    colours = colormap.map(np.array([1, 2], dtype))
    np.testing.assert_allclose(colours, [(0, 0, 0, 0), colour_of(2)], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
def test_window_draws_labels_of_every_type_in_the_colours_of_the_palette(
    make_napari_viewer, tmp_path, dtype
):
    """Compare the canvas: napari draws labels by a texture, not by `map`."""
    labels = np.zeros((2, 40, 40), dtype)
    labels[:, :20, :20], labels[:, :20, 20:] = 3, 200
    labels[:, 20:, :20] = 3000 if labels.itemsize > 1 else 130
    path = tmp_path / "labels.tif"
    if dtype is not np.int64:
        tifffile.imwrite(path, labels)
        labels = tifffile.imread(path)
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(Labels(labels, **labels_options("labels") | {"opacity": 1.0}))
    drawn = _drawn_quadrants(viewer)
    expected = [colour_of(int(label)) for label in (3, 200, labels[0, 30, 0])]
    np.testing.assert_allclose(drawn[:3] / 255, np.array(expected)[:, :3], atol=0.02)
    assert drawn[3].max() == 0


def _drawn_quadrants(viewer: napari.Viewer) -> np.ndarray:
    """Return the colours in the middle of the quadrants of the canvas, (4, 3)."""
    viewer.theme = "dark"
    canvas = viewer.window._qt_viewer.canvas
    canvas.background_color_override = "black"
    viewer.reset_view()
    picture = viewer.screenshot(canvas_only=True, flash=False)
    height, width = picture.shape[:2]
    step = min(height, width) // 8
    rows = (height // 2 - step, height // 2 + step)
    columns = (width // 2 - step, width // 2 + step)
    return np.array([picture[r, c, :3] for r in rows for c in columns], int)
