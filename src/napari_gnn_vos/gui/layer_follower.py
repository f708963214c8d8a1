"""Connection of an annotator and its controller with the layers of the viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from numpy.typing import NDArray

from napari_gnn_vos.controller.layer_metadata import PROJECT_KEY
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.layers.layer_events import LayerCallbacks, LayerEvents, Pixels
from napari_gnn_vos.gui.layers.layer_finder import layers_of
from napari_gnn_vos.progress import PartialResult, Progress
from napari_gnn_vos.structures.canvas import label_of
from napari_gnn_vos.structures.label_frames import LabelFrames

if TYPE_CHECKING:
    from napari.layers import Labels, Layer

    from napari_gnn_vos.controller.controller import Controller
    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.layers.workspace import Workspace


class LayerFollower:
    """React to what the user does with layers; select the layer of the active tool.

    Parameters
    ----------
    annotator : Annotator
        Acts on the open video. The layers are observed until :meth:`stop`.
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        callbacks = LayerCallbacks(
            label_picked=self._choose_picked_label,
            mode_changed=annotator.emit_state_changed,
            label_key_pressed=self._select_label,
            strokes_clicked=self._label_superpixel,
            drawing_changed=self.handle_stroke,
            prediction_painted=self._draw_painted,
            prediction_stepped=self._step_painted,
            fill_requested=self._confirm_fill,
            image_changed=self._reopen,
            layer_removed=self._close_removed,
            layer_inserted=self._adopt_inserted,
        )
        self._events = LayerEvents(annotator.viewer.layers, callbacks)

    def stop(self) -> None:
        """Disconnect from the viewer."""
        self._events.stop()

    def observe_workspace(self) -> None:
        """Observe the video, its prediction and the sliders, after it was opened."""
        workspace = self._annotator.workspace
        if workspace is not None:
            workspace.slice_tracker.changed.connect(self._report_slice)
            self._events.observe_image(workspace.image)
            self._observe_prediction()

    def select_tool(self) -> None:
        """Select the layer of the active tool, and observe what is drawn on it."""
        workspace = self._annotator.workspace
        if workspace is not None:
            workspace.select_tool(self._annotator.active_label)
            self._events.observe_drawing(*workspace.drawing_layers.existing)
            self._annotator.emit_state_changed()  # the mode of the layer has changed

    def handle_stroke(self) -> None:
        """Record a stroke, and predict it if every stroke is predicted."""
        annotator = self._annotator
        if not annotator.auto_predict.is_paused:
            annotator.defer(annotator.projects.record_stroke)
            self._report_hidden_object()
        annotator.controller.handle_stroke()

    def _observe_prediction(self) -> None:
        """Observe what is painted on the prediction layer, if there is one."""
        workspace = self._annotator.workspace
        if workspace is not None and workspace.prediction is not None:
            self._events.observe_prediction(workspace.prediction)

    def _report_slice(self, on_video: bool) -> None:
        """Explain why nothing can be drawn outside the video."""
        workspace = self._annotator.workspace
        if workspace is not None:
            directions = workspace.slice_tracker.directions
            self._annotator.controller.report(
                workspace.summary
                if on_video
                else f"The view is outside the video. {directions}"
            )

    def _choose_picked_label(self, label: int | None) -> None:
        """Follow a label that was chosen in the controls of the strokes layer."""
        if label is None or label == self._annotator.active_label.label:
            self._annotator.emit_state_changed()  # the brush erases, or paints again
            return
        with self._reporting_errors():
            self._annotator.active_label.choose(label, "brush")

    def _select_label(self, label: int) -> None:
        """Activate the label of a pressed key, if it is listed."""
        with self._reporting_errors():
            self._annotator.objects.select(label)

    def _label_superpixel(self, position: Sequence[float]) -> None:
        """Label the superpixel that was clicked, if its tool is active."""
        if self._annotator.active_label.tool == "superpixels":
            with self._reporting_errors():
                self._annotator.superpixels.label_at(position)

    @contextmanager
    def _reporting_errors(self) -> Iterator[None]:
        """Show the message of an expected error, which no caller catches."""
        try:
            yield
        except GnnVosError as error:
            self._annotator.controller.report(str(error))

    def _is_open(self, layer: Layer) -> bool:
        """Whether a layer is that of the open video."""
        workspace = self._annotator.workspace
        return workspace is not None and layer is workspace.image

    def _reopen(self, image: Image) -> None:
        """Start again when the open layer shows other frames."""
        if self._is_open(image):
            self._annotator.open(image)

    def _report_hidden_object(self) -> None:
        """Explain why a stroke of a hidden object is invisible."""
        active = self._annotator.active_label
        if active.label in active.table.invisible:
            name = active.name_of(active.label)
            message = f"{name} is hidden, and so are its strokes."
            self._annotator.controller.report(message)

    def _draw_painted(self, pixels: Pixels, labels: NDArray[Any]) -> None:
        """Draw strokes where the user has painted on the prediction layer."""
        if self._annotator.workspace is not None:
            self._annotator.workspace.drawing_layers.draw_labels(pixels, labels)
            if self._annotator.display.previous_shown:
                show_present = partial(self._show_present, pixels, labels)
                self._annotator.defer(show_present)  # napari still writes the labels
            self.handle_stroke()

    def _show_present(self, pixels: Pixels, labels: NDArray[Any]) -> None:
        """Show the current prediction, with the pixels painted on the previous one."""
        display = self._annotator.display
        if display.previous_shown:
            display.toggle_previous()
            if self._annotator.workspace is not None:
                self._annotator.workspace.prediction_layer.write(pixels, labels)

    def _step_painted(self, method: str) -> None:
        """Undo or redo painting on the prediction, and the strokes drawn by it."""
        annotation = self._annotator.controller.annotation
        if self._annotator.workspace is not None and annotation is not None:
            drawing = annotation.history.current.predicted
            self._annotator.workspace.step_painted(method, drawing)
            self.handle_stroke()

    def _confirm_fill(
        self, layer: Labels, accept: Callable[[], object], share: float
    ) -> None:
        """Ask whether a large fill is intended, and undo it otherwise."""

        def ask() -> None:
            name = self._annotator.active_label.name_of(label_of(layer.selected_label))
            if self._annotator.confirm(f"Fill {share:.0%} of this frame with {name}?"):
                accept()
            else:
                layer.undo()

        self._annotator.defer(ask)

    def _close_removed(self, layer: Layer) -> None:
        """Close a video whose layer was removed, and remove its other layers."""
        if isinstance(layer, Image):
            self._annotator.defer(lambda: self._remove_layers_of(layer))
        if self._is_open(layer):
            self._annotator.open(None)
        self._annotator.emit_state_changed()

    def _remove_layers_of(self, image: Image) -> None:
        if image not in self._annotator.viewer.layers:
            for layer in layers_of(self._annotator.viewer, image):
                self._annotator.viewer.layers.remove(layer)

    def _adopt_inserted(self, layer: Layer) -> None:
        """Continue with strokes that were opened from a file."""
        if PROJECT_KEY in layer.metadata:
            self._annotator.defer(lambda: self._annotator.projects.open_layer(layer))
        self._observe_prediction()
        workspace = self._annotator.workspace
        if workspace is not None and workspace.drawing_layers.replace_strokes(layer):
            self._annotator.list_drawn_objects()
        self._annotator.emit_state_changed()


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

    def _show_current(self) -> None:
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
