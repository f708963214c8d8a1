"""Display and superpixel tools in the real window, with mouse and keys."""

from functools import partial

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QLabel, QWidget

from napari_gnn_vos.controller.layer_metadata import SEGMENTATION, STROKES
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.tools.display import NEIGHBOURS
from napari_gnn_vos.gui.tools.superpixels import SUPERPIXELS
from napari_gnn_vos.gui.widgets.timeline import Timeline
from tests.gui.mouse import canvas_point, click, drag, idle, inside, predict

pytestmark = pytest.mark.gui


@pytest.fixture
def predicted(qtbot, window):
    """The window after two rounds."""
    viewer, dock, truth = window
    drag(qtbot, viewer, inside(truth[0] == 1))
    predict(qtbot, dock)
    dock.annotator.active_label.choose(0)
    drag(qtbot, viewer, [(2, 5), (2, 50), (2, 90)])
    predict(qtbot, dock)
    return viewer, dock, truth


SHIFT = Qt.KeyboardModifier.ShiftModifier


def press(qtbot, viewer, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(viewer.window._qt_viewer.canvas.native, key, modifier)
    qtbot.wait(30)


def tap(qtbot, viewer, point):
    native = viewer.window._qt_viewer.canvas.native
    where = canvas_point(viewer, point)
    QTest.mouseMove(native, where)
    qtbot.mouseClick(native, Qt.MouseButton.LeftButton, pos=where)
    qtbot.wait(30)


def test_keys_change_opacity_and_compare_predictions(qtbot, predicted):
    viewer, dock, _ = predicted
    layer = viewer.layers[SEGMENTATION]
    for opacity in (0.75, 1.0, 0.25, 0.5):
        press(qtbot, viewer, Qt.Key.Key_T, SHIFT)
        assert layer.opacity == opacity
    first, second = (
        np.asarray(entry.session.packed_labels)
        for entry in dock.annotator.controller.annotation.history.entries
        if entry.rounds
    )
    assert (first != second).any()
    press(qtbot, viewer, Qt.Key.Key_R, SHIFT)
    np.testing.assert_array_equal(layer.data, first)
    assert "previous" in dock.status.message.text()
    press(qtbot, viewer, Qt.Key.Key_R, SHIFT)
    np.testing.assert_array_equal(layer.data, second)
    press(qtbot, viewer, Qt.Key.Key_R, SHIFT)
    press(qtbot, viewer, Qt.Key.Key_U)  # the first round is the present one now
    np.testing.assert_array_equal(layer.data, first)
    with pytest.raises(GnnVosError, match="Predict twice"):
        dock.annotator.display.toggle_previous()


def test_neighbouring_frames_are_shown_as_contours(qtbot, predicted):
    viewer, dock, _ = predicted
    viewer.dims.set_current_step(0, 1)
    press(qtbot, viewer, Qt.Key.Key_N, SHIFT)
    layer = viewer.layers[NEIGHBOURS]
    labels = np.asarray(viewer.layers[SEGMENTATION].data)
    shown = layer.data[1] > 0
    near = np.zeros_like(shown)
    for t in (0, 2):
        edge = labels[t] != np.roll(labels[t], 1, axis=1)
        assert (shown & edge).any()
        near |= np.pad(labels[t] > 0, 1)[1:-1, 1:-1] | edge
    assert shown.sum() < near.sum()
    np.testing.assert_allclose(
        layer.get_color(1), viewer.layers[SEGMENTATION].get_color(1)
    )
    dock.annotator.objects.recolour(1, "#102030")
    np.testing.assert_allclose(
        layer.get_color(1), viewer.layers[SEGMENTATION].get_color(1)
    )
    press(qtbot, viewer, Qt.Key.Key_N, SHIFT)
    assert not viewer.layers[NEIGHBOURS].visible


def test_stroke_of_a_hidden_object_is_explained(qtbot, window):
    viewer, dock, truth = window
    dock.annotator.objects.toggle_hidden(1)
    drag(qtbot, viewer, inside(truth[0] == 1))
    assert viewer.layers[STROKES].data.any()
    assert dock.status.message.text().startswith("Object 1 is hidden")
    dock.annotator.objects.toggle_hidden(1)
    dock.annotator.controller.report("")
    drag(qtbot, viewer, inside(truth[0] == 1)[:2])
    assert not dock.status.message.text()


def test_contrasting_colours_are_one_action(predicted):
    _, dock, _ = predicted
    tools = dock.annotator.objects
    dock.annotator.display.use_contrasting_colours()
    assert set(tools.table.colours) == {1, 2}
    dock.annotator.undo()
    assert not tools.table.colours


def test_click_labels_a_superpixel_and_a_second_click_erases_it(qtbot, predicted):
    viewer, dock, truth = predicted
    strokes = viewer.layers[STROKES]
    click(qtbot, dock.drawing.superpixels)
    assert dock.drawing.superpixels.isChecked()
    assert SUPERPIXELS in viewer.layers
    assert viewer.layers.selection.active is strokes
    press(qtbot, viewer, Qt.Key.Key_2)
    row, col = inside(truth[0] == 1)[1]
    before = strokes.data.copy()
    tap(qtbot, viewer, (row, col))
    superpixels = viewer.layers[SUPERPIXELS].data[0]
    expected = superpixels == superpixels[round(row), round(col)]
    np.testing.assert_array_equal(strokes.data[0] == 2, expected)
    assert dock.annotator.state.unpredicted
    press(qtbot, viewer, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(strokes.data, before)
    tap(qtbot, viewer, (row, col))
    tap(qtbot, viewer, (row, col))
    assert not (strokes.data[0] == 2).any()


def test_drag_with_the_superpixel_tool_moves_the_view(qtbot, predicted):
    viewer, dock, _ = predicted
    click(qtbot, dock.drawing.superpixels)
    strokes, corner = viewer.layers[STROKES].data.copy(), canvas_point(viewer, (0, 0))
    drag(qtbot, viewer, [(20, 20), (30, 40), (40, 60)])
    assert canvas_point(viewer, (0, 0)) != corner
    np.testing.assert_array_equal(viewer.layers[STROKES].data, strokes)


def test_key_follows_the_superpixel_under_the_mouse(qtbot, predicted):
    viewer, dock, truth = predicted
    dock.annotator.active_label.choose(2)
    strokes, point = viewer.layers[STROKES], inside(truth[0] == 1)[1]
    native = viewer.window._qt_viewer.canvas.native
    QTest.mouseMove(native, canvas_point(viewer, point))
    qtbot.wait(50)
    viewer.cursor.position = (0, *point)
    press(qtbot, viewer, Qt.Key.Key_Q, SHIFT)
    labelled = [t for t in range(4) if (strokes.data[t] == 2).any()]
    assert labelled[:2] == [0, 1]
    for t in labelled:
        pixels = strokes.data[t] == 2
        assert truth[t][pixels].mean() > 0.5, t
    press(qtbot, viewer, Qt.Key.Key_U)
    assert not (strokes.data == 2).any()


def test_superpixels_need_a_prepared_video(qtbot, window):
    viewer, dock, _ = window
    assert not dock.drawing.superpixels.isEnabled()
    with pytest.raises(GnnVosError, match="not prepared"):
        dock.annotator.superpixels.use_tool()
    assert SUPERPIXELS not in viewer.layers


def test_display_menu_shows_what_is_switched_on(qtbot, predicted):
    _, dock, _ = predicted
    dock.annotator.display.toggle_contours()
    dock.annotator.superpixels.toggle_boundaries()
    menu = dock.drawing.display.menu()
    menu.aboutToShow.emit()
    checked = {a.text().split("\t")[0] for a in menu.actions() if a.isChecked()}
    assert checked == {"Labels", "Contours", "Superpixel boundaries"}


def test_boundaries_are_shown_without_compiling(predicted):
    """For labels of 32 bits or a direct colour map, napari compiles functions."""
    viewer, dock, _ = predicted
    compiled = {name: len(f.signatures) for name, f in napari_kernels().items()}
    dock.annotator.superpixels.toggle_boundaries()
    layer = viewer.layers[SUPERPIXELS]
    assert layer.visible
    assert {n: len(f.signatures) for n, f in napari_kernels().items()} == compiled
    assert layer.data[0].min() > 0  # the first superpixel is not background
    colours = layer.get_color(1), layer.get_color(int(layer.data[0].max()))
    np.testing.assert_array_equal(*colours)
    assert layer.colormap.map(0)[..., 3] == 0


def napari_kernels():
    """The functions of napari's label colours that numba compiles."""
    module = pytest.importorskip("napari.utils.colormaps._accelerated_cmap")
    return {name: f for name, f in vars(module).items() if hasattr(f, "signatures")}


def test_computed_layers_are_removed_with_the_video(qtbot, viewer, dock):
    """Without a window: software OpenGL may crash when layers are removed."""
    viewer.layers[STROKES].data[0, 2, 2] = 1
    dock.annotator.predict()
    qtbot.waitUntil(partial(idle, dock))
    dock.annotator.display.toggle_neighbours()
    assert NEIGHBOURS in viewer.layers
    viewer.layers.remove(viewer.layers["toy"])
    qtbot.wait(50)
    assert not viewer.layers


def test_stroke_on_the_previous_prediction_ends_the_comparison(qtbot, predicted):
    viewer, dock, _ = predicted
    layer, strokes = viewer.layers[SEGMENTATION], viewer.layers[STROKES]
    present = layer.data.copy()
    press(qtbot, viewer, Qt.Key.Key_R, SHIFT)
    assert dock.status.hint.text().startswith("This is the previous round")
    viewer.layers.selection.active = layer
    layer.mode, layer.selected_label = "paint", 2
    drag(qtbot, viewer, [(10, 10), (10, 20), (10, 30)])
    painted = strokes.data[0] == 2
    assert painted.any()
    qtbot.waitUntil(lambda: not dock.annotator.display.previous_shown)
    np.testing.assert_array_equal(layer.data[0], np.where(painted, 2, present[0]))
    np.testing.assert_array_equal(layer.data[1:], present[1:])
    assert dock.status.hint.text().startswith("Paint")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_dock_is_reachable_in_a_small_window(qtbot, predicted, theme):
    viewer, dock, _ = predicted
    viewer.theme = theme
    dock.annotator.ranges.set_in(1000)
    dock.annotator.ranges.set_out(2000)
    viewer.window.resize(1280, 800)
    qtbot.wait(300)
    window = viewer.window._qt_window
    assert window.height() <= 800
    assert dock.content.area.verticalScrollBar().maximum() == 0  # all is in view
    assert dock.content.area.widget().width() == dock.content.area.viewport().width()
    bottom = window.findChild(Timeline).mapTo(window, QPoint(0, 0)).y()
    for widget in dock.content.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QAbstractButton | QLabel):
            end = widget.mapTo(window, QPoint(widget.width(), widget.height()))
            assert end.x() <= window.width(), widget.objectName()
            assert end.y() <= bottom, widget.objectName()
        if isinstance(widget, QAbstractButton) and widget.isVisible():
            assert widget.width() >= widget.sizeHint().width(), widget.text()
    rows = dock.drawing.objects
    assert rows.height() >= 3 * rows.visualItemRect(rows.item(0)).height()


def test_dock_scrolls_if_it_is_low(qtbot, dock):
    dock.show()
    dock.resize(280, 400)
    qtbot.wait(50)
    assert dock.height() == 400
    area, button = dock.content.area, dock.prediction.accept
    assert button.mapTo(area.viewport(), QPoint(0, 0)).y() > area.viewport().height()
    area.ensureWidgetVisible(button)
    assert 0 < button.mapTo(area.viewport(), QPoint(0, 0)).y() < 400
    end = dock.status.mapTo(dock, QPoint(0, dock.status.height())).y()
    assert end == 400  # it does not scroll


def test_dock_fills_a_large_window(qtbot, window):
    viewer, dock, _ = window
    viewer.window.resize(1280, 950)
    qtbot.wait(300)
    assert dock.content.height() > dock.height() - 5
    qtbot.waitUntil(partial(idle, dock))


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [(3, None, "Range from 3"), (None, 3, "Range to 3"), (2, 3, "Range 2 to 3")],
)
def test_button_shows_the_range(dock, first, last, text):
    ranges = dock.annotator.ranges
    if first is not None:
        ranges.set_in(first)
    if last is not None:
        ranges.set_out(last)
    assert dock.prediction.range.text() == text
    ranges.clear()
    assert dock.prediction.range.text() == "Range"
