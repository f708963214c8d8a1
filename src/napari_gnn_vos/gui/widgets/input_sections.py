"""Sections of the dock widget that open projects and videos."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import ComboBox, Container, create_widget
from napari.layers import Image
from psygnal import Signal
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_gnn_vos.config import Quality
from napari_gnn_vos.gui.layers.attributes import SOURCE_KEY
from napari_gnn_vos.gui.reader import replace_images_of_labels
from napari_gnn_vos.gui.tools.projects import VideoNotFoundError
from napari_gnn_vos.gui.widgets.actions import HELP_KEY, Attempt, add_to_menu
from napari_gnn_vos.gui.widgets.elements import (
    Section,
    align_labels,
    make_button,
    make_label,
    make_row,
)
from napari_gnn_vos.io.project.parts import SUFFIX

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from qtpy.QtGui import QShowEvent

    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.io.project.project import Project

FILTER = f"Project (*{SUFFIX} project.json);;All files (*)"
PLACEHOLDER = "Choose a video ..."
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
            tooltip="Model of the next rounds; Train a model adds others",
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

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Align the fields."""
        super().showEvent(event)
        align_labels(self.settings.native)

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
        self.reset.setEnabled(state.editable)

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


class VideoChooser:
    """List the image layers of a viewer in a magicgui combo box.

    If no video is open, a layer with time, rows and columns is chosen automatically:
    one with strokes, the selected one, or the first; without any, a single image. Any
    other is chosen by the user.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Its layers are listed until :meth:`stop`.
    open_image : callable
        Returns the layer of the open video, or None.
    """

    picked = Signal(object)  # an Image layer, or None

    def __init__(
        self, viewer: ViewerModel, open_image: Callable[[], object | None]
    ) -> None:
        self._viewer, self._open_image = viewer, open_image
        self._tried: list[Image] = []  # chosen automatically before
        self._combo = create_widget(
            annotation=Image, name="video", options={"choices": self._choices}
        )
        self.native.setObjectName("video")
        self._combo.tooltip = "The image layer to annotate: a video with a time slider"
        self.native.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.native.setMinimumContentsLength(12)
        # unlike `changed` of magicgui, `activated` is also emitted when the open video
        # is chosen again, which opens another slice of it
        self.native.activated.connect(self._emit_picked)
        # napari finishes changing its list of layers before the update; the timer is
        # deleted together with the widget
        self._timer = QTimer(self.native, singleShot=True, interval=0)
        self._timer.timeout.connect(self._update)
        for event in self._list_events:
            event.connect(self._schedule_update)
        self.refresh()
        self._schedule_update()

    @property
    def native(self) -> QComboBox:
        """The Qt widget."""
        return self._combo.native

    def refresh(self) -> None:
        """List the image layers, and show the open one."""
        self._combo.reset_choices()
        image = self._open_image()
        self._combo.value = image if image in self._images else None
        for row in range(self.native.count()):  # a long name is elided
            name = self.native.itemText(row)
            self.native.setItemData(row, name, Qt.ItemDataRole.ToolTipRole)

    def stop(self) -> None:
        """Disconnect from the viewer."""
        for event in self._list_events:
            event.disconnect(self._schedule_update)

    @property
    def _list_events(self) -> tuple[Any, ...]:
        events = self._viewer.layers.events
        names = ("inserted", "removed", "renamed")  # "renamed" is new in napari 0.6
        return tuple(events[name] for name in names if name in events.emitters)

    @property
    def _images(self) -> list[Image]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Image)]

    def _choices(self, _combo: object) -> list[tuple[str, Image | None]]:
        images = [(image.name, image) for image in self._images]
        return [(PLACEHOLDER, None), *images]

    def _emit_picked(self, row: int) -> None:
        self.picked.emit(self.native.itemData(row))

    def _schedule_update(self, _event: object = None) -> None:
        self._timer.start()

    def _update(self) -> None:
        replace_images_of_labels(self._viewer)
        self.refresh()
        images = self._images
        self._tried = [image for image in self._tried if image in images]
        candidates = [
            image for image in images if image.ndim <= 3 and image not in self._tried
        ]
        videos = [image for image in candidates if image.ndim == 3]
        candidates = videos or candidates
        if self._open_image() is None and candidates:
            image = self._most_likely(candidates)
            self._tried.append(image)
            self.picked.emit(image)

    def _most_likely(self, images: list[Image]) -> Image:
        """Prefer an image with strokes, then the selected one, then the first."""
        source_ids = {layer.metadata.get(SOURCE_KEY) for layer in self._viewer.layers}
        active = self._viewer.layers.selection.active
        annotated = [image for image in images if str(image.unique_id) in source_ids]
        images = annotated or images
        return next((image for image in images if image is active), images[0])
