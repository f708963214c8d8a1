"""The dock widget: its layout, and the section that shows status and progress."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.controller.history import HistoryEndError
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.annotation_sections import (
    DrawingSection,
    PredictionSection,
)
from napari_gnn_vos.gui.widgets.dialogs import Dialogs, confirm_by_dialog
from napari_gnn_vos.gui.widgets.elements import (
    SPACING,
    Section,
    StepBar,
    make_column,
    make_label,
    make_row,
    make_scroll_area,
    style_sheet,
)
from napari_gnn_vos.gui.widgets.object_list import ObjectList
from napari_gnn_vos.gui.widgets.project_section import ProjectSection
from napari_gnn_vos.gui.widgets.video_section import VideoSection

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

MIN_WIDTH = 270
"""Smallest width of the widget in pixels."""
MARGIN = 9
"""Left and right margin in pixels."""
GROUP_SPACING = 4
"""Pixels between two groups of sections, in addition to that between rows."""
PROGRESS_INTERVAL = 250
"""Milliseconds between two updates of the progress. Each one composes the whole window
anew, because of its OpenGL canvas, on all cores if it is rendered by software."""


class AnnotateWidget(QWidget):
    """Choose a video, draw, predict and correct.

    Parameters
    ----------
    annotator : Annotator
        Performs all actions; scripts can use it at the same time.
    """

    def __init__(self, annotator: Annotator) -> None:
        super().__init__()
        self.annotator = annotator
        self._shown: ViewState | None = None
        annotator.confirm = partial(confirm_by_dialog, self)
        self.project = ProjectSection(annotator, self.attempt)
        self.video = VideoSection(annotator, self.attempt)
        self.drawing = DrawingSection(annotator, self.attempt)
        self.prediction = PredictionSection(annotator, self.attempt)
        self.status = StatusSection(annotator, self.attempt)
        self.dialogs = Dialogs(self, annotator, self.attempt)
        self._progress_timer = QTimer(self)
        self._progress_timer.setSingleShot(True)
        self._progress_timer.setInterval(PROGRESS_INTERVAL)
        self._progress_timer.timeout.connect(self._show_progress)
        self._arrange()
        self.apply_theme(annotator.viewer.theme)
        annotator.state_changed.connect(self._refresh_changed)
        annotator.projects.changed.connect(self._refresh)
        annotator.controller.failed.connect(show_error)
        self._refresh()

    def attempt(self, action: Callable[[], object]) -> None:
        """Call `action`, and report a `GnnVosError` to the user."""
        controller = self.annotator.controller
        try:
            action()
        except HistoryEndError as error:
            controller.report(str(error))
        except GnnVosError as error:
            if controller.jobs.busy:  # the message about the job is kept
                show_info(str(error))
            else:
                controller.report(str(error))
                show_error(str(error))
        self._refresh()

    def apply_theme(self, theme: str) -> None:
        """Use the colours of a napari theme."""
        self.setStyleSheet(style_sheet(theme))

    def _arrange(self) -> None:
        """Arrange the sections in a column that scrolls, and the status below it."""
        self.setMinimumWidth(MIN_WIDTH)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setSpacing(SPACING)
        column.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        column.addWidget(self.project)
        column.addWidget(self.video)
        column.addWidget(self.drawing, 1)
        column.addSpacing(GROUP_SPACING)
        column.addWidget(self.prediction)
        self.area = make_scroll_area(content)
        self.area.setObjectName("annotate")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.area)
        self.status.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        column.addWidget(self.status)
        for kind in (QPushButton, QCheckBox, QComboBox, ObjectList):
            for widget in self.findChildren(kind):  # the canvas keeps the key focus
                widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _refresh_changed(self) -> None:
        """Show the state; steps of a job change the status only, at intervals."""
        state = self.annotator.state
        if state.progress is None or state.without_progress != self._shown:
            self._refresh()
        elif not self._progress_timer.isActive():
            self._progress_timer.start()

    def _show_progress(self) -> None:
        """Show the progress, and draw the window once for the bar and the texts."""
        self.status.setUpdatesEnabled(False)
        self.status.show_state(self.annotator.state)
        self.status.setUpdatesEnabled(True)

    def _refresh(self) -> None:
        state = self.annotator.state
        self._shown = state.without_progress
        for section in (
            self.project,
            self.video,
            self.drawing,
            self.prediction,
            self.status,
        ):
            section.show_state(state)


class StatusSection(Section):
    """Show message, next step and progress; the tooltip names the network."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self.message, self.hint = (
            make_label("status", lines=2),
            make_label("hint", lines=2),
        )
        self.bar, self.time_left = StepBar(), make_label("caption")
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
            self.bar.show_step(step)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Fix the height, after the hidden page has received its style, too."""
        for widget in self._pages.findChildren(QWidget):
            widget.ensurePolished()
        pages = [self._pages.widget(index) for index in range(self._pages.count())]
        self._pages.setFixedHeight(max(page.sizeHint().height() for page in pages))
        super().showEvent(event)

    def _make_pages(self) -> QStackedWidget:
        """Stack requirements of a preparation and progress, with a fixed height."""
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
