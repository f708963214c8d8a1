"""The real window with mouse events and the real engine; needs a screen or Xvfb."""

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QMessageBox, QWidget

from napari_gnn_vos.controller import fine_tuning
from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.gui import fine_tuning_dock
from napari_gnn_vos.gui.widgets.timeline import Timeline
from napari_gnn_vos.model import named_models
from napari_gnn_vos.study.fine_tuning import fine_tune, fine_tune_settings
from tests.controller import fakes
from tests.gui.mouse import canvas_point, click, drag, idle, inside, predict
from tests.study.fine_tuning.videos import SHORT

pytestmark = pytest.mark.gui
ALONE = "NAPARI_GNN_VOS_TEST_ALONE"
"""Environment variable of the process of a single test."""


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
    dock.annotator.controller.rounds._prepare = fakes.endless
    controller = dock.annotator.controller
    click(qtbot, dock.video.prepare)
    qtbot.waitUntil(lambda: dock.status.bar.format().startswith("Forever"))
    viewer.close()
    qtbot.waitUntil(lambda: not controller.jobs.busy, timeout=10_000)


def test_closed_dock_releases_its_keys(qtbot, window):
    viewer, dock, _ = window
    dock.annotator.controller.rounds._prepare = fakes.endless
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


def test_mouse_on_the_prediction_draws_strokes_and_key_accepts_the_frame(qtbot, window):
    viewer, dock, truth = window
    drag(qtbot, viewer, inside(truth[0] == 1))
    predict(qtbot, dock)
    segmentation, strokes = viewer.layers[SEGMENTATION], viewer.layers[STROKES]
    viewer.layers.selection.active = segmentation
    segmentation.mode = "erase"
    viewer.dims.set_current_step(0, 2)
    qtbot.wait(100)
    assert not dock.drawing.brush.isChecked()
    drag(qtbot, viewer, inside(segmentation.data[2] == 1))
    erased = strokes.data[2] == 255
    assert erased.any()
    assert not segmentation.data[2][erased].any()
    accepted = segmentation.data[2].copy()
    qtbot.keyClick(viewer.window._qt_viewer.canvas.native, Qt.Key.Key_A)
    assert dock.prediction.accept.text() == "Release frame (1 accepted)"
    viewer.dims.set_current_step(0, 0)
    assert dock.prediction.accept.text() == "Accept frame (1 accepted)"
    viewer.dims.set_current_step(0, 2)
    predict(qtbot, dock)
    np.testing.assert_array_equal(segmentation.data[2], accepted)
    click(qtbot, dock.prediction.undo)
    click(qtbot, dock.prediction.undo)
    assert dock.annotator.state.accepted == ()
    assert (strokes.data[2] == 255).any()


def test_keys_undo_a_running_round_and_accept_a_frame_after_it(qtbot, window):
    viewer, dock, truth = window
    drag(qtbot, viewer, inside(truth[0] == 1))
    predict(qtbot, dock)
    strokes, rounds = viewer.layers[STROKES], dock.annotator.controller.rounds
    canvas, drawn = viewer.window._qt_viewer.canvas.native, strokes.data.copy()
    predict_round = rounds._predict_round
    rounds._predict_round = lambda *_: fakes.endless(None)
    dock.annotator.auto_predict.enabled = True
    drag(qtbot, viewer, [(4, 4), (4, 12), (4, 20)])
    qtbot.waitUntil(lambda: dock.status.bar.format().startswith("Forever"))
    assert dock.prediction.undo.isEnabled()
    qtbot.keyClick(canvas, Qt.Key.Key_U)
    assert idle(dock)
    np.testing.assert_array_equal(strokes.data, drawn)
    rounds._predict_round = predict_round
    drag(qtbot, viewer, [(4, 4), (4, 12), (4, 20)])
    qtbot.waitUntil(lambda: dock.annotator.state.predicting)
    qtbot.keyClick(canvas, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: dock.annotator.state.accepted == (0,), timeout=120_000)


def test_brush_is_up_while_the_mouse_does_not_paint(qtbot, window):
    viewer, dock, _ = window
    strokes, brush = viewer.layers[STROKES], dock.drawing.brush
    canvas = viewer.window._qt_viewer.canvas.native
    click(qtbot, brush)
    assert brush.isChecked()
    for key, mode, down in (("E", "erase", False), ("P", "paint", True)):
        qtbot.keyClick(canvas, key)
        assert (strokes.mode, brush.isChecked()) == (mode, down)
    strokes.mode = "pan_zoom"
    assert not brush.isChecked()
    click(qtbot, brush)
    assert (strokes.mode, brush.isChecked()) == ("paint", True)
    click(qtbot, dock.drawing.lines)
    assert (brush.isChecked(), dock.drawing.lines.isChecked()) == (False, True)
    viewer.layers.selection.active = strokes
    assert not dock.drawing.lines.isChecked()


def test_polygon_on_the_prediction_is_a_stroke_of_its_label(qtbot, window):
    viewer, dock, truth = window
    drag(qtbot, viewer, inside(truth[0] == 1))
    predict(qtbot, dock)
    segmentation, strokes = viewer.layers[SEGMENTATION], viewer.layers[STROKES]
    viewer.layers.selection.active = segmentation
    segmentation.mode, segmentation.selected_label = "polygon", 2
    viewer.dims.set_current_step(0, 3)
    qtbot.wait(100)
    canvas = viewer.window._qt_viewer.canvas.native
    left = Qt.MouseButton.LeftButton
    for corner in [(5, 5), (5, 25), (20, 25)]:
        where = canvas_point(viewer, corner)
        QTest.mouseMove(canvas, where)
        qtbot.mouseClick(canvas, left, pos=where)
        qtbot.wait(20)
    qtbot.mouseDClick(canvas, left, pos=where)
    assert (segmentation.data[3] == 2).any()
    np.testing.assert_array_equal(strokes.data[3] == 2, segmentation.data[3] == 2)


@pytest.mark.parametrize("row", [1, 2])
@pytest.mark.parametrize("mode", ["pan_zoom", "erase"])
def test_click_on_any_row_activates_the_brush(qtbot, window, row, mode):
    viewer, dock, truth = window
    viewer.layers[STROKES].mode = mode
    viewer.layers[STROKES].visible = False
    viewer.layers.selection.active = viewer.layers[0]
    assert not dock.drawing.brush.isChecked()
    objects = dock.drawing.objects
    where = objects.visualItemRect(objects.item(row)).center()
    qtbot.mouseClick(objects.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert dock.drawing.brush.isChecked()
    drag(qtbot, viewer, inside(truth[0] == 1))
    assert np.unique(viewer.layers[STROKES].data[0]).tolist() == [0, row]


@pytest.mark.parametrize("answer", ["Yes", "No"])
def test_filling_empty_space_by_the_mouse_asks(qtbot, window, monkeypatch, answer):
    viewer, _, _ = window
    reply = getattr(QMessageBox.StandardButton, answer)
    questions = []
    monkeypatch.setattr(
        QMessageBox, "question", lambda *args: questions.append(args[2]) or reply
    )
    strokes = viewer.layers[STROKES]
    strokes.mode = "fill"
    drag(qtbot, viewer, [(20, 20), (20, 21)])
    qtbot.waitUntil(lambda: bool(questions))
    assert questions == ["Fill 100% of this frame with Object 1?"]
    assert strokes.data[0].all() == strokes.data[0].any() == (answer == "Yes")


def test_reset_asks(qtbot, window, monkeypatch):
    viewer, dock, truth = window
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    drag(qtbot, viewer, inside(truth[0] == 1))
    click(qtbot, dock.video.reset)
    assert viewer.layers[STROKES].data.any()
    click(qtbot, dock.video.reset)
    assert not viewer.layers[STROKES].data.any()
    click(qtbot, dock.prediction.undo)
    assert viewer.layers[STROKES].data.any()


def test_view_is_fitted_when_the_dock_opens(qtbot, window):
    viewer, _, _ = window
    scene = viewer.window._qt_viewer.canvas.view.scene
    fitted = scene.transform.map([[0, 0], [96, 64]])
    viewer.reset_view()
    qtbot.wait(50)
    np.testing.assert_allclose(scene.transform.map([[0, 0], [96, 64]]), fitted, atol=9)


def accept_next_dialog():
    """Accept the dialog that the next action opens, with the values it suggests."""
    dialog = QApplication.activeModalWidget()
    if dialog is None:
        QTimer.singleShot(50, accept_next_dialog)
    else:
        dialog.accept()


def test_mask_is_imported_in_the_dialog(qtbot, window):
    viewer, dock, truth = window
    viewer.add_labels(truth.astype(int) * 300, name="masks of another program")
    viewer.dims.set_current_step(0, 1)
    QTimer.singleShot(50, accept_next_dialog)
    dock.drawing.imports.menu().actions()[0].trigger()
    assert dock.annotator.state.accepted == (1,)
    predict(qtbot, dock)
    prediction = viewer.layers[SEGMENTATION].data
    np.testing.assert_array_equal(prediction[1], truth[1].astype(int))


def test_shapes_are_imported_in_the_dialog(qtbot, window):
    viewer, dock, _ = window
    square = [[2, 10, 10], [2, 10, 30], [2, 30, 30], [2, 30, 10]]
    viewer.add_shapes([np.array(square)], shape_type="polygon")
    dock.annotator.active_label.choose(2)
    QTimer.singleShot(50, accept_next_dialog)
    dock.drawing.imports.menu().actions()[1].trigger()
    strokes = viewer.layers[STROKES].data
    assert (strokes[2, 12:28, 12:28] == 2).all()
    assert not strokes[:2].any()


@pytest.mark.skipif(ALONE not in os.environ, reason="needs a process of its own")
def test_all_layers_are_cleared_with_a_prediction_shown(qtbot, window):
    viewer, dock, truth = window
    drag(qtbot, viewer, inside(truth[0] == 1))
    predict(qtbot, dock)
    qtbot.wait(1000)  # napari crashes if it draws layers that are removed too early
    viewer.layers.clear()
    qtbot.wait(200)
    assert not viewer.layers
    assert "Open a video" in dock.status.hint.text()


def test_all_layers_are_cleared_in_the_first_window_of_a_process():
    """In a later one napari crashes, see scripts/napari_layer_removal.py."""
    name = test_all_layers_are_cleared_with_a_prediction_shown.__name__
    options = "-q", "-p", "no:cacheprovider", f"{__file__}::{name}"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {ALONE: "1"},
    )
    assert "1 passed" in result.stdout, result.stdout[-2000:] + result.stderr[-2000:]


def test_click_on_the_timeline_goes_to_the_frame(qtbot, window):
    viewer, dock, truth = window
    timeline = viewer.window._qt_window.findChild(Timeline)
    drag(qtbot, viewer, inside(truth[0] == 1))
    predict(qtbot, dock)
    state = dock.annotator.state
    assert (len(state.uncertainty), state.drawn) == (4, (0,))
    where = QPoint(round(0.9 * timeline.width()), 20)
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=where)
    assert viewer.dims.current_step[0] == 3
    for share, frame in ((0.0, 0), (0.4, 1), (0.6, 2), (1.0, 3)):
        assert timeline.frame_at(share * timeline.width()) == frame


def test_timeline_describes_the_frame_under_the_mouse(qtbot, window):
    viewer, dock, truth = window
    timeline = viewer.window._qt_window.findChild(Timeline)
    assert timeline.describe(0) == "Frame 0."
    drag(qtbot, viewer, inside(truth[0] == 1))
    predict(qtbot, dock)
    uncertainty = dock.annotator.state.uncertainty[0]
    statistics = dock.annotator.controller.statistics  # computed in a thread
    qtbot.waitUntil(lambda: bool(statistics.value.present))
    expected = f"Frame 0, uncertainty {uncertainty:.2f}, 1 object, strokes."
    assert timeline.describe(0) == expected
    dock.annotator.toggle_accepted(2)
    assert timeline.describe(2).endswith(", accepted.")


def test_hidden_timeline_is_shown_again_from_the_window_menu(qtbot, window):
    viewer, _, _ = window
    timeline = viewer.window._qt_window.findChild(Timeline)
    timeline.parent().close()
    assert not timeline.isVisible()
    (item,) = [a for a in viewer.window.window_menu.actions() if a.text() == "Timeline"]
    item.trigger()
    assert timeline.isVisible()


def test_closed_dock_closes_the_timeline(qtbot, window):
    viewer, dock, _ = window
    assert viewer.window._qt_window.findChild(Timeline).isVisible()
    viewer.window.remove_dock_widget(dock)
    qtbot.wait(50)
    assert viewer.window._qt_window.findChild(Timeline) is None
    items = [action.text() for action in viewer.window.window_menu.actions()]
    assert "Timeline" not in items


def test_training_dock_trains_while_strokes_are_drawn(
    qtbot, window, monkeypatch, tmp_path
):
    """With short trainings; any change of J counts as better."""
    monkeypatch.setattr(named_models, "user_data_path", lambda name: tmp_path / name)
    monkeypatch.setattr(fine_tuning, "user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr(fine_tune_settings, "FineTuneSettings", lambda **_: SHORT)
    monkeypatch.setattr(fine_tune, "MIN_GAIN", -1)
    viewer, dock, truth = window
    _, training = viewer.window.add_plugin_dock_widget(
        "napari-gnn-vos", "Train a model"
    )
    form = training.form
    assert training.annotator is dock.annotator
    assert not form.start.isEnabled()
    labels = viewer.add_labels(truth, name="masks")
    dock.annotator.imports.use_labels(labels)
    viewer.layers.remove(labels)
    assert form.open_video.text == "Open video (4 frames)"
    qtbot.keyClicks(form.name.native, "mine")
    click(qtbot, form.start)
    assert dock.annotator.fine_tuning.jobs.busy
    assert form.cancel.isVisibleTo(training)
    qtbot.wait(300)
    drag(qtbot, viewer, inside(truth[0] == 1))
    assert viewer.layers[STROKES].data[0].any()
    jobs = dock.annotator.fine_tuning.jobs
    qtbot.waitUntil(lambda: not jobs.busy, timeout=300_000)
    assert form.message.text().startswith("Saved mine. J after 1 / 2 rounds")
    qtbot.wait(100)
    click(qtbot, form.use)
    assert dock.annotator.models.name == "mine"
    assert dock.video.model.value == "mine"
    assert not form.use.isEnabled()


@pytest.fixture
def both_docks(qtbot, window):
    """A window of 1280 x 800 with the docks Annotate and Train a model."""
    viewer, dock, _ = window
    viewer.window.resize(1280, 800)
    _, training = viewer.window.add_plugin_dock_widget(
        "napari-gnn-vos", "Train a model"
    )
    qtbot.waitUntil(lambda: not training._tabify.isActive())
    qtbot.wait(100)
    return viewer, dock, training


def test_docks_share_their_place_in_tabs(both_docks):
    viewer, dock, training = both_docks
    annotate, train = map(fine_tuning_dock._dock_widget_of, (dock, training))
    assert viewer.window._qt_window.tabifiedDockWidgets(train) == [annotate]
    assert training.isVisible()
    assert training.height() > 500  # not divided between both
    for widget in training.form.findChildren(QWidget):
        if widget.isVisible():
            right = widget.mapTo(training, widget.rect().topRight()).x()
            assert right <= training.width(), widget


def test_docks_and_dialogs_follow_the_theme(qtbot, both_docks):
    viewer, dock, training = both_docks
    for name in ("settings", "history", "keys", "export"):
        dock.dialogs.show(name)
    widgets = [training.form.start, dock.dialogs["history"].redo]
    assert not any(widget.isEnabled() for widget in widgets)

    def colours():
        qtbot.wait(50)
        return [w.grab().toImage().pixelColor(4, 4).name() for w in widgets]

    dark = colours()
    viewer.theme = "light"
    light = colours()
    assert light[0] == light[1] != dark[0] == dark[1]
    viewer.theme = "dark"
    assert colours() == dark
    for name in ("settings", "history", "keys", "export"):
        dock.dialogs[name].close()


def test_fields_are_aligned(qtbot, window):
    _, dock, _ = window
    for name in ("settings", "export"):
        dock.dialogs.show(name)
    qtbot.wait(100)
    settings, export = (dock.dialogs[name] for name in ("settings", "export"))
    for fields in (
        (dock.video.quality, dock.video.model),
        [settings.fields[name] for name in ("quality", "opacity", "brush_scale")],
        (export.form._layer, export.form.format, export.form._last),
    ):
        lefts = {field.native.mapToGlobal(QPoint(0, 0)).x() for field in fields}
        assert len(lefts) == 1
    settings.close()
    export.close()


def test_brush_is_up_while_it_erases(qtbot, window):
    viewer, dock, _ = window
    strokes, native = viewer.layers[STROKES], viewer.window._qt_viewer.canvas.native
    assert dock.drawing.brush.isChecked()
    qtbot.keyClick(native, Qt.Key.Key_X)  # of napari: exchange the label and 0
    assert strokes.selected_label == 0
    assert not dock.drawing.brush.isChecked()
    objects = dock.drawing.objects
    row = objects.visualItemRect(objects.item(1)).center()
    qtbot.mouseClick(objects.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert strokes.selected_label == 1
    assert dock.drawing.brush.isChecked()
