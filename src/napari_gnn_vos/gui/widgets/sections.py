"""Sections of the dock widget: video, drawing, prediction and status."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from magicgui.widgets import CheckBox, ComboBox, Container
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.config import Quality
from napari_gnn_vos.gui.widgets.object_list import ObjectList
from napari_gnn_vos.gui.widgets.video_chooser import VideoChooser

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.controller.view_state import ViewState

Attempt = Callable[[Callable[[], object]], None]
"""Calls a function and reports its errors."""


class VideoSection(QWidget):
    """Choose and prepare a video.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        self._annotator, self._attempt = annotator, attempt
        self.chooser = VideoChooser(annotator.viewer, lambda: annotator.state.image)
        self.chooser.picked.connect(self._open)
        self.quality = ComboBox(
            label="Quality",
            choices=get_args(Quality),
            value=annotator.state.quality,
            tooltip="Of superpixels and motion, used by the next preparation; a better "
            "quality takes longer",
        )
        self.quality.changed.connect(self._set_quality)
        self.settings = Container(widgets=[self.quality])
        self.settings.margins = (0, 0, 0, 0)
        self.prepare = make_button(
            "prepare",
            "Prepare",
            "Compute superpixels and motion, once per video; kept on disk",
            lambda: attempt(annotator.prepare),
        )
        arrange_column(
            self,
            make_label("caption", "Video"),
            self.chooser.native,
            self.settings.native,
            self.prepare,
        )

    def show_state(self, state: ViewState) -> None:
        """Show which video is open and whether it is prepared."""
        self.chooser.refresh()
        self.chooser.native.setEnabled(not state.busy)
        self.quality.enabled = not (state.busy or state.prepared)
        with self.quality.changed.blocked():
            self.quality.value = state.quality
        self.prepare.setEnabled(state.can_prepare)
        self.prepare.setText("Prepared" if state.prepared else "Prepare")

    def _open(self, image: Image | None) -> None:
        self._attempt(lambda: self._annotator.open(image))

    def _set_quality(self, quality: Quality) -> None:
        self._annotator.controller.quality = quality


class DrawingSection(QWidget):
    """Choose the tool and the label that is drawn next.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        active = annotator.active_label
        self.brush = make_button(
            "brush",
            "Brush",
            "Paint strokes; the layer's controls have an eraser",
            lambda: attempt(lambda: active.choose(active.label, "brush")),
        )
        self.lines = make_button(
            "lines",
            "Lines",
            "Draw thin lines with the mouse; they can be selected, moved and deleted",
            lambda: attempt(lambda: active.choose(active.label, "lines")),
        )
        self.objects = ObjectList(active)
        self.add = make_button(
            "add",
            "Add object",
            "Add an object to the list (N)",
            lambda: attempt(active.add_object),
        )
        self.remove = make_button(
            "remove",
            "Remove",
            "Remove the chosen object and its strokes",
            lambda: attempt(lambda: annotator.remove(active.label)),
        )
        self._tools = QButtonGroup(self)
        for tool in (self.brush, self.lines):
            tool.setCheckable(True)
            self._tools.addButton(tool)
        arrange_column(
            self,
            make_label("caption", "Draw"),
            make_row(self.brush, self.lines),
            self.objects,
            make_row(self.add, self.remove),
        )

    def show_state(self, state: ViewState) -> None:
        """Show the list of labels, the active label and the tool."""
        self.objects.show_state(state)
        (self.lines if state.tool == "lines" else self.brush).setChecked(True)
        self.remove.setEnabled(state.can_remove)


class PredictionSection(QWidget):
    """Predict, undo, redo and review.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        self._annotator = annotator
        self.predict = make_button(
            "predict",
            "Predict",
            "Label the whole video from all strokes (G)",
            lambda: attempt(annotator.predict),
        )
        self.auto_predict = CheckBox(
            text="Predict after every stroke",
            tooltip="Predict whenever something was painted or erased",
        )
        self.auto_predict.changed.connect(self._set_auto_predict)
        self.undo = make_button(
            "undo",
            "Undo",
            "Undo the last round and its strokes (U)",
            lambda: attempt(annotator.undo),
        )
        self.redo = make_button(
            "redo",
            "Redo",
            "Restore the round that was undone last (Shift+U)",
            lambda: attempt(annotator.redo),
        )
        self.reset = make_button(
            "reset",
            "Reset",
            "Clear all strokes and the prediction",
            lambda: attempt(annotator.reset),
        )
        self.most_uncertain = make_button(
            "most_uncertain",
            "Most uncertain frame",
            "Go to the frame that is most likely to be wrong, then to the next (W)",
            lambda: attempt(annotator.go_to_most_uncertain_frame),
        )
        arrange_column(
            self,
            self.predict,
            self.auto_predict.native,
            make_row(self.undo, self.redo, self.reset),
            self.most_uncertain,
        )

    def show_state(self, state: ViewState) -> None:
        """Enable the actions that are possible."""
        self.predict.setEnabled(state.ready)
        self.reset.setEnabled(state.ready)
        self.undo.setEnabled(state.can_undo)
        self.redo.setEnabled(state.can_redo)
        self.most_uncertain.setEnabled(state.rounds > 0)
        with self.auto_predict.changed.blocked():
            self.auto_predict.value = state.auto_predict

    def _set_auto_predict(self, enabled: bool) -> None:
        self._annotator.auto_predict.enabled = enabled


class StatusSection(QWidget):
    """Message, next step, model and progress.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        self.message, self.hint = make_label("status"), make_label("hint")
        self.model, self.bar = make_label("caption"), QProgressBar()
        self.cancel = make_button(
            "cancel",
            "Cancel",
            "Stop at the next frame",
            lambda: attempt(annotator.cancel),
        )
        arrange_column(self, self.message, self.hint, self.model, self.bar, self.cancel)

    def show_state(self, state: ViewState) -> None:
        """Show the message, the hint and the progress of the running job."""
        self.message.setText(state.message)
        self.hint.setText(state.hint)
        self.model.setText(state.model)
        self.model.setVisible(bool(state.model))
        self.bar.setVisible(state.busy)
        self.cancel.setVisible(state.busy)
        step = state.progress
        if step is not None:
            self.bar.setFormat(f"{step.stage.capitalize()}  %v / %m")
            self.bar.setMaximum(step.total)
            self.bar.setValue(step.done)  # last, because it repaints the bar at once


def make_button(
    name: str, text: str, tooltip: str, action: Callable[[], None]
) -> QPushButton:
    """Create a button that calls `action` when it is clicked."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tooltip)
    button.clicked.connect(lambda _checked=False: action())
    return button


def make_label(name: str, text: str = "") -> QLabel:
    """Create a label that wraps its text instead of widening the column."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def make_row(*widgets: QWidget) -> QWidget:
    """Arrange widgets side by side with equal widths."""
    row = QWidget()
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    for column, widget in enumerate(widgets):
        grid.addWidget(widget, 0, column)
        grid.setColumnStretch(column, 1)
    return row


def arrange_column(section: QWidget, *widgets: QWidget) -> None:
    """Arrange the widgets of a section in a column."""
    column = QVBoxLayout(section)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    for widget in widgets:
        column.addWidget(widget)
