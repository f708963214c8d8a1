"""Keys, tooltips, the guided tour and the settings, in the real window."""

import json

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QPushButton

from napari_gnn_vos import annotator
from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.controller.preferences import FILE_NAME, Preferences
from napari_gnn_vos.errors import GnnVosError, SettingsError
from napari_gnn_vos.gui.widgets.actions import ACTIONS, HELP_KEY
from napari_gnn_vos.gui.widgets.help import STEPS
from tests.controller import fakes

pytestmark = pytest.mark.gui
WAIT = {"timeout": 30_000}


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_every_button_has_a_tooltip_with_its_key(dock):
    for name in ("export", "history", "keys", "settings", "walkthrough"):
        dock.dialogs.show(name)
    buttons = dock.content.window().findChildren(QPushButton)
    assert len(buttons) > 20
    for button in buttons:
        if button.text():
            assert button.toolTip(), button.text()
        action = ACTIONS.get(button.objectName())
        if action is not None and action.key:
            assert action.key.replace("-", "+") in button.toolTip()


def test_overview_lists_the_keys_that_are_bound(qtbot, viewer, dock):
    dialog = dock.dialogs.show("keys")
    text = dialog.table.toPlainText()
    for action in ACTIONS.values():
        if action.key and action.key != HELP_KEY:
            assert action.key.replace("-", "+") in text.split()
            assert action.tooltip.split("\n")[0] in text
    assert "Activate the paint brush" in text

    @viewer.bind_key("F8")
    def own(_viewer):
        """Do something of one's own."""

    viewer.bind_key("W", None)
    dialog.hide()
    dialog.show()
    text = dialog.table.toPlainText()
    assert "Do something of one's own." in text
    assert ACTIONS["go_to_most_uncertain_frame"].tooltip not in text


def test_question_mark_shows_the_overview(qtbot, make_napari_viewer, toy_engine):
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    _ = dock.content
    qtbot.wait(200)
    QApplication.setActiveWindow(viewer.window._qt_window)  # without window manager
    QTest.keyClicks(viewer.window._qt_viewer.canvas.native, HELP_KEY)
    qtbot.waitUntil(lambda: "keys" in dock.dialogs._open, **WAIT)
    assert dock.dialogs["keys"].isVisible()


def test_settings_persist_between_starts(qtbot, viewer, dock, data_folder):
    dialog = dock.dialogs.show("settings")
    dialog.fields["opacity"].value = 0.25
    dialog.fields["contours"].value = True
    dock.prediction.auto_predict.value = True
    stored = json.loads((data_folder / FILE_NAME).read_text())
    assert (stored["opacity"], stored["auto_predict"]) == (0.25, True)
    assert dialog.fields["auto_predict"].value is True

    from napari.components import ViewerModel

    from napari_gnn_vos.gui.plugin import AnnotateDock

    other_viewer = ViewerModel()
    image = other_viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    other = AnnotateDock(other_viewer)
    qtbot.addWidget(other)
    work = other.annotator
    assert work.preferences.values == dock.annotator.preferences.values
    assert work.auto_predict.enabled
    work.open(image)
    work.workspace.strokes.data[0, 2, 2] = 1
    work.predict()
    qtbot.waitUntil(lambda: SEGMENTATION in other_viewer.layers, **WAIT)
    layer = other_viewer.layers[SEGMENTATION]
    assert (layer.opacity, layer.contour) == (0.25, 2)
    click(qtbot, dialog.defaults)
    assert dock.annotator.preferences.values == Preferences()
    assert not dock.prediction.auto_predict.value


def test_damaged_settings_are_replaced(viewer, dock, data_folder, caplog):
    file = data_folder / FILE_NAME
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text('{"opacity": 7}')
    store = dock.annotator.preferences
    store.load(data_folder)
    assert store.values == Preferences()
    assert "is not used" in caplog.text
    store.change(brush_scale=2)
    assert json.loads(file.read_text())["brush_scale"] == 2
    with pytest.raises(SettingsError, match="brush_size"):
        store.change(brush_size=2)
    with pytest.raises(SettingsError, match="not valid"):
        store.change(opacity=2)


def test_brush_scale_applies_to_new_videos(viewer, dock):
    size = dock.annotator.workspace.strokes.brush_size
    dock.annotator.preferences.change(brush_scale=2)
    image = viewer.add_image(np.zeros((3, 20, 30), np.uint8), name="other")
    dock.annotator.open(image)
    assert dock.annotator.workspace.strokes.brush_size == 2 * size


def test_walkthrough_follows_what_the_user_does(qtbot, make_napari_viewer, toy_engine):
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
    work = dock.annotator
    work.window.start_walkthrough()
    walkthrough = dock.dialogs["walkthrough"]
    assert (walkthrough.index, len(STEPS)) == (0, 4)
    points_at(qtbot, walkthrough, dock.video.chooser.native)
    viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="toy")
    qtbot.waitUntil(lambda: walkthrough.index == 1, **WAIT)
    points_at(qtbot, walkthrough, dock.drawing.brush)
    qtbot.wait(200)
    viewer.layers[STROKES].paint((0, 5, 5), 1)
    work.handle_stroke()
    assert walkthrough.index == 2
    points_at(qtbot, walkthrough, dock.prediction.predict)
    click(qtbot, dock.prediction.predict)
    qtbot.waitUntil(lambda: walkthrough.index == 3, **WAIT)
    points_at(qtbot, walkthrough, dock.prediction.most_uncertain)
    viewer.layers[STROKES].paint((1, 9, 9), 1)
    click(qtbot, dock.prediction.predict)
    qtbot.waitUntil(lambda: not walkthrough.isVisible(), **WAIT)
    assert not walkthrough._frame.isVisible()


def points_at(qtbot, walkthrough, target):
    """Check that the frame surrounds a widget and does not cover it."""
    from qtpy.QtCore import QPoint, QRect

    qtbot.wait(300)
    corner = target.mapTo(walkthrough.window(), QPoint(0, 0))
    assert walkthrough._frame.geometry().contains(QRect(corner, target.size()))
    assert walkthrough._frame.isVisible()
    assert not walkthrough.geometry().intersects(QRect(corner, target.size()))


def test_walkthrough_can_be_skipped_and_started_again(qtbot, viewer, dock):
    dock.show()
    walkthrough = dock.dialogs.show("walkthrough")
    assert walkthrough.index == 1  # a video is open
    for _ in range(3):
        click(qtbot, walkthrough.skip)
    assert not walkthrough.isVisible()
    dock.annotator.window.start_walkthrough()
    assert walkthrough.isVisible()
    click(qtbot, walkthrough.end)
    assert not walkthrough.isVisible()


def test_dialogs_need_a_dock(viewer):
    work = annotator(viewer)
    with pytest.raises(GnnVosError, match="no dock widget"):
        work.window.show_keys()
