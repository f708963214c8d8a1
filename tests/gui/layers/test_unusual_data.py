"""Microscopy and unusual data in the real window, painted by the mouse."""

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_gnn_vos import annotator
from napari_gnn_vos.controller.layer_metadata import SEGMENTATION
from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.gui.tools.channels import mix_channels
from tests.gui.mouse import drag

pytestmark = pytest.mark.gui
SHAPE = (4, 40, 60)
RNG = np.random.default_rng(0)
BRIGHTER = np.array([1, 1, 1, 8])[:, None, None]  # the last frame, for display ranges


def with_nan():
    values = RNG.random(SHAPE).astype(np.float32)
    values[1, 3:9] = np.nan
    return values


SIXTEEN_BIT = (RNG.integers(0, 4000, SHAPE) * BRIGHTER).astype(np.uint16)
LAYERS = {
    "16 bit": (SIXTEEN_BIT, {}),
    "float with NaN": (with_nan(), {}),
    "signed": (SIXTEEN_BIT.astype(np.int32) - 2000, {}),
    "channels on a slider": (
        RNG.integers(0, 255, (4, 2, 40, 60)).astype(np.uint8),
        {"axis_labels": ("t", "c", "y", "x")},
    ),
    "volume over time": (RNG.integers(0, 255, (4, 3, 40, 60)).astype(np.uint8), {}),
    "multiscale": ([SIXTEEN_BIT, SIXTEEN_BIT[:, ::2, ::2]], {"multiscale": True}),
    "4K": (np.zeros((2, 2160, 3840, 3), np.uint8), {"rgb": True}),
}


@pytest.fixture
def window(make_napari_viewer, toy_engine):
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    _ = dock.content
    return viewer, dock


@pytest.mark.parametrize("kind", LAYERS)
def test_strokes_and_prediction_by_the_mouse(qtbot, window, kind):
    viewer, dock = window
    data, options = LAYERS[kind]
    image = viewer.add_image(data, **options)
    dock.annotator.open(image)
    viewer.reset_view()
    qtbot.wait(200)
    _, height, width = dock.annotator.workspace.video.shape
    row = height / 2
    drag(qtbot, viewer, [(row, width * share) for share in (0.3, 0.5, 0.7)])
    strokes = dock.annotator.workspace.strokes
    assert np.count_nonzero(strokes.data) > 10
    qtbot.mouseClick(dock.prediction.predict, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dock.annotator.state.rounds == 1, timeout=60_000)
    labels = np.asarray(viewer.layers[SEGMENTATION].data)
    assert (labels == 1).any(axis=(-1, -2)).all()
    notes = dock.annotator.workspace.video.notes
    assert any("NaN" in note for note in notes) == (kind == "float with NaN")


@pytest.mark.parametrize("kind", ["16 bit", "float with NaN", "multiscale"])
def test_display_range_is_that_of_the_whole_video(kind):
    viewer = ViewerModel()
    data, options = LAYERS[kind]
    work = annotator(viewer)
    work.open(viewer.add_image(data, **options))
    video = work.workspace.video
    full = np.asarray(data[0] if options.get("multiscale") else data, float)
    low, high = video.limits
    for t in range(len(full)):
        expected = 255 * (np.nan_to_num(full[t]) - low) / (high - low)
        error = video.rgb(t)[..., 0] - np.clip(expected, 0, 255)
        assert np.abs(error[np.isfinite(full[t])]).max() <= 1


def test_mixed_channels_look_as_displayed():
    viewer = ViewerModel()
    red, green = np.zeros(SHAPE, np.uint16), np.zeros(SHAPE, np.float32)
    red[:, :20], green[2, :, 30:] = 1000, 0.5
    options = {"contrast_limits": (0, 2000), "colormap": "red", "name": "membrane"}
    viewer.add_image(red, scale=(1, 2, 2), **options)
    options = {"contrast_limits": (0, 1), "colormap": "green", "name": "nuclei"}
    viewer.add_image(green, scale=(1, 2, 2), **options)
    work = annotator(viewer)
    image = work.imports.mix_channels()
    assert image.name == "membrane + nuclei"
    assert image.scale.tolist() == [1, 2, 2]
    assert work.workspace.image is image
    assert not viewer.layers["membrane"].visible
    assert np.abs(image.data[2][5, 45].astype(int) - [128, 128, 0]).max() <= 2
    assert np.abs(image.data[0][5, 45].astype(int) - [128, 0, 0]).max() <= 2
    np.testing.assert_array_equal(work.workspace.video.rgb(2), image.data[2])


def test_layers_of_other_shapes_are_no_channels():
    viewer = ViewerModel()
    viewer.add_image(np.zeros(SHAPE))
    with pytest.raises(VideoError, match="two or more"):
        mix_channels(viewer)
    viewer.add_image(np.zeros((4, 30, 30)))
    with pytest.raises(VideoError, match="two or more"):
        mix_channels(viewer)
