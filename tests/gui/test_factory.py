import numpy as np
import pytest

from napari_gnn_vos.controller.palette import (
    colour_of,
    default_colours,
    prediction_colours,
    stroke_colours,
)
from napari_gnn_vos.gui.layers.factory import ObjectColormap


def test_default_colours_are_those_of_each_label():
    labels = [*range(300), 5000, 32_767]
    expected = [colour_of(label) for label in labels]
    np.testing.assert_allclose(default_colours()[labels], expected, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_values_of_all_types_have_the_colours_of_the_table(dtype):
    red = (1.0, 0.0, 0.0, 1.0)
    colormap = ObjectColormap(color_dict=prediction_colours({7: red}, {9}))
    colours = colormap.map(np.array([[0, 7], [9, 200]], dtype))
    np.testing.assert_allclose(colours[0], [(0, 0, 0, 0), red])
    np.testing.assert_allclose(colours[1, 0], (*colour_of(9)[:3], 0), atol=1e-6)
    np.testing.assert_allclose(colours[1, 1], colour_of(200), atol=1e-6)
    np.testing.assert_allclose(colormap.map(200), colour_of(200), atol=1e-6)


def test_strokes_have_colours_of_background_and_of_object_255():
    red = (1.0, 0.0, 0.0, 1.0)
    colours = ObjectColormap(color_dict=stroke_colours({255: red}))
    values = np.array([0, 255, 32_768, 300], np.uint16)
    expected = [(0, 0, 0, 0), colour_of(0), red, colour_of(300)]
    np.testing.assert_allclose(colours.map(values), expected, atol=1e-6)
    plain = ObjectColormap(color_dict=stroke_colours())
    np.testing.assert_allclose(plain.map(32_768), colour_of(255), atol=1e-6)


def test_values_outside_of_the_labels_are_transparent():
    colormap = ObjectColormap(color_dict=prediction_colours())
    assert not colormap.map(np.array([-1, 40_000], np.int64)).any()
    colormap.use_selection, colormap.selection = True, 2
    assert not colormap.map(np.array([1], np.uint16)).any()
    assert colormap.map(np.array([2], np.uint16)).any()
