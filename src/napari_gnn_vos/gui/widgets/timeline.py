"""Timeline below the canvas: uncertainty and annotation of the frames of a video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_gnn_vos.controller.messages import describe_count
from napari_gnn_vos.gui.widgets.elements import ACCENT
from napari_gnn_vos.structures.scribbles import BACKGROUND

if TYPE_CHECKING:
    from napari_gnn_vos.controller.object_table import ObjectTable
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

HEIGHT, MARGIN, BAR_HEIGHT = 51, 8, 26
BOTTOM = MARGIN + BAR_HEIGHT
"""Lower end of the bars in pixels."""
MIN_COLUMN = 2
"""Smallest width of a column in pixels."""
PRESENCE_HEIGHT, MARK_HEIGHT, ROW_HEIGHT = 3, 4, 5
"""Heights in pixels of the strip of the selected object, of a mark, and of a row of
marks."""
UNCERTAIN, DRAWN, ACCEPTED, RANGE = "#ff924c", ACCENT, "#8ac926", "#c48af7"
ABSENT, LOCKED, CHANGED = "#ff5a5f", "#9aa0a6", "#00a6d6"
LINE_WIDTH = 2
MAX_NAMED = 5
"""Largest number of locked or absent objects that the tooltip names."""
FULL_BAR = 0.4
"""Uncertainty of a bar of full height; larger if a frame has more."""
FULL_CHANGE = 0.2
"""Share of changed pixels at full height; larger if a frame has more."""
LEGEND = (
    "Orange: uncertainty. Light blue line: change since the last round. Strip above: "
    "frames with the selected object. Below: strokes (blue), accepted (green), absent "
    "objects (red), locked objects (grey). Violet: in and out marks. Click to go to a "
    "frame."
)


@dataclass(frozen=True, slots=True)
class FrameColumns:
    """Columns of equal width that show the frames of a video from left to right.

    In a narrow widget, several consecutive frames share a column.

    Parameters
    ----------
    frames : int
        Number of frames, 1 or more.
    left, width : float
        Left edge and total width in pixels.
    """

    frames: int
    left: float
    width: float

    @property
    def count(self) -> int:
        """Number of columns."""
        return min(self.frames, max(int(self.width / MIN_COLUMN), 1))

    def edge(self, column: int) -> float:
        """Return the left edge of a column in pixels."""
        return self.left + column * self.width / self.count

    def spans(self, frames: Iterable[int]) -> list[tuple[float, float]]:
        """Return left edge and width of each run of columns with one of the frames."""
        numbers = np.fromiter(frames, np.int64)
        numbers = numbers[(numbers >= 0) & (numbers < self.frames)]
        marked = np.zeros(self.count + 2, np.int8)
        marked[1 + numbers * self.count // self.frames] = 1
        edges = np.flatnonzero(np.diff(marked)).tolist()
        return [
            (self.edge(start), self.edge(stop) - self.edge(start))
            for start, stop in zip(edges[::2], edges[1::2], strict=True)
        ]

    def largest(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Return the largest of the values, one per frame, in each column."""
        first = -(-np.arange(self.count) * self.frames // self.count)
        return np.maximum.reduceat(np.asarray(values, np.float64), first)

    def outline(self, heights: Iterable[float], bottom: float) -> list[QPointF]:
        """Return the upper edges of bars from left to right; heights in pixels."""
        return [
            QPointF(self.edge(column + side), bottom - height)
            for column, height in enumerate(heights)
            for side in (0, 1)
        ]


class Timeline(QWidget):
    """Show all frames of a video as columns; a click goes to a frame.

    Orange bars show the uncertainty of the prediction; the highest bar is the most
    uncertain frame, if its uncertainty is above 0.4. A light blue line shows the share
    of object pixels that changed since the last round, and a strip in the colour of
    the selected object the frames where it is predicted. Three rows of marks show
    frames with strokes (blue) and accepted frames (green), frames where an object is
    annotated as absent (red), and frames with a locked object (grey). A violet frame
    encloses the frames between in and out marks, and a line is at the displayed frame.
    The tooltip describes the frame under the mouse.

    Parameters
    ----------
    annotator : Annotator
        Its state is shown; its controller computes the statistics of labels.
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self._annotator = annotator
        self._state: ViewState = annotator.state.without_progress
        self._picture: QPixmap | None = None  # without the line; None if outdated
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        annotator.state_changed.connect(self._refresh)
        annotator.viewer.dims.events.point.connect(self._on_slider)

    def stop(self) -> None:
        """Disconnect from the annotator and the viewer."""
        self._annotator.state_changed.disconnect(self._refresh, missing_ok=True)
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
        statistics, table = state.statistics, state.table
        present = statistics.present[frame] if statistics.present else ()
        if state.uncertainty:
            parts.append(f"uncertainty {state.uncertainty[frame]:.2f}")
        if statistics.changed:
            parts.append(f"{statistics.changed[frame]:.0%} changed")
        if statistics.present:
            parts.append(describe_count(len(present), "object"))
        parts += ["strokes"] if frame in state.drawn else []
        parts += ["accepted"] if frame in state.accepted else []
        absent = [label for t, label in sorted(table.absent) if t == frame]
        parts += _listed(table, absent, "absent")
        parts += _listed(table, [x for x in present if x in table.locked], "locked")
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
        """Follow the mouse through the frames while the button is pressed."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw the columns again in the colours of another theme."""
        self._picture = None
        super().changeEvent(event)

    def resizeEvent(self, _event: QEvent) -> None:  # noqa: N802
        """Draw the columns again in another width."""
        self._picture = None

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint the columns, which are drawn once for each state, and the line."""
        if self._picture is None:
            ratio = self.devicePixelRatioF()
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._picture)
            draw_columns(painter, self._state, self._columns, self.palette())
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if self._state.frames:
            width = self._columns.width / self._state.frames
            x = MARGIN + (self._annotator.frame + 0.5) * width - LINE_WIDTH / 2
            line = QRectF(x, MARGIN - 4, LINE_WIDTH, BAR_HEIGHT + 8)
            painter.fillRect(line, self.palette().text())
        painter.end()

    @property
    def _columns(self) -> FrameColumns:
        return FrameColumns(self._state.frames or 1, MARGIN, self.width() - 2 * MARGIN)

    def _go_to(self, event: QMouseEvent) -> None:
        if self._state.frames:
            self._annotator.go_to(self.frame_at(event.position().x()))

    def _refresh(self) -> None:
        state = self._annotator.state.without_progress
        if state != self._state:
            self._state, self._picture = state, None
            self.update()

    def _on_slider(self) -> None:
        self.update()


def draw_columns(
    painter: QPainter, state: ViewState, columns: FrameColumns, palette: QPalette
) -> None:
    """Draw what a timeline shows of a state, except for the displayed frame.

    Parameters
    ----------
    painter : QPainter
        Its origin is that of the timeline.
    state : ViewState
    columns : FrameColumns
        Columns of the frames of the video.
    palette : QPalette
        Colours of the background.
    """
    bars = QRectF(columns.left, MARGIN, columns.width, BAR_HEIGHT)
    painter.fillRect(bars, palette.base() if state.frames else palette.window())
    uncertainty, changed = state.uncertainty, state.statistics.changed
    if uncertainty:
        corners = [QPointF(bars.right(), BOTTOM), QPointF(bars.left(), BOTTOM)]
        outline = _outline(columns, uncertainty, FULL_BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(UNCERTAIN))
        painter.drawPolygon(QPolygonF(outline + corners))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    for frames, top, height, colour in _marks(state):
        for left, width in columns.spans(frames):
            painter.fillRect(QRectF(left, top, width, height), colour)
    if changed:
        painter.setPen(QPen(QColor(CHANGED), LINE_WIDTH))
        painter.drawPolyline(QPolygonF(_outline(columns, changed, FULL_CHANGE)))
    painter.setPen(QPen(QColor(RANGE), LINE_WIDTH))
    for left, width in columns.spans(state.marked_frames):
        painter.drawRect(QRectF(left, MARGIN - 3, width, BAR_HEIGHT + 3))


def _outline(
    columns: FrameColumns, values: Sequence[float], full: float
) -> list[QPointF]:
    """Return the upper edges of bars; `full` or a larger value has the full height."""
    heights = columns.largest(values) / max(full, *values) * BAR_HEIGHT
    return columns.outline(heights, BOTTOM)


def _marks(state: ViewState) -> Iterator[tuple[Iterable[int], int, int, QColor]]:
    """Yield the frames of each kind of mark with its top, height and colour."""
    table, statistics, label = state.table, state.statistics, state.active_label
    absent = {frame for frame, _ in table.absent}
    for row, frames, colour in (
        (0, state.drawn, DRAWN),
        (0, state.accepted, ACCEPTED),
        (1, absent, ABSENT),
        (2, statistics.frames_with(table.locked), LOCKED),
    ):
        yield frames, BOTTOM + 1 + row * ROW_HEIGHT, MARK_HEIGHT, QColor(colour)
    if label != BACKGROUND:
        own_colour = QColor.fromRgbF(*table.colour_of(label))
        yield statistics.frames_with([label]), 1, PRESENCE_HEIGHT, own_colour


def _listed(table: ObjectTable, labels: list[int], state: str) -> list[str]:
    """Describe objects by name and state; of many, only the first ones are named."""
    parts = [f"{table.name_of(label)} {state}" for label in labels[:MAX_NAMED]]
    hidden = len(labels) - MAX_NAMED
    return [*parts, f"{hidden} more {state}"] if hidden > 0 else parts
