"""The real window with mouse events and the real engine; needs a screen or Xvfb."""

from functools import partial

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_gnn_vos.gui.layers.factory import SEGMENTATION, STROKES
from napari_gnn_vos.gui.reader import image_data
from napari_gnn_vos.io.photo_scenes import compose_scene
from tests.gui import fakes

pytestmark = pytest.mark.gui


@pytest.fixture
def window(make_napari_viewer, qtbot, real_engine):
    """A window with the widget and a tiny scene; its viewer, widget and truth."""
    viewer = make_napari_viewer(show=True)
    video, truth = compose_scene(frames=4, shape=(64, 96), objects=1)
    data, options, _ = image_data(video)
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    viewer.add_image(data, **options)
    viewer.dims.set_current_step(0, 0)
    qtbot.waitUntil(lambda: STROKES in viewer.layers, timeout=60_000)
    qtbot.wait(200)
    return viewer, dock, truth


def drag(qtbot, viewer, points):
    """Draw with the left button through (row, col) points of the frame."""
    canvas = viewer.window._qt_viewer.canvas
    canvas_points = [
        canvas.view.scene.transform.map([col, row])[:2] for row, col in points
    ]
    first, *positions = (QPoint(round(x), round(y)) for x, y in canvas_points)
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas.native, button, keys, first)
    for position in positions:
        QTest.mouseMove(canvas.native, position)
        qtbot.wait(20)
    QTest.mouseRelease(canvas.native, button, keys, positions[-1])


def inside(mask):
    """Three points on a line within a mask, (3, 2)."""
    rows, cols = np.nonzero(mask)
    middle = np.abs(rows - np.median(rows)) < 1
    row, span = np.median(rows), cols[middle]
    return [(row, np.quantile(span, q)) for q in (0.3, 0.5, 0.7)]


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def idle(dock):
    return not dock.annotator.controller.jobs.busy


def test_mouse_stroke_and_predict_button_label_the_video(qtbot, window):
    viewer, dock, truth = window
    drag(qtbot, viewer, inside(truth[0] == 1))
    assert np.unique(viewer.layers[STROKES].data[0]).tolist() == [0, 1]
    assert not viewer.layers[STROKES].data[1:].any()
    click(qtbot, dock.prediction.predict)
    qtbot.waitUntil(partial(idle, dock), timeout=120_000)
    assert dock.status.message.text().startswith("4 frames labelled in ")
    prediction = viewer.layers[SEGMENTATION].data == 1
    for t in range(4):
        overlap = (prediction[t] & (truth[t] == 1)).sum() / (
            prediction[t] | truth[t]
        ).sum()
        assert overlap > 0.3, t
    click(qtbot, dock.prediction.undo)
    assert SEGMENTATION not in viewer.layers
    assert not viewer.layers[STROKES].data.any()


def test_window_closes_during_a_job(qtbot, window):
    viewer, dock, _ = window
    dock.annotator.controller._rounds._prepare = fakes.endless
    controller = dock.annotator.controller
    click(qtbot, dock.video.prepare)
    qtbot.waitUntil(lambda: dock.status.bar.format().startswith("Forever"))
    viewer.close()
    qtbot.waitUntil(lambda: not controller.jobs.busy, timeout=10_000)


def test_closed_dock_releases_its_keys(qtbot, window):
    viewer, dock, _ = window
    dock.annotator.controller._rounds._prepare = fakes.endless
    click(qtbot, dock.video.prepare)
    qtbot.waitUntil(lambda: dock.status.bar.format().startswith("Forever"))
    assert viewer.keymap
    viewer.window.remove_dock_widget(dock)
    assert not viewer.keymap
    qtbot.waitUntil(lambda: not dock.annotator.controller.jobs.busy)
    viewer.layers.clear()


def test_mouse_paints_nothing_outside_the_video(qtbot, make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    image = viewer.add_image(np.zeros((4, 2, 64, 96), np.uint8))
    dock.annotator.open(image)
    strokes = dock.annotator.workspace.strokes
    here = int(viewer.dims.current_step[1])
    viewer.dims.set_current_step(1, 1 - here)
    qtbot.wait(200)
    points = [(20, 20), (20, 40), (20, 60)]
    drag(qtbot, viewer, points)
    assert not strokes.data.any()
    viewer.reset_view()
    viewer.dims.set_current_step(1, here)
    qtbot.wait(200)
    drag(qtbot, viewer, points)
    assert strokes.data.any()


def test_click_on_the_active_label_selects_the_brush_again(qtbot, window):
    viewer, dock, truth = window
    viewer.layers.selection.active = viewer.layers[0]  # the video
    objects = dock.drawing.objects
    row = objects.visualItemRect(objects.item(1)).center()
    assert objects.currentRow() == 1
    qtbot.mouseClick(objects.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert viewer.layers.selection.active is viewer.layers[STROKES]
    drag(qtbot, viewer, inside(truth[0] == 1))
    assert viewer.layers[STROKES].data[0].any()
