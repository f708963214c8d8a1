import gc
from functools import partial
from operator import attrgetter
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QLineEdit

from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.gui import plugin
from napari_gnn_vos.gui.widgets.actions import ACTIONS
from tests.controller import fakes

pytestmark = pytest.mark.gui


def idle(dock):
    return not dock.annotator.controller.jobs.busy


def press(viewer, key):
    from napari.utils.key_bindings import coerce_keybinding

    viewer.keymap[coerce_keybinding(key)](viewer)


def test_predict_button_adds_a_labels_layer(qtbot, viewer, dock):
    viewer.layers[STROKES].data[0, 1, 1] = 2
    dock.prediction.predict.click()
    assert dock.status.cancel.isVisibleTo(dock)
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    assert viewer.layers[SEGMENTATION].data[:, 1, 1].tolist() == [2] * 4
    assert dock.status.message.text().startswith("4 frames labelled in ")
    assert "Predict again" in dock.status.hint.text()
    assert dock.video.prepare.text() == "Prepared"
    assert not dock.status.cancel.isVisibleTo(dock)
    assert dock.prediction.undo.isEnabled()
    dock.prediction.undo.click()
    assert SEGMENTATION not in viewer.layers
    assert not dock.prediction.undo.isEnabled()


def test_cancel_stops_the_job(qtbot, dock):
    dock.annotator.controller.rounds._prepare = fakes.endless
    dock.video.prepare.click()
    qtbot.waitUntil(lambda: dock.status.bar.format().startswith("Forever"))
    assert not dock.prediction.predict.isEnabled()
    dock.status.cancel.click()
    qtbot.waitUntil(partial(idle, dock))
    assert dock.video.prepare.isEnabled()
    assert dock.video.prepare.text() == "Prepare"


def test_message_about_a_running_job_is_kept(qtbot, dock):
    dock.annotator.controller.rounds._prepare = fakes.endless
    dock.video.prepare.click()
    message = dock.status.message.text()
    dock.attempt(dock.annotator.prepare)
    assert dock.status.message.text() == message == "Preparing 4 frames ..."
    assert "under way" in notification_manager.records[-1].message
    dock.status.cancel.click()
    qtbot.waitUntil(partial(idle, dock))


def test_error_is_shown_and_layers_are_unchanged(viewer, dock):
    before = len(notification_manager.records)
    dock.prediction.predict.click()
    assert "nothing is drawn" in notification_manager.records[-1].message
    assert len(notification_manager.records) == before + 1
    assert "nothing is drawn" in dock.status.message.text()
    assert len(viewer.layers) == 2


def test_object_list_selects_the_painted_label(viewer, dock):
    dock.drawing.objects.setCurrentRow(0)
    assert viewer.layers[STROKES].selected_label == 255
    dock.drawing.add.click()
    assert viewer.layers[STROKES].selected_label == 3
    assert texts(dock) == ["Background", "Object 1", "Object 2", "Object 3"]
    dock.drawing.lines.click()
    assert viewer.layers.selection.active.name == "lines"
    assert viewer.layers["lines"].feature_defaults["label"].tolist() == [3]


def test_keys_call_their_actions(qtbot, viewer, dock):
    press(viewer, "N")
    assert dock.annotator.active_label.label == 3
    press(viewer, "J")
    assert dock.annotator.active_label.label == 0
    press(viewer, "K")
    assert dock.annotator.active_label.label == 3
    viewer.layers[STROKES].data[0, 1, 1] = 2
    press(viewer, "G")
    qtbot.waitUntil(partial(idle, dock))
    press(viewer, "H")
    assert not viewer.layers[SEGMENTATION].visible
    press(viewer, "U")
    assert SEGMENTATION not in viewer.layers
    press(viewer, "Shift-U")
    assert SEGMENTATION in viewer.layers


def test_keys_do_not_conflict_with_napari():
    from napari.utils.shortcuts import default_shortcuts

    taken = {
        str(key)
        for action, keys in default_shortcuts.items()
        if not action.endswith("in_slice")  # of points and shapes
        for key in keys
    }
    keys = {action.key for action in ACTIONS.values() if action.key}
    assert not taken & keys


def test_every_action_is_a_documented_method_of_the_annotator(dock):
    for method in ACTIONS:
        assert attrgetter(method)(dock.annotator).__doc__


def test_key_table_lists_the_keys_of_all_actions():
    page = (Path(__file__).parents[3] / "docs/reference/keys.md").read_text()
    for action in ACTIONS.values():
        keys = "+".join(f"<kbd>{key}</kbd>" for key in action.key.split("-") if key)
        assert keys in page, action


def test_video_is_chosen_in_the_combo_box(qtbot, viewer, dock):
    viewer.add_image(np.zeros((8, 9)), name="picture")
    second = viewer.add_image(np.zeros((3, 16, 17)), name="other")
    qtbot.waitUntil(lambda: dock.video.chooser.native.count() == 4)
    assert dock.video.chooser.native.currentText() == "toy"
    dock.video.chooser.native.setCurrentIndex(3)
    dock.video.chooser.native.activated.emit(3)
    assert dock.annotator.workspace.image is second
    dock.video.chooser.native.setCurrentIndex(2)
    dock.video.chooser.native.activated.emit(2)
    assert "16 pixels" in dock.status.message.text()
    assert dock.video.chooser.native.currentText() == "other"
    viewer.layers.remove(second)
    assert dock.annotator.workspace is None
    assert dock.video.chooser.native.currentIndex() == 0
    assert not dock.prediction.predict.isEnabled()


def test_annotated_video_is_chosen_automatically(qtbot, viewer, toy_engine):
    first = viewer.add_image(np.zeros((3, 16, 17)), name="a very long name " * 4)
    second = viewer.add_image(np.zeros(fakes.SHAPE, np.uint8), name="second")
    widget = plugin.AnnotateDock(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.annotator.workspace is not None)
    assert widget.annotator.workspace.image is second  # it is selected
    assert (
        widget.video.chooser.native.itemData(1, Qt.ItemDataRole.ToolTipRole)
        == first.name
    )
    widget.annotator.close()
    widget.video.chooser.stop()
    viewer.layers.selection.active = first
    again = plugin.AnnotateDock(viewer)
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.annotator.workspace is not None)
    assert again.annotator.workspace.image is second  # strokes lie on it


def position(widget, dock):
    return widget.mapTo(dock, QPoint(0, 0))


def test_buttons_do_not_move(qtbot, dock):
    dock.annotator.controller.rounds._prepare = fakes.endless
    dock.resize(300, 700)
    dock.show()
    qtbot.wait(50)
    before = position(dock.prediction.predict, dock)
    dock.video.prepare.click()
    qtbot.waitUntil(lambda: dock.status.bar.format().startswith("Forever"))
    assert dock.status.cancel.isVisible()
    assert position(dock.prediction.predict, dock) == before
    dock.status.cancel.click()
    qtbot.waitUntil(partial(idle, dock))
    dock.status.message.setText("some long message of an error " * 4)
    qtbot.wait(50)
    assert position(dock.prediction.predict, dock) == before


def test_hint_without_video(qtbot, toy_engine):
    widget = plugin.AnnotateDock(ViewerModel())
    qtbot.addWidget(widget)
    assert "Open a video" in widget.status.hint.text()
    assert not widget.prediction.predict.isEnabled()


def test_hint_for_videos_with_further_axes(qtbot, viewer, toy_engine):
    widget = plugin.AnnotateDock(viewer)
    qtbot.addWidget(widget)
    viewer.add_image(np.zeros((4, 2, 20, 30)), name="stained")
    qtbot.waitUntil(lambda: "Choose the layer" in widget.status.hint.text())
    widget.video.chooser.native.activated.emit(1)
    assert "Paint a stroke" in widget.status.hint.text()
    widget.video.chooser.native.activated.emit(0)
    viewer.layers.clear()
    qtbot.waitUntil(lambda: "Open a video" in widget.status.hint.text())


def test_colours_follow_the_theme(viewer, dock):
    dark = dock.content.styleSheet()
    viewer.theme = "light"
    assert dock.content.styleSheet() != dark
    viewer.theme = "dark"
    assert dock.content.styleSheet() == dark


def test_renamed_layer_is_renamed_in_the_combo_box(qtbot, viewer, dock):
    viewer.layers["toy"].name = "bear"
    qtbot.waitUntil(lambda: dock.video.chooser.native.currentText() == "bear")


def test_closed_widget_disconnects_during_a_job(qtbot, viewer, toy_engine):
    viewer.add_image(np.zeros(fakes.SHAPE, np.uint8))
    widgets = [plugin.AnnotateDock(viewer)]
    annotator = widgets[0].annotator
    qtbot.waitUntil(lambda: annotator.workspace is not None)
    annotator.controller.rounds._prepare = fakes.endless
    widgets[0].video.prepare.click()
    widgets.pop().deleteLater()
    qtbot.waitUntil(lambda: not annotator.controller.jobs.busy)
    viewer.add_image(np.zeros((3, 16, 17)))
    viewer.layers.clear()
    assert not viewer.keymap


def texts(dock):
    objects = dock.drawing.objects
    return [objects.item(row).text() for row in range(objects.count())]


def test_object_is_renamed_in_the_list(qtbot, viewer, dock):
    dock.show()
    dock.drawing.objects.item(1).setText("ball")
    assert dock.annotator.active_label.name_of(1) == "ball"
    dock.drawing.add.click()
    assert texts(dock) == ["Background", "ball", "Object 2", "Object 3"]
    item = dock.drawing.objects.item(2)
    dock.drawing.brush.setFocus()
    dock.drawing.objects.editItem(item)
    editor = dock.drawing.objects.findChild(QLineEdit)
    qtbot.keyClicks(editor, "goal")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: texts(dock)[2] == "goal")
    item.setText("  ")
    assert texts(dock)[2] == "Object 2"
    assert not dock.drawing.objects.item(0).flags() & Qt.ItemFlag.ItemIsEditable


def test_remove_button_removes_the_object(qtbot, viewer, dock):
    viewer.layers[STROKES].data[0, 1, 1] = 1
    viewer.layers[STROKES].data[0, 2, 2] = 2
    dock.prediction.predict.click()
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    dock.annotator.active_label.choose(1)
    dock.drawing.remove.click()
    qtbot.waitUntil(partial(idle, dock))
    assert texts(dock) == ["Background", "Object 2"]
    assert dock.annotator.active_label.label == 2
    assert np.unique(viewer.layers[SEGMENTATION].data).tolist() == [0, 2]
    dock.drawing.objects.setCurrentRow(0)
    assert not dock.drawing.remove.isEnabled()
    dock.prediction.undo.click()
    assert texts(dock) == ["Background", "Object 1", "Object 2"]


def test_checkbox_enables_prediction_after_every_stroke(qtbot, viewer, dock):
    dock.prediction.auto_predict.native.click()
    assert dock.annotator.auto_predict.enabled
    assert dock.status.hint.text() == "Paint a stroke on each object, on any frame."
    viewer.layers[STROKES].paint((0, 4, 4), 1)
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    dock.annotator.auto_predict.enabled = False
    assert not dock.prediction.auto_predict.native.isChecked()


def test_button_goes_to_the_most_uncertain_frame(qtbot, viewer, dock):
    assert not dock.prediction.most_uncertain.isEnabled()
    viewer.layers[STROKES].data[0, 1, 1] = 1
    press(viewer, "G")
    qtbot.waitUntil(lambda: SEGMENTATION in viewer.layers)
    qtbot.waitUntil(partial(idle, dock))
    dock.prediction.most_uncertain.click()
    assert viewer.dims.current_step[0] == fakes.SHAPE[0] - 1
    assert dock.status.message.text().startswith("Most uncertain frame: 3 ")
    press(viewer, "W")
    assert viewer.dims.current_step[0] in (1, 2)


def test_undo_and_redo_at_the_ends_show_only_a_message(viewer, dock):
    records = len(notification_manager.records)
    press(viewer, "U")
    assert dock.status.message.text() == "Nothing to undo"
    press(viewer, "Shift-U")
    assert dock.status.message.text() == "Nothing to redo"
    assert len(notification_manager.records) == records


def test_quality_is_chosen_before_the_preparation(qtbot, dock):
    quality = dock.video.quality
    assert quality.choices == ("fast", "balanced", "best")
    assert quality.value == dock.annotator.state.quality == "balanced"
    quality.value = "fast"
    assert dock.annotator.state.quality == "fast"
    dock.video.prepare.click()
    assert not quality.enabled
    qtbot.waitUntil(partial(idle, dock))
    assert not quality.enabled  # it is prepared


def test_open_video_can_be_chosen_again_for_another_slice(viewer, qtbot, toy_engine):
    viewer.add_image(np.zeros((4, 2, 20, 30)), name="stack")
    widget = plugin.AnnotateDock(viewer)
    qtbot.addWidget(widget)
    combo = widget.video.chooser.native
    for position in (0, 1):
        viewer.dims.set_current_step(1, position)
        combo.activated.emit(1)
        assert widget.annotator.workspace.axes.fixed == ((1, position),)


def test_removed_video_and_its_history_are_freed(qtbot, viewer, dock):
    annotator = dock.annotator
    annotator.prepare()
    qtbot.waitUntil(lambda: not annotator.controller.jobs.busy)
    history = ref(annotator.controller.annotation.history)
    image = ref(viewer.layers["toy"])
    viewer.layers.clear()
    qtbot.waitUntil(lambda: annotator.workspace is None)

    def are_freed():
        gc.collect()
        return history() is None and image() is None

    qtbot.waitUntil(are_freed)
