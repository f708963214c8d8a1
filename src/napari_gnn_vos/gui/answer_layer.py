"""The layer that shows the answer, below all that is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_gnn_vos.gui import layers
from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.gui.finder import Finder
from napari_gnn_vos.gui.names import tell_names
from napari_gnn_vos.structures.label_frames import LabelFrames

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer


class AnswerLayer:
    """Shows labels in a layer of ours; it is made when it is first needed.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Holds all layers.
    image : napari.layers.Image
        The video.
    axes : Axes
        Which slice of it is labelled.
    found : Finder
        Knows the layer of an earlier answer.
    drawn : callable
        Lists the layers to draw on, None for one that there is not.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        axes: Axes,
        found: Finder,
        drawn: Callable[[], Iterable[Layer | None]],
    ) -> None:
        self._viewer, self._image, self._axes = viewer, image, axes
        self._found, self._drawn = found, drawn
        self._shown = False
        self._before: Any = None  # what the layer showed when it was found

    @property
    def layer(self) -> Labels | None:
        """The layer, if there is one."""
        return self._found.answer

    def show(self, labels: LabelFrames | None, names: Mapping[int, str]) -> None:
        """Show an answer; None takes away what this has shown."""
        layer = self.layer
        if labels is None:
            self._take_away(layer)
            return
        data = self._axes.spread_labels(labels)
        if layer is not None:
            if not self._shown:
                self._before = layer.data
            layer.data = data
        else:
            layer = layers.answer_layer(self._image, self._axes, data)
            self._add_below(layer)
        self._shown = True
        tell_names(layer, names)
        layer.editable = False
        layer.visible = True  # who asks for an answer wants to see it

    def forget(self) -> None:
        """Do not go back to what the layer showed when it was found."""
        self._before = None

    def _take_away(self, layer: Labels | None) -> None:
        """Leave what was there before, perhaps an answer of another day."""
        if layer is not None and self._shown:
            if self._before is None:
                self._viewer.layers.remove(layer)
            else:
                layer.data = self._before
                layer.editable = False
        self._shown, self._before = False, None

    def _add_below(self, layer: Labels) -> None:
        """Add a layer below all that is drawn, and leave the chosen one chosen."""
        chosen = self._viewer.layers.selection.active
        index = self._viewer.layers.index
        drawn = [index(other) for other in self._drawn() if other is not None]
        place = min(drawn, default=index(self._image) + 1)
        self._viewer.layers.insert(place, layer)
        self._viewer.layers.selection.active = chosen
