"""Buttons, lists and lines of text of the dock widget, in one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.gui.object_list import ObjectList
from napari_gnn_vos.gui.style import style_sheet
from napari_gnn_vos.gui.video_choice import VideoChoice

if TYPE_CHECKING:
    from napari_gnn_vos.gui.annotator import Annotator

LEAST_WIDTH = 270


class Controls(QWidget):
    """Everything a person sees; what it does is connected elsewhere.

    Parameters
    ----------
    annotator : Annotator
        Whose viewer and pen are shown.
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self.video = VideoChoice(annotator.viewer)
        self.objects = ObjectList(annotator.pen)
        self.prepare = button(
            "prepare",
            "Prepare",
            "Compute motion and superpixels, once per video; kept on the disk",
        )
        self.brush = tool(
            "brush", "Brush", "Paint strokes; the layer's controls have an eraser"
        )
        self.lines = tool(
            "lines",
            "Lines",
            "Draw thin lines with the mouse; they can be selected, moved and deleted",
        )
        self.add = button("add", "Add object", "One more object to label (N)")
        self.remove = button(
            "remove", "Remove", "Take the chosen object away, and its strokes"
        )
        self.predict = button(
            "predict", "Predict", "Label the whole video from all strokes (G)"
        )
        self.live = QCheckBox("Predict after every stroke")
        self.live.setToolTip("Answer whenever something was painted or erased")
        self.look = button(
            "look",
            "Least sure frame",
            "Go to the frame that is likeliest to be wrong, then to the next (W)",
        )
        self.undo = button(
            "undo", "Undo", "Take back the last round and its strokes (U)"
        )
        self.redo = button(
            "redo", "Redo", "Bring back the round that was taken back last (Shift+U)"
        )
        self.reset = button("reset", "Reset", "Clear all strokes and the answer")
        self.cancel = button("cancel", "Cancel", "Stop at the next frame")
        self.bar, self.status, self.hint = QProgressBar(), text("status"), text("hint")
        self.model = text("caption")
        self.wear(annotator.viewer.theme)
        self.setMinimumWidth(LEAST_WIDTH)
        self._arrange()
        others = (self.live, self.video, self.objects)
        for widget in (*self.findChildren(QPushButton), *others):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # keys stay the canvas's

    def wear(self, theme: str) -> None:
        """Take the colours of a theme of napari."""
        self.setStyleSheet(style_sheet(theme))

    def _arrange(self) -> None:
        self._tools = QButtonGroup(self)
        for choice in (self.brush, self.lines):
            self._tools.addButton(choice)
        column = QVBoxLayout(self)
        column.setSpacing(6)
        column.addWidget(text("caption", "Video"))
        column.addWidget(self.video)
        column.addWidget(self.prepare)
        column.addWidget(text("caption", "Draw"))
        column.addLayout(row(self.brush, self.lines))
        column.addWidget(self.objects)
        column.addLayout(row(self.add, self.remove))
        column.addSpacing(8)
        column.addWidget(self.predict)
        column.addWidget(self.live)
        column.addLayout(row(self.undo, self.redo, self.reset))
        column.addWidget(self.look)
        column.addSpacing(8)
        column.addWidget(self.status)
        column.addWidget(self.hint)
        column.addWidget(self.model)
        column.addWidget(self.bar)
        column.addWidget(self.cancel)
        column.addStretch(1)


def button(name: str, label: str, tip: str) -> QPushButton:
    """Make a button."""
    made = QPushButton(label)
    made.setObjectName(name)
    made.setToolTip(tip)
    return made


def tool(name: str, label: str, tip: str) -> QPushButton:
    """Make one of several buttons of which one is down."""
    made = button(name, label, tip)
    made.setCheckable(True)
    return made


def text(name: str, words: str = "") -> QLabel:
    """Make a line of text, which wraps rather than widening the column."""
    made = QLabel(words)
    made.setObjectName(name)
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def row(*widgets: QWidget) -> QLayout:
    """Lay widgets side by side, equally wide."""
    made = QGridLayout()
    for place, widget in enumerate(widgets):
        made.addWidget(widget, 0, place)
        made.setColumnStretch(place, 1)
    return made
