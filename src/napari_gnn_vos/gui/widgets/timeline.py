"""Timeline below the canvas: uncertainty and annotation of the frames of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_gnn_vos.gui.widgets.elements import ACCENT

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

HEIGHT, MARGIN, BAR_HEIGHT = 46, 8, 26
UNCERTAIN, DRAWN, ACCEPTED, RANGE = "#ff924c", ACCENT, "#8ac926", "#c48af7"
ABSENT = "#ff5a5f"
LINE_WIDTH = 2
MAX_NAMED = 5
"""Largest number of absent objects that the tooltip names."""
FULL_BAR = 0.2
"""Uncertainty of a bar of full height, unless a frame has more."""
LEGEND = (
    "Orange: uncertainty. Blue: strokes. Green: accepted. Red: objects are "
    "absent. Violet: in and out marks. A click goes there."
)


class Timeline(QWidget):
    """Show all frames of a video as columns; a click goes to a frame.

    Orange bars show the uncertainty of the prediction; the highest bar is the most
    uncertain frame, if its uncertainty is above 0.2. Blue marks show frames with
    strokes, green marks accepted frames, red marks below them frames where an object is
    annotated as absent, violet frames the in and out marks, and a line the frame on
    screen. The tooltip describes the frame under the mouse.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._state: ViewState = annotator.state.without_progress
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        annotator.state_changed.connect(self._refresh)
        annotator.viewer.dims.events.point.connect(self._on_slider)

    def stop(self) -> None:
        """Disconnect from the viewer."""
        self._annotator.viewer.dims.events.point.disconnect(self._on_slider)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size; the width is that of the canvas."""
        return QSize(300, HEIGHT)

    def frame_at(self, x: float) -> int:
        """Return the number of the frame at a horizontal position in pixels."""
        share = (x - MARGIN) / max(self.width() - 2 * MARGIN, 1)
        return min(max(int(share * self._state.frames), 0), self._state.frames - 1)

    def describe(self, frame: int) -> str:
        """Return number, uncertainty and annotation of a frame as one sentence."""
        state, parts = self._state, [f"Frame {frame}"]
        if state.uncertainty:
            parts.append(f"uncertainty {state.uncertainty[frame]:.2f}")
        parts += ["strokes"] if frame in state.drawn else []
        parts += ["accepted"] if frame in state.accepted else []
        table = state.table
        absent = [label for t, label in sorted(table.absent) if t == frame]
        parts += [f"{table.name_of(label)} absent" for label in absent[:MAX_NAMED]]
        hidden = len(absent) - MAX_NAMED
        parts += [f"{hidden} more absent"] if hidden > 0 else []
        return f"{', '.join(parts)}."

    def event(self, event: QEvent) -> bool:
        """Show a tooltip about the frame under the mouse."""
        if event.type() == QEvent.Type.ToolTip and self._state.frames:
            frame = self.describe(self.frame_at(event.pos().x()))
            QToolTip.showText(event.globalPos(), f"{frame}\n{LEGEND}", self)
            return True
        return bool(super().event(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go to the frame under the mouse."""
        self._go_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go through the frames while the button is pressed."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw one column per frame."""
        state, painter = self._state, QPainter(self)
        palette = self.palette()
        background = palette.base() if state.frames else palette.window()
        painter.fillRect(self._columns(0, state.frames or 1), background)
        scale = max((FULL_BAR, *state.uncertainty))
        for t, uncertainty in enumerate(state.uncertainty):
            painter.fillRect(
                self._columns(t, 1, uncertainty / scale), QColor(UNCERTAIN)
            )
        for frames, colour in ((state.drawn, DRAWN), (state.accepted, ACCEPTED)):
            for t in frames:
                painter.fillRect(self._mark(t), QColor(colour))
        for t in {frame for frame, _ in state.table.absent}:
            painter.fillRect(self._mark(t).translated(0, 5), QColor(ABSENT))
        for mark in state.marks:
            if mark is not None:
                edge = self._columns(mark, 1).adjusted(0, -3, 0, 3)
                painter.setPen(QPen(QColor(RANGE), LINE_WIDTH))
                painter.drawRect(edge)
        if state.frames:
            line = self._columns(self._annotator.frame, 1).adjusted(0, -4, 0, 4)
            line.setLeft(line.center().x() - LINE_WIDTH / 2)
            line.setWidth(LINE_WIDTH)
            painter.fillRect(line, palette.text())
        painter.end()

    def _columns(self, first: int, count: int, height: float = 1.0) -> QRectF:
        """Return the rectangle of some frames, at least 2 pixels wide."""
        width = (self.width() - 2 * MARGIN) / (self._state.frames or 1)
        bar = height * BAR_HEIGHT
        top = MARGIN + BAR_HEIGHT - bar
        return QRectF(MARGIN + first * width, top, max(count * width, 2), bar)

    def _mark(self, t: int) -> QRectF:
        column = self._columns(t, 1)
        return QRectF(column.left(), MARGIN + BAR_HEIGHT + 1, column.width(), 4)

    def _go_to(self, event: QMouseEvent) -> None:
        if self._state.frames:
            self._annotator.go_to(self.frame_at(event.position().x()))

    def _refresh(self) -> None:
        state = self._annotator.state.without_progress
        if state != self._state:
            self._state = state
            self.update()

    def _on_slider(self, _event: object = None) -> None:
        self.update()
