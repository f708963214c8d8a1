"""Choice of the image layer to annotate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import create_widget
from napari.layers import Image
from psygnal import Signal
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QComboBox

from napari_gnn_vos.gui.layers.factory import SOURCE_KEY
from napari_gnn_vos.gui.saved_labels import replace_images_of_labels

if TYPE_CHECKING:
    from napari.components import ViewerModel

PLACEHOLDER = "Choose a video ..."


class VideoChooser:
    """List the image layers of a viewer in a magicgui combo box.

    If no video is open, a layer with time, rows and columns is chosen automatically:
    one with strokes, the selected one, or the first. Any other is chosen by the user.

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
            image for image in images if image.ndim == 3 and image not in self._tried
        ]
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
