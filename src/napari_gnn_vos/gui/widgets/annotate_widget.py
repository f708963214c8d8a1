"""The dock widget: sections that show one state of the annotation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from magicgui.widgets import CheckBox
from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.controller.history import HistoryEndError
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.widgets.actions import Attempt, add_to_menu
from napari_gnn_vos.gui.widgets.dialogs import Dialogs, confirm_by_dialog
from napari_gnn_vos.gui.widgets.elements import (
    SPACING,
    Section,
    StepBar,
    make_column,
    make_label,
    make_row,
    style_sheet,
)
from napari_gnn_vos.gui.widgets.import_dialogs import import_labels, import_shapes
from napari_gnn_vos.gui.widgets.input_sections import ProjectSection, VideoSection
from napari_gnn_vos.gui.widgets.object_list import ObjectList

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

MIN_WIDTH = 270
"""Pixels."""
MARGIN = 9
"""Pixels at both sides."""
GROUP_SPACING = 4
"""Pixels between two groups of sections, in addition to that between rows."""
PROGRESS_INTERVAL = 100
"""Milliseconds between two updates of the progress. Each one redraws the whole window,
because of its OpenGL canvas."""
RANGES = ("predict", "predict_from_here", "predict_next", "predict_object")
"""Actions of the menu of ranges that predict."""
CHECKED = {
    "display.toggle_labels": "display.labels_shown",
    "display.toggle_contours": "display.contours_shown",
    "display.toggle_neighbours": "display.neighbours_shown",
    "display.toggle_previous": "display.previous_shown",
    "superpixels.toggle_boundaries": "superpixels.shown",
}
"""Actions that are switched on and off, and the attributes with their states."""


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


class DisplayMenu(QMenu):
    """Menu of labels, contours, comparisons, superpixels, opacity and colours.

    Parameters
    ----------
    parent : QWidget
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, parent: QWidget, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(parent)
        self._annotator = annotator
        self.setToolTipsVisible(True)
        self._checked = [
            (add_to_menu(self, method, annotator, attempt), attribute)
            for method, attribute in CHECKED.items()
        ]
        for item, _ in self._checked:
            item.setCheckable(True)
        self.addSeparator()
        for method in ("cycle_opacity", "use_contrasting_colours"):
            add_to_menu(self, f"display.{method}", annotator, attempt)
        self.aboutToShow.connect(self._update)

    def _update(self) -> None:
        """Show the states; the user may have changed the layers."""
        for item, attribute in self._checked:
            item.setChecked(bool(attrgetter(attribute)(self._annotator)))


class DrawingSection(Section):
    """Choose the tool and the label that is drawn next, and how labels are shown."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self.brush, self.lines = self._button("use_brush"), self._button("use_lines")
        self.superpixels = self._button("superpixels.use_tool")
        for tool in (self.brush, self.lines, self.superpixels):
            tool.setCheckable(True)
        self.objects = ObjectList(annotator, attempt)
        self.add = self._button("objects.add")
        self.remove = self._button("objects.remove")
        self.imports, self.display = self._make_imports(), QPushButton("Display")
        self.display.setToolTip("How the labels are shown")
        self.display.setMenu(DisplayMenu(self.display, annotator, attempt))
        self._arrange(
            make_row(self.brush, self.lines, self.superpixels),
            self.objects,
            make_row(self.add, self.remove),
            make_row(self.imports, self.display),
        )
        self._column.setStretchFactor(self.objects, 1)

    def show_state(self, state: ViewState) -> None:
        """Show the list of labels, the active label and the tool."""
        self.objects.show_state(state)
        tools = (
            (self.brush, "brush"),
            (self.lines, "lines"),
            (self.superpixels, "superpixels"),
        )
        for button, tool in tools:
            button.setChecked(state.tool_active and state.tool == tool)
        self.superpixels.setEnabled(state.prepared)
        self.remove.setEnabled(state.can_remove)
        self.imports.setEnabled(state.editable)
        self.display.setEnabled(state.video_open)

    def _make_imports(self) -> QPushButton:
        button = QPushButton("Import")
        button.setToolTip("Use other layers as annotation")
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        self._add_import(
            menu,
            "Labels layer ...",
            import_labels,
            "Use masks of another layer or program as annotation of their frames",
        )
        self._add_import(
            menu,
            "Shapes or points layer ...",
            import_shapes,
            "Use lines, polygons, rectangles, ellipses or points of another layer as "
            "strokes of an object",
        )
        button.setMenu(menu)
        return button

    def _add_import(
        self,
        menu: QMenu,
        text: str,
        call: Callable[[Annotator, QWidget], None],
        tooltip: str,
    ) -> None:
        item = menu.addAction(text)
        item.setToolTip(tooltip)
        perform = partial(call, self._annotator, self)
        item.triggered.connect(lambda _checked=False: self._attempt(perform))


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
        self._accepted: tuple[int, ...] = ()
        self._editable = self._acceptable = False
        annotator.viewer.dims.events.point.connect(self._show_acceptance)
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
        end = "" if last is None else f" to {last}"
        start = "" if first is None else f" {first}" if end else f" from {first}"
        self.range.setText(f"Range{start}{end}")
        self.undo.setEnabled(state.can_undo)
        self.redo.setEnabled(state.can_redo)
        self.history.setEnabled(state.video_open)
        self.most_uncertain.setEnabled(state.rounds > 0)
        self._accepted, self._editable = state.accepted, state.editable
        self._acceptable = state.rounds > 0 or state.predicting
        self._show_acceptance()
        self.most_uncertain.highlight(state.next_action == "most_uncertain")
        with self.auto_predict.changed.blocked():
            self.auto_predict.value = state.auto_predict

    def stop(self) -> None:
        """Disconnect from the viewer."""
        point = self._annotator.viewer.dims.events.point
        point.disconnect(self._show_acceptance)

    def _show_acceptance(self, _event: object = None) -> None:
        """Show whether the displayed frame is accepted, and how many frames are."""
        count = len(self._accepted)
        release = self._annotator.frame in self._accepted
        self.accept.setEnabled(self._editable and (release or self._acceptable))
        verb = "Release" if release else "Accept"
        total = f" ({count} accepted)" if count else ""
        self.accept.setText(f"{verb} frame{total}")

    def _make_range_menu(self) -> QPushButton:
        button = QPushButton("Range")
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        button.setToolTip("Predict some frames only; the labels of others stay")
        menu = QMenu(button)
        for method in ("set_in", "set_out", "clear"):
            add_to_menu(menu, f"ranges.{method}", self._annotator, self._attempt)
        menu.addSeparator()
        for method in RANGES:
            add_to_menu(menu, f"ranges.{method}", self._annotator, self._attempt)
        button.setMenu(menu)
        return button

    def _set_auto_predict(self, enabled: bool) -> None:
        self._annotator.auto_predict.enabled = enabled
        self._annotator.preferences.change(auto_predict=enabled)


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
        """Fix the height; a hidden page counts with the style that it will have."""
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
