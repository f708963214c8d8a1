"""How an annotator's labels are shown: opacity, colours, contours and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_gnn_vos.controller.messages import NO_PREDICTION
from napari_gnn_vos.controller.palette import contrasting_colours, prediction_colours
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.layers.attributes import object_colormap
from napari_gnn_vos.gui.layers.label_layers import ComputedLayer
from napari_gnn_vos.vision import cv2

if TYPE_CHECKING:
    from napari_gnn_vos.controller.preferences import Preferences
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.layers.workspace import Workspace

CONTOUR_WIDTH = 2
"""Width of the contours of a prediction in pixels of the video."""
DOT = 3
"""Length of the dots of the contours of the next frame, in pixels."""
OPACITIES = (0.25, 0.5, 0.75, 1.0)
NEIGHBOURS = "neighbouring frames"
"""Name of the layer with the contours of the frames before and after."""


class DisplayTools:
    """Change how labels are shown.

    Parameters
    ----------
    annotator : Annotator
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._neighbours: ComputedLayer | None = None
        annotator.controller.session_changed.connect(self._refresh_neighbours)

    @property
    def labels_shown(self) -> bool:
        """Whether the layer of the prediction is visible."""
        layer = self._layer
        return layer is not None and bool(layer.visible)

    @property
    def contours_shown(self) -> bool:
        """Whether the prediction is shown as contours."""
        layer = self._layer
        return layer is not None and bool(layer.contour)

    @property
    def previous_shown(self) -> bool:
        """Whether the previous prediction is shown."""
        workspace = self._annotator.workspace
        return workspace is not None and workspace.prediction_layer.comparing

    @property
    def neighbours_shown(self) -> bool:
        """Whether the contours of the neighbouring frames are shown."""
        return self._neighbours is not None and self._neighbours.shown

    @property
    def neighbours_layer(self) -> Labels | None:
        """The layer with the contours of the neighbouring frames, if there is one."""
        return None if self._neighbours is None else self._neighbours.layer

    def show_objects(self) -> None:
        """Show names, colours and visibility of the objects on all layers."""
        workspace = self._annotator.workspace
        if workspace is not None:
            workspace.show_objects(self.neighbours_layer)

    def toggle_labels(self) -> None:
        """Hide or show the layer of the prediction."""
        if self._layer is not None:
            self._layer.visible = not self._layer.visible

    def toggle_contours(self) -> None:
        """Show the prediction as contours, or as areas."""
        if self._layer is not None:
            self._layer.contour = 0 if self._layer.contour else CONTOUR_WIDTH

    def style_new_layers(self, values: Preferences) -> None:
        """Use the settings for layers of the open video that are created later."""
        workspace = self._annotator.workspace
        if workspace is not None:
            workspace.prediction_layer.appearance = _appearance(values)
            workspace.drawing_layers.brush_scale = values.brush_scale

    def show_preferences(self, values: Preferences, old: Preferences) -> None:
        """Apply changed settings to the layers of the open video."""
        self.style_new_layers(values)
        layer, appearance = self._layer, _appearance(values)
        if layer is not None and appearance != _appearance(old):
            for name, value in appearance.items():
                setattr(layer, name, value)

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity of the prediction, from 0 to 1.

        Raises
        ------
        GnnVosError
            If there is no prediction.
        """
        self._require_layer().opacity = opacity
        self._annotator.controller.report(f"Opacity of the labels: {opacity:.0%}")

    def cycle_opacity(self) -> None:
        """Set the next larger opacity of 25, 50, 75 and 100 %, then 25 % again.

        Raises
        ------
        GnnVosError
            If there is no prediction.
        """
        present = self._require_layer().opacity + 1e-3
        larger = (opacity for opacity in OPACITIES if opacity > present)
        self.set_opacity(next(larger, OPACITIES[0]))

    def use_contrasting_colours(self) -> None:
        """Give all objects colours that people with colour blindness can distinguish.

        The colours also differ from those of the displayed frame. Undo restores the
        colours before.

        Raises
        ------
        GnnVosError
            If no video is open.
        """
        workspace = self._annotator.require_workspace()
        table = self._annotator.objects.table
        pixels = workspace.video.rgb(workspace.frame).reshape(-1, 3)
        colours = contrasting_colours(np.asarray(pixels), len(table.objects))
        self._annotator.controller.objects.recolour_all(
            dict(zip(table.objects, colours, strict=False))
        )

    def toggle_previous(self) -> bool:
        """Show the previous prediction, or the current one again.

        Returns
        -------
        shown : bool
            Whether the previous prediction is shown now.

        Raises
        ------
        GnnVosError
            If there are not two predictions.
        """
        layer = self._annotator.require_workspace().prediction_layer
        if layer.comparing:
            layer.show_present()
        else:
            history = self._annotator.controller.require_annotation().history
            labels = history.previous_labels
            if labels is None or self._layer is None:
                raise GnnVosError(
                    "There is no earlier prediction to compare with. Predict twice."
                )
            layer.show_previous(labels)
        shown = "previous" if layer.comparing else "current"
        self._annotator.controller.report(f"The {shown} prediction is shown")
        return layer.comparing

    def toggle_neighbours(self) -> bool:
        """Show or hide the contours of the labels of the previous and the next frame.

        Contours of the next frame are dotted.

        Returns
        -------
        shown : bool

        Raises
        ------
        GnnVosError
            If there is no prediction.
        """
        self._require_layer()
        if self._neighbours is None:
            self._neighbours = self._create_neighbours(
                self._annotator.require_workspace()
            )
        self._neighbours.show(not self._neighbours.shown)
        self.show_objects()
        return self._neighbours.shown

    def leave(self) -> None:
        """Remove the contours of other frames, because another video is opened."""
        if self._neighbours is not None:
            self._neighbours.leave()
        self._neighbours = None

    def _create_neighbours(self, workspace: Workspace) -> ComputedLayer:
        def compute(frame: int) -> NDArray[Any]:
            layer, count = workspace.prediction, workspace.video.shape[0]
            if layer is None:
                return np.zeros(workspace.video.shape[1:], np.uint8)
            before, after = (
                np.asarray(layer.data[workspace.axes.layer_index(t)])
                if 0 <= t < count
                else None
                for t in (frame - 1, frame + 1)
            )
            return neighbour_contours(before, after, workspace.video.shape[1:])

        options = {"colormap": object_colormap(prediction_colours())}
        return workspace.computed_layer(compute, NEIGHBOURS, options)

    def _refresh_neighbours(self) -> None:
        if self._neighbours is not None:
            self._neighbours.refresh()

    @property
    def _layer(self) -> Labels | None:
        workspace = self._annotator.workspace
        return None if workspace is None else workspace.prediction

    def _require_layer(self) -> Labels:
        if self._layer is None:
            raise GnnVosError(NO_PREDICTION)
        return self._layer


def _appearance(values: Preferences) -> dict[str, Any]:
    """Return the properties of a layer of the prediction."""
    return {
        "opacity": values.opacity,
        "contour": CONTOUR_WIDTH if values.contours else 0,
    }


def neighbour_contours(
    before: NDArray[Any] | None, after: NDArray[Any] | None, shape: tuple[int, ...]
) -> NDArray[np.uint16]:
    """Draw the contours of two label images; those of the second are dotted.

    Parameters
    ----------
    before, after : (H, W) ndarray of uint8 or uint16, optional
        Labels of the previous and of the next frame; None beyond the ends.
    shape : (int, int)
        H, W.

    Returns
    -------
    contours : (H, W) ndarray of uint16
        The label of an object on its contours, two pixels wide; 0 elsewhere.
    """
    contours = np.zeros(shape, np.uint16)
    if after is not None:
        rows, cols = np.indices(shape, sparse=True)
        dotted = (rows // DOT + cols // DOT) % 2 == 0
        contours = np.where(dotted, _contours(after), np.uint16(0))
    if before is not None:
        drawn = _contours(before)
        np.copyto(contours, drawn, where=drawn > 0)
    return contours


def _contours(labels: NDArray[Any]) -> NDArray[np.uint16]:
    kernel = np.ones((3, 3), np.uint8)
    labels = np.ascontiguousarray(labels, np.uint16)
    largest, smallest = cv2.dilate(labels, kernel), cv2.erode(labels, kernel)
    return np.asarray(np.where(largest != smallest, largest, 0), np.uint16)
