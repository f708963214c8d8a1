"""The object list, its icons, menu and keys, in the real window."""

import numpy as np
import pytest
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog

from napari_gnn_vos.controller.layer_metadata import (
    SEGMENTATION,
    STROKES,
    video_labels,
)
from napari_gnn_vos.controller.palette import from_hex
from napari_gnn_vos.gui.widgets import object_list
from napari_gnn_vos.gui.widgets.object_list import ObjectMenu
from napari_gnn_vos.gui.widgets.object_rows import RowIcon, icon_rect

pytestmark = pytest.mark.gui


@pytest.fixture
def predicted(qtbot, viewer, dock):
    """The dock with two objects drawn and predicted."""
    strokes = viewer.layers[STROKES].data
    strokes[0, 2, 2], strokes[0, 9, 9] = 1, 2
    dock.annotator.predict()
    wait(qtbot, dock)
    return dock


def wait(qtbot, dock):
    qtbot.waitUntil(lambda: not dock.annotator.controller.jobs.busy)


def click_icon(qtbot, dock, row, icon):
    objects = dock.drawing.objects
    where = icon_rect(objects.visualItemRect(objects.item(row)), icon).center()
    qtbot.mouseClick(objects.viewport(), Qt.MouseButton.LeftButton, pos=where)


def menu_of(dock, label):
    dock.annotator.active_label.choose(label)
    return ObjectMenu(dock.drawing.objects, dock.annotator, dock.content.attempt)


def trigger(menu, text):
    (action,) = [a for a in menu.actions() if a.text().split("\t")[0] == text]
    action.trigger()
    return action


def test_click_on_the_lock_locks_without_choosing(qtbot, predicted):
    predicted.drawing.objects.show()
    click_icon(qtbot, predicted, 2, RowIcon.LOCK)
    assert predicted.annotator.objects.table.locked == {2}
    assert predicted.annotator.active_label.label == 1
    click_icon(qtbot, predicted, 2, RowIcon.LOCK)
    assert not predicted.annotator.objects.table.locked
    click_icon(qtbot, predicted, 0, RowIcon.LOCK)  # background has no lock
    assert not predicted.annotator.objects.table.locked


def test_click_on_the_eye_hides_the_object_on_all_layers(qtbot, viewer, predicted):
    click_icon(qtbot, predicted, 1, RowIcon.EYE)
    for name in (STROKES, SEGMENTATION):
        assert viewer.layers[name].get_color(1)[3] == 0
        assert viewer.layers[name].get_color(2)[3] == 1
    predicted.annotator.undo()
    assert viewer.layers[SEGMENTATION].get_color(1)[3] == 1


def test_colour_is_shown_on_all_layers_and_exported(viewer, predicted, monkeypatch):
    chosen = QColor("#102030")
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: chosen)
    predicted.annotator.objects.rename(1, "cell")
    trigger(menu_of(predicted, 1), "Colour ...")
    for name in (STROKES, SEGMENTATION):
        colour = viewer.layers[name].get_color(1)
        np.testing.assert_allclose(colour, from_hex("#102030"), atol=1e-6)
    predicted.annotator.objects.toggle_hidden(1)
    data, attributes, _ = viewer.layers[SEGMENTATION].as_layer_data_tuple()
    exported = video_labels(data, attributes)
    assert exported.colours[1] == (16, 32, 48)
    assert exported.names == {1: "cell"}
    trigger(menu_of(predicted, 1), "Default colour")
    assert not predicted.annotator.objects.table.colours


def test_colour_of_lines_follows(viewer, dock):
    dock.annotator.active_label.choose(2, "lines")
    lines = dock.annotator.workspace.lines
    lines.add_paths([np.array([[1, 3, 3], [1, 3, 9]])])
    dock.annotator.objects.recolour(2, "#102030")
    np.testing.assert_allclose(lines.edge_color[0], from_hex("#102030"), atol=1e-2)
    dock.annotator.objects.toggle_hidden(2)
    assert lines.edge_color[0][3] == 0


def test_menu_shows_and_switches_states(predicted):
    for text in ("Hide", "Show only this", "Lock", "Absent in this frame"):
        trigger(menu_of(predicted, 2), text)
    table = predicted.annotator.objects.table
    assert (table.hidden, table.solo, table.locked) == ({2}, 2, {2})
    assert table.absent == {(predicted.annotator.frame, 2)}
    checked = {
        action.text().split("\t")[0]
        for action in menu_of(predicted, 2).actions()
        if action.isChecked()
    }
    assert checked == {"Show only this", "Lock", "Absent in this frame"}


def test_menu_merges_moves_and_removes(qtbot, predicted):
    objects = predicted.annotator.objects
    objects.add()
    trigger(menu_of(predicted, 3), "Move up")
    assert objects.table.labels == (0, 1, 3, 2)
    rows = [predicted.drawing.objects.item(i).text() for i in range(4)]
    assert rows == ["Background", "Object 1", "Object 3", "Object 2"]
    menu = menu_of(predicted, 2)
    (merge,) = [a.menu() for a in menu.actions() if a.menu() is not None]
    assert [a.text() for a in merge.actions()] == ["Object 1", "Object 3"]
    merge.actions()[0].trigger()
    wait(qtbot, predicted)
    assert objects.table.labels == (0, 1, 3)
    trigger(menu_of(predicted, 3), "Remove")
    assert objects.table.labels == (0, 1)


def test_dragged_row_moves_the_object(predicted):
    objects = predicted.drawing.objects
    objects.setCurrentRow(2)
    objects.model().moveRow(objects.rootIndex(), 2, objects.rootIndex(), 1)
    assert predicted.annotator.objects.table.labels == (0, 2, 1)


def test_nothing_is_dragged_above_background(predicted):
    objects = predicted.drawing.objects
    objects.setCurrentRow(2)
    objects.model().moveRow(objects.rootIndex(), 2, objects.rootIndex(), 0)
    assert predicted.annotator.objects.table.labels == (0, 2, 1)
    assert objects.item(0).text() == "Background"


def test_digits_select_labels_of_the_list(viewer, dock):
    viewer.layers.selection.active = viewer.layers["toy"]
    layers = (viewer.layers["toy"], viewer.layers[STROKES])
    for layer in layers:
        layer.keymap[coerce_keybinding("2")](layer)
        assert dock.annotator.active_label.label == 2
        assert viewer.layers.selection.active is viewer.layers[STROKES]
        layer.keymap[coerce_keybinding("0")](layer)
        assert dock.annotator.active_label.label == 0
        layer.keymap[coerce_keybinding("7")](layer)
        assert dock.annotator.active_label.label == 0
        assert "There is no object 7" in dock.annotator.state.message
    assert dock.annotator.active_label.labels == (0, 1, 2)


def test_component_under_the_mouse_becomes_an_object(qtbot, viewer, predicted):
    viewer.dims.set_current_step(0, 0)
    viewer.layers[STROKES].data[0, 15:18, 20:25] = 1
    viewer.cursor.position = (0, 16, 22)
    assert predicted.annotator.objects.split_at_cursor() == 3
    wait(qtbot, predicted)
    assert (viewer.layers[STROKES].data[0, 15:18, 20:25] == 3).all()
    assert viewer.layers[STROKES].data[0, 2, 2] == 1
    assert viewer.layers[SEGMENTATION].data[2, 16, 22] == 3


def test_range_button_shows_the_marks(viewer, dock):
    viewer.dims.set_current_step(0, 1)
    dock.annotator.ranges.set_in()
    dock.annotator.ranges.set_out(2)
    assert dock.prediction.range.text() == "Range 1 to 2"
    dock.annotator.ranges.clear()
    assert dock.prediction.range.text() == "Range"


def test_only_rows_that_differ_are_created(dock, monkeypatch):
    dock.annotator.active_label.list_objects(range(1, 1001))
    created, create = [], object_list.make_item

    def record(label):
        created.append(label)
        return create(label)

    monkeypatch.setattr(object_list, "make_item", record)
    objects, rows = dock.annotator.objects, dock.drawing.objects
    objects.remove(500)
    assert created == []
    assert rows.count() == 1000
    assert rows.item(500).text() == "Object 501"
    dock.annotator.undo()
    assert created == [500]
    objects.move(3, 1)
    assert created == [500, 3, 1, 2]
    assert [rows.item(row).text() for row in (1, 2, 3, 1000)] == [
        *("Object 3", "Object 1", "Object 2", "Object 1000")
    ]
    assert objects.add() == 1001
    assert created[-1] == 1001
    assert len(created) == 5
