"""The layer of the prediction, and its update from the controller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_gnn_vos.gui.layers import factory
from napari_gnn_vos.gui.layers.axes import Axes
from napari_gnn_vos.gui.layers.finder import LayerFinder
from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.structures.label_frames import (
    EditableLabelFrames,
    LabelFrames,
    pack,
)

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_gnn_vos.gui.controller.controller import Controller
    from napari_gnn_vos.gui.layers.workspace import Workspace


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
            layer.visible = True

    def show_present(self) -> None:
        """Show the present prediction again, with what was painted on it."""
        layer, present = self.layer, self._present_data
        self._present_data = None
        if layer is not None and present is not None:
            layer.data = present

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
            layer = factory.prediction_layer(self._image, self._axes, data)
            for name, value in self.appearance.items():
                setattr(layer, name, value)
            self._insert_below_drawing(layer)
        self._shown = True
        layer.visible = True  # a new prediction is shown even if the last was hidden

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
        """Give the shown labels 16 bits if a frame of the running prediction has."""
        layer = self.layer
        if layer is None or dtype.itemsize <= layer.data.dtype.itemsize:
            return
        if isinstance(layer.data, EditableLabelFrames):
            layer.data = layer.data.snapshot().widened().editable()
        else:
            layer.data = layer.data.astype(dtype)

    def discard_earlier(self) -> None:
        """Do not restore the labels that the layer had before."""
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


class ResultPresenter:
    """Update the prediction layer when the controller has a new result.

    Parameters
    ----------
    controller : Controller
        Source of the results.
    workspace : callable
        Returns the layers of the open video, or None.
    """

    def __init__(
        self, controller: Controller, workspace: Callable[[], Workspace | None]
    ) -> None:
        self._controller, self._workspace = controller, workspace
        controller.session_changed.connect(self._show_current)
        controller.jobs.progressed.connect(self._show_partial)
        jobs = controller.jobs
        for job_ended in (jobs.failed, jobs.stopped, jobs.dropped):
            job_ended.connect(self._show_current)

    def _show_current(self, _value: object = None) -> None:
        """Show the current prediction, also after a job without a result."""
        workspace, annotation = self._workspace(), self._controller.annotation
        if workspace is None or annotation is None or annotation.session is None:
            return
        labels = annotation.session.packed_labels
        if labels is None and annotation.history.current.before is not None:
            workspace.prediction_layer.discard_earlier()
        workspace.show(labels)

    def _show_partial(self, step: Progress) -> None:
        """Show a frame of the running prediction, and the last labels elsewhere."""
        workspace, annotation = self._workspace(), self._controller.annotation
        if not isinstance(step, PartialResult) or workspace is None:
            return
        if annotation is None or annotation.session is None:
            return
        if not workspace.show_frame(step):
            labels = annotation.session.packed_labels
            workspace.show(labels or LabelFrames.blank(workspace.video.shape))
            workspace.show_frame(step)
