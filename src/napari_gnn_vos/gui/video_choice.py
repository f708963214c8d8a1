"""Chooses the image layer to work on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QComboBox

from napari_gnn_vos.gui.layers import SOURCE_KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel

NOTHING = "Choose a video ..."


class VideoChoice(QComboBox):
    """Lists the image layers of a viewer.

    A layer with time, rows and columns is chosen by itself: one that was worked on,
    the one that is selected, or the first. Any other is chosen by hand.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Whose layers are listed.
    """

    picked = Signal(object)  # an Image layer, or None
    listed = Signal()  # there may be other layers to choose from

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._shown: list[Image | None] = []
        self.setObjectName("video")
        self.setToolTip("The image layer to label: a video with a time slider")
        self.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(12)
        self.activated.connect(lambda row: self.picked.emit(self._shown[row]))
        for event in self._events:
            event.connect(self._later)
        self._chosen: Image | None = None
        self._tried: list[Image] = []
        self._refresh()
        self._later()

    def show_choice(self, image: Image | None) -> None:
        """Show which layer is worked on."""
        self._chosen = image
        self._refresh()

    def stop(self) -> None:
        """Let go of the viewer."""
        for event in self._events:
            event.disconnect(self._later)

    @property
    def images(self) -> bool:
        """Whether there is anything to choose."""
        return len(self._shown) > 1

    @property
    def _events(self) -> tuple[Any, ...]:
        events = self._viewer.layers.events
        names = ("inserted", "removed", "renamed")  # the last of newer napari only
        return tuple(events[name] for name in names if name in events.emitters)

    def _later(self, _event: object = None) -> None:
        """Look again when napari has done with its list of layers."""
        QTimer.singleShot(0, self._look)

    def _look(self) -> None:
        self._refresh()
        likely = [
            layer
            for layer in self._shown
            if layer is not None and layer.ndim == 3 and layer not in self._tried
        ]
        if self._chosen is None and likely:
            image = self._likeliest(likely)
            self._tried.append(image)
            self.picked.emit(image)
        self.listed.emit()

    def _likeliest(self, images: list[Image]) -> Image:
        """One that was worked on, else the one that is selected, else the first."""
        node_labels = {layer.metadata.get(SOURCE_KEY) for layer in self._viewer.layers}
        active = self._viewer.layers.selection.active
        known = [image for image in images if str(image.unique_id) in node_labels]
        images = known or images
        return next((image for image in images if image is active), images[0])

    def _refresh(self) -> None:
        images = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
        self._shown = [None, *images]
        self._tried = [layer for layer in self._tried if layer in images]
        self.clear()
        self.addItems([NOTHING, *(layer.name for layer in images)])
        for row, image in enumerate(images, start=1):  # the name may not fit
            self.setItemData(row, image.name, Qt.ItemDataRole.ToolTipRole)
        self.setCurrentIndex(
            self._shown.index(self._chosen) if self._chosen in images else 0
        )
