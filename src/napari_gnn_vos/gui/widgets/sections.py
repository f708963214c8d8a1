"""Sections of the dock widget: video, prediction and status."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, get_args

from magicgui.widgets import CheckBox, ComboBox, Container
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QGridLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.config import Quality
from napari_gnn_vos.gui.widgets.actions import ActionButton, Attempt, add_to_menu
from napari_gnn_vos.gui.widgets.video_chooser import VideoChooser

if TYPE_CHECKING:
    from napari.layers import Image
    from qtpy.QtGui import QShowEvent

    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.controller.view_state import ViewState


TEXT_PADDING = 8
"""Pixels above and below the text of a label in napari's style."""
SPACING = 4
"""Pixels between two rows."""


class Section(QWidget):
    """A column of widgets that shows a part of the state.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        self._annotator, self._attempt = annotator, attempt
        self._button = partial(ActionButton, annotator=annotator, attempt=attempt)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING)

    def show_state(self, state: ViewState) -> None:
        """Show a state of the annotation."""
        raise NotImplementedError

    def _arrange(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self._column.addWidget(widget)


class VideoSection(Section):
    """Choose and prepare a video."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
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
        self.model = ComboBox(
            label="Model",
            choices=lambda _combo: annotator.models.names,
            value=annotator.models.name,
            tooltip="Predicts the next rounds; Train a model makes further ones",
        )
        self.model.changed.connect(self._set_model)
        self.settings = Container(widgets=[self.quality, self.model])
        self.settings.margins = (0, 0, 0, 0)
        self.prepare, self.reset = self._button("prepare"), self._button("reset")
        self._arrange(
            self.chooser.native,
            self.settings.native,
            make_row(self.prepare, self.reset),
        )

    def show_state(self, state: ViewState) -> None:
        """Show which video is open and whether it is prepared."""
        self.chooser.refresh()
        self.chooser.native.setEnabled(not state.busy)
        self.quality.enabled = not (state.busy or state.prepared)
        with self.quality.changed.blocked():
            self.quality.value = state.quality
        self._show_model(state)
        self.prepare.setEnabled(state.can_prepare)
        self.prepare.setText("Prepared" if state.prepared else "Prepare")
        self.prepare.highlight(state.next_action == "prepare")
        self.reset.setEnabled(state.ready)

    def _open(self, image: Image | None) -> None:
        self._attempt(lambda: self._annotator.open(image))

    def _show_model(self, state: ViewState) -> None:
        models = self._annotator.models
        self.model.enabled = not state.busy
        with self.model.changed.blocked():
            if models.name not in self.model.choices:
                self.model.reset_choices()
            self.model.value = models.name

    def _set_model(self, name: str) -> None:
        self._attempt(lambda: self._annotator.models.choose(name))

    def _set_quality(self, quality: Quality) -> None:
        self._annotator.controller.quality = quality
        self._annotator.preferences.change(quality=quality)


class PredictionSection(Section):
    """Predict, undo, redo and review."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self.predict = self._button("predict")
        self.auto_predict = CheckBox(
            text="Predict every stroke",
            tooltip="Predict whenever something was painted or erased",
        )
        self.auto_predict.changed.connect(self._set_auto_predict)
        self.range = self._make_range_menu()
        self.undo, self.redo = self._button("undo"), self._button("redo")
        self.history = self._button("window.show_history")
        self.most_uncertain = self._button("go_to_most_uncertain_frame")
        self.accept = self._button("toggle_accepted")
        self._arrange(
            make_row(self.predict, self.range),
            self.auto_predict.native,
            make_row(self.undo, self.redo, self.history),
            self.most_uncertain,
            self.accept,
        )

    def show_state(self, state: ViewState) -> None:
        """Enable the actions that are possible."""
        self.predict.setEnabled(state.ready)
        self.predict.highlight(state.next_action == "predict")
        self.range.setEnabled(state.ready)
        first, last = state.marks
        is_marked = state.marks != (None, None)
        bounds = ("" if mark is None else str(mark) for mark in (first, last))
        self.range.setText(f"Range {' to '.join(bounds)}" if is_marked else "Range")
        self.undo.setEnabled(state.can_undo)
        self.redo.setEnabled(state.can_redo)
        self.history.setEnabled(state.video_open)
        self.most_uncertain.setEnabled(state.rounds > 0)
        self.accept.setEnabled(state.rounds > 0 and not state.busy)
        count = len(state.accepted)
        self.accept.setText(
            f"Accept frame ({count} accepted)" if count else "Accept frame"
        )
        self.most_uncertain.highlight(state.next_action == "most_uncertain")
        with self.auto_predict.changed.blocked():
            self.auto_predict.value = state.auto_predict

    def _make_range_menu(self) -> QPushButton:
        button = QPushButton("Range")
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        button.setToolTip("Predict some frames only; the labels of others stay")
        menu = QMenu(button)
        for method in ("set_in", "set_out", "clear"):
            add_to_menu(menu, f"ranges.{method}", self._annotator, self._attempt)
        menu.addSeparator()
        for method in ("predict", "predict_from_here", "predict_next"):
            add_to_menu(menu, f"ranges.{method}", self._annotator, self._attempt)
        button.setMenu(menu)
        return button

    def _set_auto_predict(self, enabled: bool) -> None:
        self._annotator.auto_predict.enabled = enabled
        self._annotator.preferences.change(auto_predict=enabled)


class StatusSection(Section):
    """Message, next step and progress; the network is in the tooltip."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self.message, self.hint = (
            make_label("status", lines=2),
            make_label("hint", lines=2),
        )
        self.bar, self.time_left = QProgressBar(), make_label("caption")
        self.cancel = self._button("cancel")
        self.requirements = make_label("requirements", lines=2)
        self._arrange(self.message, self.hint, self._make_pages())

    def show_state(self, state: ViewState) -> None:
        """Show the message, the hint and the progress of the running job."""
        self.message.setText(state.message)
        lines = state.message, state.details
        self.message.setToolTip("\n".join(line for line in lines if line))
        self.hint.setText(state.hint)
        self._pages.setCurrentIndex(int(state.busy))
        needed = f"Preparation: {state.requirements}"
        shown = state.can_prepare and bool(state.requirements)
        self.requirements.setText(needed if shown else "")
        self.time_left.setText(state.time_left)
        step = state.progress
        if step is not None:
            self.bar.setFormat(f"{step.stage.capitalize()}  %v / %m")
            self.bar.setMaximum(step.total)
            self.bar.setValue(step.done)  # last, because it repaints the bar at once

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Fix the height; a hidden page counts with the style that it will have."""
        for widget in self._pages.findChildren(QWidget):
            widget.ensurePolished()
        pages = [self._pages.widget(index) for index in range(self._pages.count())]
        self._pages.setFixedHeight(max(page.sizeHint().height() for page in pages))
        super().showEvent(event)

    def _make_pages(self) -> QStackedWidget:
        """Stack what a preparation needs and the progress, in a constant height."""
        self._pages = QStackedWidget()
        for page in (
            (self.requirements,),
            (self.bar, make_row(self.time_left, self.cancel)),
        ):
            column = make_column(*page)
            column.layout().addStretch()
            self._pages.addWidget(column)
        self._pages.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed
        )
        return self._pages


class TextLabel(QLabel):
    """A label that wraps its text instead of widening the column.

    Parameters
    ----------
    lines : int
        Height in lines of text, whatever the text; 0 for the height of the text.
    """

    def __init__(self, text: str, lines: int) -> None:
        super().__init__(text)
        self._lines = lines
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if lines:
            self.setAlignment(Qt.AlignmentFlag.AlignTop)
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size of the text, or of a number of lines."""
        return self._with_fixed_height(super().sizeHint())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the least size; its height is that of :meth:`sizeHint`."""
        return self._with_fixed_height(super().minimumSizeHint())

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height, for any width if the number of lines is fixed."""
        return self._fixed_height or int(super().heightForWidth(width))

    @property
    def _fixed_height(self) -> int:
        lines = self._lines * self.fontMetrics().lineSpacing()
        return lines + TEXT_PADDING if lines else 0

    def _with_fixed_height(self, size: QSize) -> QSize:
        if self._lines:
            size.setHeight(self._fixed_height)
        return size


def make_label(name: str, text: str = "", lines: int = 0) -> TextLabel:
    """Create a label with an object name, see `TextLabel`."""
    label = TextLabel(text, lines)
    label.setObjectName(name)
    return label


def make_column(*widgets: QWidget) -> QWidget:
    """Arrange widgets below each other."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACING)
    for widget in widgets:
        layout.addWidget(widget)
    return column


def make_row(*widgets: QWidget) -> QWidget:
    """Arrange widgets side by side with equal widths, or more where a text needs it."""
    row = QWidget()
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    for column, widget in enumerate(widgets):
        grid.addWidget(widget, 0, column)
        grid.setColumnStretch(column, 1)
    return row
