"""Section of the dock widget that opens, saves and recovers projects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.gui.tools.projects import VideoNotFoundError
from napari_gnn_vos.gui.widgets.actions import HELP_KEY, Attempt
from napari_gnn_vos.gui.widgets.elements import (
    Section,
    add_to_menu,
    make_button,
    make_label,
    make_row,
)
from napari_gnn_vos.io.project.parts import SUFFIX

if TYPE_CHECKING:
    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.io.project.project import Project

FILTER = f"Project (*{SUFFIX} project.json);;All files (*)"
THUMBNAIL_HEIGHT = 54
"""Height in pixels of the thumbnail of an annotation that can be recovered."""


class ProjectSection(Section):
    """Open and save projects, and recover an annotation that was not saved."""

    def __init__(self, annotator: Annotator, attempt: Attempt) -> None:
        super().__init__(annotator, attempt)
        self._projects = annotator.projects
        self._not_saved: list[Project] = []
        self._offered: Project | None = None
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.open = QPushButton("Open project")
        self.open.setToolTip(
            "Open a project or a recent one, or save under another name"
        )
        self.open.setMenu(self.menu)
        self.open.setObjectName("projects.open")
        self.save = self._make(
            "Save project",
            self.save_project,
            "Save strokes, names, settings and predictions",
        )
        self.save.setObjectName("projects.save")
        self.export = self._button("window.show_export")
        self.help = self._make_help()
        self.recovery = self._make_recovery()
        self._arrange(
            make_row(self.open, self.save),
            make_row(self.export, self.help),
            self.recovery,
        )
        self._projects.recoverable_found.connect(self._offer_recovery)
        find = self._projects.find_recoverable
        self._projects.data_folder_changed.connect(find)
        find()

    def show_state(self, state: ViewState) -> None:
        """Enable the buttons, and mark unsaved strokes by an asterisk."""
        self.save.setEnabled(state.video_open)
        self.export.setEnabled(state.video_open)
        self.save.setText(
            "Save project *" if self._projects.unsaved else "Save project"
        )
        annotated = state.unpredicted or state.prepared or state.busy
        self.recovery.setVisible(self._offered is not None and not annotated)

    def save_project(self) -> None:
        """Save the project; ask for a name the first time."""
        if self._projects.path is None:
            self.save_as()
        else:
            self._projects.save()

    def save_as(self) -> None:
        """Ask for a name, and save the project."""
        suggested = str(self._projects.suggested_path)
        name, _ = QFileDialog.getSaveFileName(self, "Save project", suggested, FILTER)
        if name:
            path = Path(name)
            known = path.suffix.lower() == SUFFIX or path.is_dir()
            self._projects.save(path if known else path.with_name(path.name + SUFFIX))

    def open_project(self, path: Path | None = None) -> None:
        """Open a project; ask for its path, and for a video that is not found."""
        if path is None:
            name, _ = QFileDialog.getOpenFileName(self, "Open project", "", FILTER)
            if not name:
                return
            path = Path(name)
        path = path.parent if path.name == "project.json" else path
        self._with_video(partial(self._projects.open, path))

    def _with_video(self, action: Callable[..., object]) -> None:
        """Call `action`; if the video is not found, ask where it is."""
        try:
            action()
        except VideoNotFoundError as error:
            name, _ = QFileDialog.getOpenFileName(self, "Where is the video?")
            if not name:
                raise error from None
            action(video=Path(name))

    def _fill_menu(self) -> None:
        self.menu.clear()
        self._add("Open project ...", self.open_project)
        self._add("Save as ...", self.save_as)
        if self._not_saved:
            self.menu.addSection("Not saved")
        for project in self._not_saved:
            self._add(f"Recover {project.video.name}", partial(self._recover, project))
        self.menu.addSection("Recent")
        for path in self._projects.recent:
            self._add(str(path), partial(self.open_project, path))

    def _add(self, text: str, action: Callable[[], object]) -> None:
        self.menu.addAction(text).triggered.connect(
            lambda _checked=False: self._attempt(action)
        )

    def _make(
        self, text: str, action: Callable[[], object], tooltip: str
    ) -> QPushButton:
        return make_button(text, partial(self._attempt, action), tooltip)

    def _make_help(self) -> QPushButton:
        button = QPushButton("Help")
        button.setToolTip(f"Keys ({HELP_KEY}), guided tour and settings")
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        for method in ("show_keys", "start_walkthrough", "show_settings"):
            add_to_menu(menu, f"window.{method}", self._annotator, self._attempt)
        button.setMenu(menu)
        return button

    def _make_recovery(self) -> QWidget:
        self._text, self._picture = make_label("caption"), make_label("thumbnail")
        self._picture.setScaledContents(True)
        self.recover = self._make(
            "Recover",
            lambda: self._recover(self._offered),
            "Open the video with the strokes that were not saved",
        )
        self.recover.setObjectName("projects.recover")
        self.discard = self._make(
            "Discard", self._discard, "Delete the strokes that were not saved"
        )
        self.discard.setObjectName("projects.discard")
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        offer = QHBoxLayout()
        offer.addWidget(self._picture)
        offer.addWidget(self._text, 1)
        column.addLayout(offer)
        column.addWidget(make_row(self.recover, self.discard))
        return box

    def _offer_recovery(self, found: list[Project]) -> None:
        """Offer the newest annotation that was not saved, if there is one."""
        self._not_saved = found
        self._offered = found[0] if found else None
        self.show_state(self._annotator.state)
        if self._offered is not None:
            name = self._offered.video.name
            self._text.setText(f"Strokes on {name} were not saved. Recover them?")
            thumbnail = self._offered.thumbnail
            self._picture.setVisible(thumbnail is not None)
            if thumbnail is not None:
                height, width = thumbnail.shape[:2]
                data = thumbnail.tobytes()
                form = QImage.Format.Format_RGB888
                image = QImage(data, width, height, 3 * width, form)
                self._picture.setPixmap(QPixmap.fromImage(image))
                shown_width = round(width * THUMBNAIL_HEIGHT / height)
                self._picture.setFixedSize(shown_width, THUMBNAIL_HEIGHT)

    def _recover(self, project: Project | None) -> None:
        if project is not None:
            self._with_video(partial(self._projects.recover, project))
        self._projects.find_recoverable()

    def _discard(self) -> None:
        if self._offered is not None:
            self._projects.discard(self._offered)
        self._projects.find_recoverable()
