"""The dock widget: sections that show one state, and dialogs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.controller.history import HistoryEndError
from napari_gnn_vos.controller.view_state import ViewState
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.annotator import Annotator
from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.annotation_sections import (
    DrawingSection,
    PredictionSection,
    StatusSection,
)
from napari_gnn_vos.gui.widgets.dialogs import (
    HistoryDialog,
    KeyOverview,
    SettingsDialog,
    confirm_by_dialog,
)
from napari_gnn_vos.gui.widgets.elements import SPACING, style_sheet
from napari_gnn_vos.gui.widgets.input_sections import ProjectSection, VideoSection
from napari_gnn_vos.gui.widgets.object_list import ObjectList

MIN_WIDTH = 270
"""Pixels."""
MARGIN = 9
"""Pixels at both sides."""
GROUP_SPACING = 4
"""Pixels between two groups of sections, in addition to that between rows."""
PROGRESS_INTERVAL = 100
"""Milliseconds between two updates of the progress. Each one composes the whole window
anew, because of its OpenGL canvas."""


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
        self.video: VideoSection = VideoSection(annotator, self.attempt)
        self.drawing: DrawingSection = DrawingSection(annotator, self.attempt)
        self.prediction: PredictionSection = PredictionSection(annotator, self.attempt)
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
        """Call `action`, and report an expected error."""
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
        self.area = area = QScrollArea()
        area.setObjectName("annotate")
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
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
        self.status.show_state(self.annotator.state)

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


class Dialogs:
    """Show what `WindowTools` of the annotator requests.

    Parameters
    ----------
    widget : AnnotateWidget
        Parent of the dialogs; the tour points at its buttons.
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(
        self, widget: AnnotateWidget, annotator: Annotator, attempt: Attempt
    ) -> None:
        self._widget, self._annotator, self._attempt = widget, annotator, attempt
        self._open: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[], QWidget]] = {
            "export": self._make_export,
            "history": lambda: HistoryDialog(annotator, attempt, widget),
            "keys": lambda: KeyOverview(annotator, widget),
            "settings": lambda: SettingsDialog(annotator, widget),
            "walkthrough": self._make_walkthrough,
        }
        annotator.window.has_dock = True
        annotator.window.requested.connect(self.show)

    def show(self, name: str) -> QWidget:
        """Show a dialog by its name, and return it."""
        if name not in self._open:
            self._open[name] = self._makers[name]()
        dialog = self._open[name]
        dialog.show()
        dialog.raise_()
        return dialog

    def __getitem__(self, name: str) -> QWidget:
        """Return a dialog that was shown."""
        return self._open[name]

    def _make_export(self) -> QWidget:
        from napari_gnn_vos.gui.widgets.export_dialog import ExportDialog

        return ExportDialog(self._annotator, self._widget)

    def _make_walkthrough(self) -> QWidget:
        from napari_gnn_vos.gui.widgets.walkthrough import Walkthrough

        return Walkthrough(self._widget, self._annotator, self._attempt)
