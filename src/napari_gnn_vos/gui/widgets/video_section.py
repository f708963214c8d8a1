"""Section of the dock widget that chooses and prepares a video."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import ComboBox, Container, create_widget
from napari.layers import Image
from psygnal import Signal
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox

from napari_gnn_vos.config import Quality
from napari_gnn_vos.controller.layer_metadata import SOURCE_KEY
from napari_gnn_vos.gui.reader import replace_images_of_labels
from napari_gnn_vos.gui.widgets.actions import Attempt
from napari_gnn_vos.gui.widgets.elements import Section, align_labels, make_row

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from qtpy.QtGui import QShowEvent

    from napari_gnn_vos.controller.view_state import ViewState
    from napari_gnn_vos.gui.annotator import Annotator

PLACEHOLDER = "Choose a video ..."


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
            tooltip="Quality of superpixels and motion in the next preparation; a "
            "better quality takes longer",
        )
        self.quality.changed.connect(self._set_quality)
        self.model = ComboBox(
            label="Model",
            choices=lambda _combo: annotator.models.names,
            value=annotator.models.name,
            tooltip="Model of the next rounds; the dock Train a model adds others",
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
    one with strokes, the selected one, or the first. If there is none, a single image
    is chosen. The user can choose any other.

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

    def _schedule_update(self) -> None:
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
