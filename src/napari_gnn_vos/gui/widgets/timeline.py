"""Timeline below the canvas: uncertainty and annotation of the frames of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_gnn_vos.controller.jobs import JobRunner, Runner, run_at_once
from napari_gnn_vos.controller.label_statistics import (
    LabelStatistics,
    label_statistics,
)
from napari_gnn_vos.gui.widgets.elements import ACCENT
from napari_gnn_vos.structures.scribbles import BACKGROUND

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

HEIGHT, MARGIN, BAR_HEIGHT = 46, 8, 26
UNCERTAIN, DRAWN, ACCEPTED, RANGE = "#ff924c", ACCENT, "#8ac926", "#c48af7"
ABSENT, CHANGED = "#ff5a5f", "#00a6d6"
LINE_WIDTH = 2
PRESENCE_HEIGHT = 3
"""Pixels of the height of the strip of the frames with the selected object."""
MAX_NAMED = 5
"""Largest number of absent objects that the tooltip names."""
FULL_BAR = 0.4
"""Uncertainty of a bar of full height, unless a frame has more."""
FULL_CHANGE = 0.2
"""Share of changed pixels at full height, unless a frame has more."""
LEGEND = (
    "Orange: uncertainty. Light blue line: change since the round before. Strip above: "
    "frames with the selected object. Below: strokes (blue), accepted (green), absent "
    "objects (red). Violet: in and out marks. A click goes there."
)


class Timeline(QWidget):
    """Show all frames of a video as columns; a click goes to a frame.

    Orange bars show the uncertainty of the prediction; the highest bar is the most
    uncertain frame, if its uncertainty is above 0.4. A light blue line shows the share
    of object pixels that changed since the round before, and a strip in the colour of
    the selected object the frames where it is predicted. Blue marks show frames with
    strokes, green marks accepted frames, red marks below them frames where an object is
    annotated as absent, a violet frame the frames between in and out marks, and a line
    the frame on screen. The tooltip describes the frame under the mouse.

    Parameters
    ----------
    annotator : Annotator
    run : Runner
        Executes the comparison of predictions.

    Attributes
    ----------
    statistics : LabelStatistics
        Of the current prediction; empty until they are computed.
    """

    def __init__(self, annotator: Annotator, run: Runner = run_at_once) -> None:
        super().__init__()
        self._annotator = annotator
        self._jobs = JobRunner(run)
        self._compared: tuple[object, object] = (None, None)
        self.statistics = LabelStatistics()
        annotator.controller.session_changed.connect(self._compare)
        self._state: ViewState = annotator.state.without_progress
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        annotator.state_changed.connect(self._refresh)
        annotator.viewer.dims.events.point.connect(self._on_slider)

    def stop(self) -> None:
        """Disconnect from the annotator and the viewer."""
        self._jobs.cancel()
        self._annotator.state_changed.disconnect(self._refresh, missing_ok=True)
        session_changed = self._annotator.controller.session_changed
        session_changed.disconnect(self._compare, missing_ok=True)
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
        if frame < len(self.statistics.changed):
            parts.append(f"{self.statistics.changed[frame]:.0%} changed")
        if frame < len(self.statistics.present):
            count = len(self.statistics.present[frame])
            parts.append(f"{count} object{'' if count == 1 else 's'}")
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
        self._paint_statistics(painter)
        span = self._annotator.ranges.frames
        if span and state.marks != (None, None):
            edge = self._columns(span.start, len(span)).adjusted(0, -3, 0, 0)
            painter.setPen(QPen(QColor(RANGE), LINE_WIDTH))
            painter.drawRect(edge)
        if state.frames:
            line = self._columns(self._annotator.frame, 1).adjusted(0, -4, 0, 4)
            line.setLeft(line.center().x() - LINE_WIDTH / 2)
            line.setWidth(LINE_WIDTH)
            painter.fillRect(line, palette.text())
        painter.end()

    def _paint_statistics(self, painter: QPainter) -> None:
        """Draw where the selected object is, and how much has changed."""
        state, statistics = self._state, self.statistics
        if state.active_label != BACKGROUND:
            colour = QColor.fromRgbF(*state.table.colour_of(state.active_label))
            for t in statistics.frames_with(state.active_label):
                column = self._columns(t, 1)
                column.setTop(1)
                column.setHeight(PRESENCE_HEIGHT)
                painter.fillRect(column, colour)
        scale = max((FULL_CHANGE, *statistics.changed))
        points = []
        for t, changed in enumerate(statistics.changed):
            column = self._columns(t, 1, changed / scale)
            points += [column.topLeft(), column.topRight()]
        painter.setPen(QPen(QColor(CHANGED), LINE_WIDTH))
        painter.drawPolyline(QPolygonF(points))

    def _compare(self, _entry: object = None) -> None:
        """Compute the statistics of the current prediction, if it is another one."""
        predictions = self._annotator.history.predictions
        if all(a is b for a, b in zip(predictions, self._compared, strict=True)):
            return
        self._jobs.cancel()
        self._compared, self.statistics = predictions, LabelStatistics()
        labels, previous = predictions
        if labels is not None:
            self._jobs.start(label_statistics(labels, previous), self._show)
        self.update()

    def _show(self, statistics: LabelStatistics) -> None:
        self.statistics = statistics
        self.update()

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
