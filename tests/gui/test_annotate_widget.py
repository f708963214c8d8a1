from functools import partial

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit

from napari_gnn_vos.gui import plugin
from napari_gnn_vos.gui.layers import SEGMENTATION, STROKES
from tests.gui import fakes

pytestmark = pytest.mark.gui


def idle(dock):
    return not dock.annotator.controller.desk.busy


def press(viewer, key):
    from napari.utils.key_bindings import coerce_keybinding

    viewer.keymap[coerce_keybinding(key)](viewer)


def test_a_click_makes_a_labels_layer(qtbot, viewer, dock):
    viewer.layers[STROKES].data[0, 1, 1] = 2
    dock.predict.click()
    assert not dock.cancel.isHidden()
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    assert viewer.layers[SEGMENTATION].data[:, 1, 1].tolist() == [2] * 4
    assert dock.status.text().startswith("Round 1: ")
    assert "Predict again" in dock.hint.text()
    assert dock.prepare.text() == "Prepared"
    assert dock.cancel.isHidden()
    assert dock.undo.isEnabled()
    dock.undo.click()
    assert SEGMENTATION not in viewer.layers
    assert not dock.undo.isEnabled()


def test_cancel_ends_the_work(qtbot, dock):
    dock.annotator.controller._prepare = fakes.endless
    dock.prepare.click()
    qtbot.waitUntil(lambda: dock.bar.format().startswith("Forever"))
    assert not dock.predict.isEnabled()
    dock.cancel.click()
    qtbot.waitUntil(partial(idle, dock))
    assert dock.prepare.isEnabled()
    assert dock.prepare.text() == "Prepare"


def test_while_work_goes_on_the_line_about_it_stays(qtbot, dock):
    dock.annotator.controller._prepare = fakes.endless
    dock.prepare.click()
    said = dock.status.text()
    dock.attempt(dock.annotator.prepare)
    assert dock.status.text() == said == "Preparing 4 frames ..."
    assert "under way" in notification_manager.records[-1].message
    dock.cancel.click()
    qtbot.waitUntil(partial(idle, dock))


def test_an_error_is_shown_and_nothing_happens(viewer, dock):
    before = len(notification_manager.records)
    dock.predict.click()
    assert "nothing is drawn" in notification_manager.records[-1].message
    assert len(notification_manager.records) == before + 1
    assert "nothing is drawn" in dock.status.text()
    assert len(viewer.layers) == 2


def test_the_list_chooses_what_is_painted(viewer, dock):
    dock.objects.setCurrentRow(0)
    assert viewer.layers[STROKES].selected_label == 255
    dock.add.click()
    assert viewer.layers[STROKES].selected_label == 3
    assert [dock.objects.item(i).text() for i in range(dock.objects.count())] == [
        "Background",
        "Object 1",
        "Object 2",
        "Object 3",
    ]
    dock.lines.click()
    assert viewer.layers.selection.active.name == "lines"
    assert viewer.layers["lines"].feature_defaults["label"].tolist() == [3]


def test_keys(qtbot, viewer, dock):
    press(viewer, "N")
    assert dock.annotator.pen.label == 3
    press(viewer, "J")
    assert dock.annotator.pen.label == 0
    press(viewer, "K")
    assert dock.annotator.pen.label == 3
    viewer.layers[STROKES].data[0, 1, 1] = 2
    press(viewer, "G")
    qtbot.waitUntil(partial(idle, dock))
    press(viewer, "H")
    assert not viewer.layers[SEGMENTATION].visible
    press(viewer, "U")
    assert SEGMENTATION not in viewer.layers
    press(viewer, "Shift-U")
    assert SEGMENTATION in viewer.layers


def test_no_key_is_one_that_napari_takes():
    from napari.utils.shortcuts import default_shortcuts

    from napari_gnn_vos.gui.keys import actions

    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    widget = type("Widget", (), {"toggle_answer": None, "annotator": _Any()})()
    assert not taken & set(actions(widget))


class _Any:
    def __getattr__(self, name):
        return self


def test_videos_can_be_chosen(qtbot, viewer, dock):
    viewer.add_image(np.zeros((8, 9)), name="picture")
    other = viewer.add_image(np.zeros((3, 16, 17)), name="other")
    qtbot.waitUntil(lambda: dock.video.count() == 4)
    assert dock.video.currentText() == "toy"
    dock.video.setCurrentIndex(3)
    dock.video.activated.emit(3)
    assert dock.annotator.workspace.image is other
    dock.video.setCurrentIndex(2)
    dock.video.activated.emit(2)
    assert "time" in dock.status.text()
    assert dock.video.currentText() == "other"
    viewer.layers.remove(other)
    assert dock.annotator.workspace is None
    assert dock.video.currentIndex() == 0
    assert not dock.predict.isEnabled()


def test_the_video_that_was_worked_on_is_chosen_again(qtbot, viewer, toy_engine):
    first = viewer.add_image(np.zeros((3, 16, 17)), name="a very long name " * 4)
    second = viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="second")
    widget = plugin.AnnotateDock(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.annotator.workspace is not None)
    assert widget.annotator.workspace.image is second  # it is selected
    assert widget.video.itemData(1, Qt.ItemDataRole.ToolTipRole) == first.name
    widget.annotator.close()
    widget.video.stop()
    viewer.layers.selection.active = first
    again = plugin.AnnotateDock(viewer)
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.annotator.workspace is not None)
    assert again.annotator.workspace.image is second  # strokes lie on it


def test_buttons_stay_where_they_are(qtbot, dock):
    dock.annotator.controller._prepare = fakes.endless
    dock.resize(300, 700)
    dock.show()
    qtbot.wait(50)
    before = dock.predict.pos()
    dock.prepare.click()
    qtbot.waitUntil(lambda: dock.bar.format().startswith("Forever"))
    assert dock.cancel.isVisible()
    assert dock.predict.pos() == before
    dock.cancel.click()
    qtbot.waitUntil(partial(idle, dock))
    dock.status.setText("some long message of an error " * 4)
    qtbot.wait(50)
    assert dock.predict.pos() == before


def test_without_a_video_it_says_how_to_get_one(qtbot, toy_engine):
    widget = plugin.AnnotateDock(ViewerModel())
    qtbot.addWidget(widget)
    assert "Open a video" in widget.hint.text()
    assert not widget.predict.isEnabled()


def test_with_other_axes_it_says_to_choose(qtbot, viewer, toy_engine):
    widget = plugin.AnnotateDock(viewer)
    qtbot.addWidget(widget)
    viewer.add_image(np.zeros((4, 2, 20, 30)), name="stained")
    qtbot.waitUntil(lambda: "Choose the layer" in widget.hint.text())
    widget.video.activated.emit(1)
    assert "Paint a stroke" in widget.hint.text()
    widget.video.activated.emit(0)
    viewer.layers.clear()
    qtbot.waitUntil(lambda: "Open a video" in widget.hint.text())


def test_the_colours_follow_the_theme(viewer, dock):
    dark = dock.styleSheet()
    viewer.theme = "light"
    assert dock.styleSheet() != dark
    viewer.theme = "dark"
    assert dock.styleSheet() == dark


def test_a_renamed_layer_has_its_new_name_in_the_list(qtbot, viewer, dock):
    viewer.layers["toy"].name = "bear"
    qtbot.waitUntil(lambda: dock.video.currentText() == "bear")


def test_a_closed_widget_lets_go_while_work_goes_on(qtbot, viewer, toy_engine):
    viewer.add_image(np.zeros(fakes.SHAPE, np.uint8))
    widgets = [plugin.AnnotateDock(viewer)]
    annotator = widgets[0].annotator
    qtbot.waitUntil(lambda: annotator.workspace is not None)
    annotator.controller._prepare = fakes.endless
    widgets[0].prepare.click()
    widgets.pop().deleteLater()
    qtbot.waitUntil(lambda: not annotator.controller.desk.busy)
    viewer.add_image(np.zeros((3, 16, 17)))
    viewer.layers.clear()
    assert not viewer.keymap


def texts(dock):
    return [dock.objects.item(row).text() for row in range(dock.objects.count())]


def test_an_object_can_be_renamed_in_the_list(qtbot, viewer, dock):
    dock.show()
    dock.objects.item(1).setText("ball")
    assert dock.annotator.pen.name_of(1) == "ball"
    dock.add.click()
    assert texts(dock) == ["Background", "ball", "Object 2", "Object 3"]
    item = dock.objects.item(2)
    dock.brush.setFocus()
    dock.objects.editItem(item)
    editor = dock.objects.findChild(QLineEdit)
    qtbot.keyClicks(editor, "goal")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: texts(dock)[2] == "goal")
    item.setText("  ")
    assert texts(dock)[2] == "Object 2"
    assert not dock.objects.item(0).flags() & Qt.ItemFlag.ItemIsEditable


def test_an_object_can_be_removed(qtbot, viewer, dock):
    viewer.layers[STROKES].data[0, 1, 1] = 1
    viewer.layers[STROKES].data[0, 2, 2] = 2
    dock.predict.click()
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    dock.annotator.pen.choose(1)
    dock.remove.click()
    qtbot.waitUntil(partial(idle, dock))
    assert texts(dock) == ["Background", "Object 2"]
    assert dock.annotator.pen.label == 2
    assert np.unique(viewer.layers[SEGMENTATION].data).tolist() == [0, 2]
    dock.objects.setCurrentRow(0)
    assert not dock.remove.isEnabled()
    dock.undo.click()
    assert texts(dock) == ["Background", "Object 1", "Object 2"]


def test_every_stroke_is_answered_if_it_is_asked_for(qtbot, viewer, dock):
    dock.live.click()
    assert dock.annotator.live.on
    assert dock.hint.text() == "Paint a stroke on each object, on any frame."
    viewer.layers[STROKES].paint((0, 4, 4), 1)
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    dock.annotator.live.on = False
    assert not dock.live.isChecked()


def test_a_button_goes_to_the_least_sure_frame(qtbot, viewer, dock):
    assert not dock.look.isEnabled()
    viewer.layers[STROKES].data[0, 1, 1] = 1
    press(viewer, "G")
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    dock.look.click()
    assert viewer.dims.current_step[0] == fakes.SHAPE[0] - 1
    assert dock.status.text().startswith("Frame 3 is likely")
    press(viewer, "W")
    assert viewer.dims.current_step[0] in (1, 2)
