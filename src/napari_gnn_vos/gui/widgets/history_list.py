"""Dialog with the list of all actions; a click goes to one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import (
    QDialog,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.gui.widgets.actions import ActionButton, Attempt
from napari_gnn_vos.gui.widgets.sections import make_label, make_row
from napari_gnn_vos.gui.widgets.style import style_sheet

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.tools.history import HistoryItem

SIZE = 300, 400
FRAMES_SHOWN = 4


class HistoryDialog(QDialog):
    """List the actions on the video, oldest first; undone ones are in italics.

    A click on an action undoes or redoes up to it, and shows its frame.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    parent : QWidget
    """

    def __init__(self, annotator: Annotator, attempt: Attempt, parent: QWidget) -> None:
        super().__init__(parent)
        self._annotator, self._attempt = annotator, attempt
        self._items: tuple[HistoryItem, ...] = ()
        self.setWindowTitle("History")
        self.setStyleSheet(style_sheet(annotator.viewer.theme))
        self.resize(*SIZE)
        self.rows = QListWidget()
        self.rows.setObjectName("objects")
        self.rows.itemClicked.connect(self._go_to)
        self.undo = ActionButton("undo", annotator, attempt)
        self.redo = ActionButton("redo", annotator, attempt)
        column = QVBoxLayout(self)
        column.addWidget(self.rows)
        column.addWidget(make_label("hint", "A click goes to an action."))
        column.addWidget(make_row(self.undo, self.redo))
        annotator.state_changed.connect(self._refresh)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """List the present actions."""
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        state = self._annotator.state
        self.undo.setEnabled(state.can_undo)
        self.redo.setEnabled(state.can_redo)
        self.rows.setEnabled(not state.busy)
        items = self._annotator.history.items
        if items != self._items:
            self._items = items
            self._fill()

    def _fill(self) -> None:
        self.rows.clear()
        for item in self._items:
            row = QListWidgetItem(describe(item))
            font = row.font()
            font.setItalic(item.undone)
            row.setFont(font)
            row.setToolTip(f"After {item.rounds} rounds")
            self.rows.addItem(row)
            if item.current:
                self.rows.setCurrentItem(row)
                self.rows.scrollToItem(row)

    def _go_to(self, row: QListWidgetItem) -> None:
        index = self.rows.row(row)
        self._attempt(partial(self._annotator.history.go_to, index))


def describe(item: HistoryItem) -> str:
    """Return the action and its frames as a line.

    Examples
    --------
    >>> from napari_gnn_vos.gui.tools.history import HistoryItem
    >>> describe(HistoryItem("round 2", (3, 7), 2, True, False))
    'Round 2 · frames 3, 7'
    """
    text = item.action[:1].upper() + item.action[1:]
    frames = item.frames
    if not frames or text.endswith(f"frame {frames[0]}"):
        return text
    shown = ", ".join(map(str, frames[:FRAMES_SHOWN]))
    more = ", ..." if len(frames) > FRAMES_SHOWN else ""
    return f"{text} · frame{'s' if len(frames) > 1 else ''} {shown}{more}"
