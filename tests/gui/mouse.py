"""Mouse events in the real window, as a user causes them."""

from functools import partial

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest


def canvas_point(viewer, point):
    """Position on the canvas of a (row, col) point of the frame."""
    scene = viewer.window._qt_viewer.canvas.view.scene.transform
    x, y = scene.map([point[1], point[0]])[:2]
    return QPoint(round(x), round(y))


def drag(qtbot, viewer, points):
    """Draw with the left button through (row, col) points of the frame."""
    canvas = viewer.window._qt_viewer.canvas
    first, *positions = (canvas_point(viewer, point) for point in points)
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


def predict(qtbot, dock):
    click(qtbot, dock.prediction.predict)
    qtbot.waitUntil(partial(idle, dock), timeout=120_000)
