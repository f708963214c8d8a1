"""Layers that show labels: the prediction, and labels computed for each frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_arrays import ComputedLabels
from napari_gnn_vos.controller.layer_metadata import SEGMENTATION
from napari_gnn_vos.gui.layers.attributes import labels_options, placement
from napari_gnn_vos.gui.layers.layer_finder import LayerFinder
from napari_gnn_vos.progress import PartialResult
from napari_gnn_vos.structures.label_frames import (
    EditableLabelFrames,
    LabelFrames,
    pack,
)

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class PredictionLayer:
    """Show predicted labels in a layer that is created when it is first needed.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layers.
    image : napari.layers.Image
        The video.
    axes : Axes
        Axes of the video, and its labelled slice.
    finder : LayerFinder
        Finds the layer of an earlier prediction.
    drawing_layers : callable
        Returns the layers for strokes and lines, None for one that does not exist.

    Attributes
    ----------
    appearance : dict
        Properties of a new layer, such as opacity.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        axes: Axes,
        finder: LayerFinder,
        drawing_layers: Callable[[], Iterable[Layer | None]],
    ) -> None:
        self._viewer, self._image, self._axes = viewer, image, axes
        self._finder, self._drawing_layers = finder, drawing_layers
        self.appearance: dict[str, Any] = {}
        self._shown = False
        self._earlier_data: Any = None  # of a layer that existed before
        self._present_data: Any = None  # while the previous prediction is shown

    @property
    def layer(self) -> Labels | None:
        """The layer, if there is one."""
        return self._finder.prediction

    @property
    def comparing(self) -> bool:
        """Whether the layer shows the previous prediction."""
        return self._present_data is not None and self.layer is not None

    def show_previous(self, labels: LabelFrames) -> None:
        """Show the previous prediction until :meth:`show_present` or a new one."""
        layer = self.layer
        if layer is not None and not self.comparing:
            self._present_data = layer.data
            layer.data = self._axes.labels_to_layer(labels)
            make_visible(layer)

    def show_present(self) -> None:
        """Show the current prediction again, with the pixels painted on it."""
        layer, present = self.layer, self._present_data
        self._present_data = None
        if layer is not None and present is not None:
            layer.data = present

    def write(self, pixels: tuple[NDArray[Any], ...], labels: NDArray[Any]) -> None:
        """Show labels, (P,), on pixels of the layer, given by one array per axis."""
        layer = self.layer
        if layer is not None:
            layer.data[pixels] = labels
            layer.refresh()

    def show(self, labels: LabelFrames | None) -> None:
        """Show a prediction; None removes the one that was shown."""
        self._present_data = None
        if labels is None:
            self._hide()
            return
        layer, data = self.layer, self._axes.labels_to_layer(labels)
        if layer is not None:
            if not self._shown:
                self._earlier_data = layer.data
            layer.data = data
        else:
            layer = prediction_layer(self._image, self._axes, data)
            for name, value in self.appearance.items():
                setattr(layer, name, value)
            self._insert_below_drawing(layer)
        self._shown = True
        # a new prediction is shown even if the last was hidden
        make_visible(layer)

    def show_frame(self, step: PartialResult, displayed: int) -> bool:
        """Replace the labels of one frame of the prediction that is shown.

        Parameters
        ----------
        step : PartialResult
        displayed : int
            Frame on screen; the layer is drawn again if it is the replaced one.

        Returns
        -------
        shown : bool
            False if no prediction is shown.
        """
        self.show_present()
        layer = self.layer
        if layer is None or not self._shown:
            return False
        self._widen(step.labels.dtype)
        if isinstance(layer.data, EditableLabelFrames):
            layer.data.replace_frame(step.frame, step.packed or pack(step.labels))
        else:
            layer.data[self._axes.layer_index(step.frame)] = self._axes.to_layer(
                step.labels[None]
            )[self._axes.layer_index(0)]
        if step.frame == displayed:
            layer.refresh()
        return True

    def _widen(self, dtype: np.dtype[Any]) -> None:
        """Widen the shown labels to 16 bits if the running prediction needs them."""
        layer = self.layer
        if layer is None or dtype.itemsize <= layer.data.dtype.itemsize:
            return
        if isinstance(layer.data, EditableLabelFrames):
            layer.data = layer.data.snapshot().widened().editable()
        else:
            layer.data = layer.data.astype(dtype)

    def discard_earlier(self) -> None:
        """Forget the labels that the layer had before the first prediction."""
        self._earlier_data = None

    def _hide(self) -> None:
        """Remove the layer, or restore the labels that it had when it was found."""
        layer = self.layer
        if layer is not None and self._shown:
            if self._earlier_data is None:
                self._viewer.layers.remove(layer)
            else:
                layer.data = self._earlier_data
        self._shown, self._earlier_data = False, None

    def _insert_below_drawing(self, layer: Labels) -> None:
        """Insert a layer below strokes and lines; the selection is kept."""
        active = self._viewer.layers.selection.active
        index_of = self._viewer.layers.index
        indices = [index_of(x) for x in self._drawing_layers() if x is not None]
        index = min(indices, default=index_of(self._image) + 1)
        self._viewer.layers.insert(index, layer)
        self._viewer.layers.selection.active = active


class ComputedLayer:
    """A read-only labels layer above a video, which is shown and hidden.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layer.
    image : napari.layers.Image
        The video.
    data : ComputedLabels
    axes : Axes
        Axes of the video, and its labelled slice.
    name : str
        Name and role of the layer.
    options : dict
        Further options of the layer.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        data: ComputedLabels,
        axes: Axes,
        name: str,
        options: dict[str, Any],
    ) -> None:
        self._viewer, self._image = viewer, image
        self._contour = options.pop("contour", 0)
        options |= {"data": data, "name": name} | placement(image, axes, name)
        self._options = options
        self._layer: Labels | None = None

    @property
    def layer(self) -> Labels | None:
        """The layer; None before it is first shown, and after it was deleted."""
        return self._layer if self._layer in self._viewer.layers else None

    @property
    def shown(self) -> bool:
        """Whether the layer exists and is visible."""
        layer = self.layer
        return layer is not None and layer.visible

    def show(self, shown: bool = True) -> None:
        """Show the layer, or hide it; the selection is kept.

        It is added on top of all others when it is first shown. napari needs about
        0.2 s to add or to remove a layer.
        """
        layers, layer = self._viewer.layers, self.layer
        if layer is not None:
            if layer.visible != shown:
                layer.visible = shown
        elif shown:
            active = layers.selection.active
            self._layer = Labels(**self._options)
            self._layer.editable, self._layer.contour = False, self._contour
            layers.append(self._layer)
            layers.selection.active = active

    def leave(self) -> None:
        """Remove the layer; it is kept while napari removes the layer of the video."""
        if self._image in self._viewer.layers and self.layer is not None:
            self._viewer.layers.remove(self.layer)

    def refresh(self) -> None:
        """Compute the displayed frame again."""
        if self.shown and self._layer is not None:
            self._layer.refresh()


def prediction_layer(
    image: Image, axes: Axes, labels: LabelFrames | NDArray[np.uint8 | np.uint16]
) -> Labels:
    """Create a layer of predicted labels."""
    options = placement(image, axes, SEGMENTATION)
    return Labels(labels, **labels_options(SEGMENTATION), **options)


def make_visible(layer: Layer) -> None:
    """Show a hidden layer; a visible one is skipped, as napari would reset its mode."""
    if not layer.visible:
        layer.visible = True
