"""The dock widget *Train a model*, with a form of videos, name and progress."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, Container, LineEdit
from napari.utils.notifications import show_error
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.controller.messages import describe_count, describe_time_left
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui import scripting
from napari_gnn_vos.gui.plugin import AnnotateDock
from napari_gnn_vos.gui.threads import run_in_thread
from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.elements import (
    StepBar,
    make_button,
    make_label,
    make_row,
    make_scroll_area,
    style_sheet,
)
from napari_gnn_vos.io.project.parts import SUFFIX

if TYPE_CHECKING:
    import napari

    from napari_gnn_vos.gui.annotator import Annotator

FILTER = f"Project (*{SUFFIX})"
INTRODUCTION = (
    "Trains the model on frames that you accepted or corrected. The last of these "
    "frames are held out to measure J before and after the training."
)
LIST_HEIGHT = 70
"""Height of the list of projects in pixels."""
CLOSED = "The dock Annotate was closed. Close this dock, too, and open it again."
_one_training = Lock()
"""Held by the running training; the docks of several windows share it."""


class FineTuneDock(QWidget):
    """Fine-tune a model on the open video and on projects.

    The dock *Annotate* is opened, too, because the model is chosen there.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed by napari, which recognises the name of the parameter.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.annotator = _annotator_of(napari_viewer)
        training = self.annotator.fine_tuning.jobs
        training.run = partial(run_in_thread, turn=_one_training)
        self.form = FineTuningForm(self.annotator, self.attempt)
        self._theme_event = napari_viewer.events.theme
        self._theme_event.connect(self._apply_theme)
        self.setStyleSheet(style_sheet(napari_viewer.theme))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        scroll = make_scroll_area(self.form)
        scroll.setMinimumWidth(self.form.minimumSizeHint().width())
        column.addWidget(scroll)
        self._tabify = QTimer(self, singleShot=True, interval=0)
        self._tabify.timeout.connect(self._share_place)
        self._tabify.start()

    def attempt(self, action: Callable[[], object]) -> None:
        """Call `action`, and report an expected error."""
        if self.annotator.closed:
            show_error(CLOSED)
            return
        try:
            action()
        except GnnVosError as error:
            show_error(str(error))

    def event(self, event: QEvent) -> bool:
        """Disconnect the form when the closed dock releases this widget."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._tabify.stop()
            self._theme_event.disconnect(self._apply_theme)
            self.form.stop()
        return bool(super().event(event))

    def _apply_theme(self, event: Any) -> None:
        self.setStyleSheet(style_sheet(event.value))

    def _share_place(self) -> None:
        """Show a tab with the dock *Annotate*, which needs the height of the window."""
        window, own = self.window(), _dock_widget_of(self)
        for widget in window.findChildren(AnnotateDock):
            other = _dock_widget_of(widget)
            if own is None or other is None or own.isFloating() or other.isFloating():
                continue
            if window.dockWidgetArea(own) == window.dockWidgetArea(other):
                window.tabifyDockWidget(other, own)
                own.raise_()


def _dock_widget_of(widget: QWidget | None) -> QDockWidget | None:
    """Return the dock that contains a widget, if there is one."""
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


def _annotator_of(viewer: napari.Viewer) -> Annotator:
    """Return the annotator of the dock *Annotate*, which is opened if necessary."""
    window = getattr(viewer, "window", None)
    if window is not None:
        with suppress(KeyError):  # the plugin is not installed, but imported
            _, dock = window.add_plugin_dock_widget("napari-gnn-vos", "Annotate")
            if isinstance(dock, AnnotateDock):
                running: Annotator = dock.annotator
                return running
    return scripting.annotator(viewer)


class FineTuningForm(QWidget):
    """Choose videos and a name, train, and use the model.

    Parameters
    ----------
    annotator : Annotator
    attempt : callable
        Calls a function and reports its errors.
    """

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__()
        self._annotator, self._attempt = annotator, attempt
        self._training = annotator.fine_tuning
        self.open_video = CheckBox(
            text="Open video",
            value=True,
            tooltip="Train on accepted and corrected frames of the open video",
        )
        self.projects = QListWidget()
        self.projects.setMaximumHeight(LIST_HEIGHT)
        self.projects.setToolTip(
            "Projects whose accepted and corrected frames are trained on"
        )
        self.add = self._button(
            "Add projects ...",
            self.choose_projects,
            "Choose projects whose frames are also used",
        )
        self.remove = self._button(
            "Remove", self._remove_project, "Remove the selected project from the list"
        )
        self.merge = CheckBox(
            text="All objects as one",
            tooltip="Train and measure J on all objects as one, such as cells that are "
            "annotated together",
        )
        self.name = LineEdit(label="Name", tooltip="Name of the new model")
        self.start = self._button(
            "Train", self.train, "Train, and save the model if its J has risen"
        )
        self.cancel = self._button(
            "Cancel", self._training.cancel, "Stop the training; nothing is saved"
        )
        self.bar, self.time_left = StepBar(), make_label("caption")
        self.message = make_label("status")
        self.use = self._button(
            "Use this model", self._training.use, "Use the model for the next rounds"
        )
        self._arrange()
        self._training.changed.connect(self.refresh)
        annotator.state_changed.connect(self.refresh)
        self.name.changed.connect(self.refresh)
        self.open_video.changed.connect(self.refresh)
        self.refresh()

    def stop(self) -> None:
        """Disconnect from the annotator."""
        self._training.changed.disconnect(self.refresh, missing_ok=True)
        self._annotator.state_changed.disconnect(self.refresh, missing_ok=True)

    @property
    def paths(self) -> list[Path]:
        """Projects in the list."""
        items = (self.projects.item(row) for row in range(self.projects.count()))
        return [Path(item.text()) for item in items]

    def add_projects(self, paths: list[Path]) -> None:
        """Add projects that are not in the list."""
        known = self.paths
        for path in paths:
            if path not in known:
                self.projects.addItem(str(path))
        self.refresh()

    def choose_projects(self) -> None:
        """Ask for projects, and add them."""
        names, _ = QFileDialog.getOpenFileNames(self, "Add projects", "", FILTER)
        self.add_projects([Path(name) for name in names])

    def train(self) -> None:
        """Start the training; ask first if a model has the name."""
        name = self.name.value.strip()
        exists = name in self._annotator.models.names
        question = f"Replace the model {name!r}?"
        if exists and not self._annotator.confirm(question):
            return
        self._training.start(
            name,
            self.paths,
            open_video=self.uses_open_video,
            merge_objects=bool(self.merge.value),
            overwrite=exists,
        )

    @property
    def uses_open_video(self) -> bool:
        """Whether the training uses the open video."""
        return bool(self.open_video.value and self._training.labelled_frames)

    def refresh(self) -> None:
        """Show videos, progress and result of the training."""
        count, busy = len(self._training.labelled_frames), self._training.jobs.busy
        self.open_video.text = f"Open video ({describe_count(count, 'frame')})"
        self.open_video.enabled = count > 0 and not busy
        for widget in (self.projects, self.add, self.remove):
            widget.setEnabled(not busy)
        self.name.enabled = self.merge.enabled = not busy
        has_videos = self.uses_open_video or self.projects.count() > 0
        self.start.setEnabled(bool(self.name.value.strip()) and has_videos and not busy)
        for widget in (self.bar, self.time_left, self.cancel):
            widget.setVisible(busy)
        self._show_progress()
        self.message.setText(self._training.message)
        saved = self._training.saved
        self.use.setVisible(bool(saved))
        self.use.setEnabled(saved != self._annotator.models.name)

    def _show_progress(self) -> None:
        jobs = self._training.jobs
        self.time_left.setText(describe_time_left(jobs.seconds_left))
        if jobs.progress is not None:
            self.bar.show_step(jobs.progress)

    def _remove_project(self) -> None:
        self.projects.takeItem(self.projects.currentRow())
        self.refresh()

    def _button(
        self, text: str, action: Callable[[], object], tooltip: str
    ) -> QPushButton:
        return make_button(text, partial(self._attempt, action), tooltip)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        name = Container(widgets=[self.name])
        name.margins = (0, 0, 0, 0)
        for widget in (
            make_label("hint", INTRODUCTION),
            self.open_video.native,
            self.projects,
            make_row(self.add, self.remove),
            self.merge.native,
            name.native,
            make_row(self.start, self.cancel),
            self.bar,
            self.time_left,
            self.message,
            self.use,
        ):
            column.addWidget(widget)
        column.addStretch()
