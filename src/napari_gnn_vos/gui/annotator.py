"""Programming interface of the dock widget and of scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from napari.layers import Image
from psygnal import Signal

from napari_gnn_vos.controller.active_label import ActiveLabel
from napari_gnn_vos.controller.auto_predict import AutoPredict
from napari_gnn_vos.controller.controller import Controller
from napari_gnn_vos.controller.fine_tuning import FineTuning
from napari_gnn_vos.controller.history_tools import HistoryTools
from napari_gnn_vos.controller.messages import NO_VIDEO
from napari_gnn_vos.controller.object_tools import ObjectTools
from napari_gnn_vos.controller.preferences import PreferenceStore
from napari_gnn_vos.controller.project_keeper import ProjectKeeper
from napari_gnn_vos.controller.ranges import RangeTools
from napari_gnn_vos.controller.round_choices import ModelChoice
from napari_gnn_vos.controller.view_state import ViewState
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.errors import GnnVosError, ScribbleError
from napari_gnn_vos.gui.layer_follower import LayerFollower, ResultPresenter
from napari_gnn_vos.gui.layers.workspace import Workspace
from napari_gnn_vos.gui.tools.display import DisplayTools
from napari_gnn_vos.gui.tools.exports import ExportTools
from napari_gnn_vos.gui.tools.imports import LayerImports
from napari_gnn_vos.gui.tools.projects import ProjectFiles
from napari_gnn_vos.gui.tools.superpixels import SuperpixelTools
from napari_gnn_vos.gui.tools.window import WindowTools

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Annotator:
    """Annotate the objects of a video in a viewer.

    Connects the layers of a viewer with a controller, which owns all other state.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Any napari viewer, with or without a window.
    controller : Controller
        :func:`napari_gnn_vos.gui.scripting.annotator` makes one.

    Attributes
    ----------
    workspace : Workspace or None
        Layers of the open video: ``workspace.strokes``, ``workspace.lines``.
    closed : bool
        Whether it is disconnected from the viewer.
    objects : ObjectTools
        Edits the objects: ``objects.rename(1, "cell")``, ``objects.toggle_locked(1)``.
    history : HistoryTools
        Lists all actions: ``history.items``, ``history.go_to(2)``.
    imports : LayerImports
        Uses other layers as annotation: ``imports.use_labels(layer)``.
    display : DisplayTools
        Changes how labels are shown: ``display.toggle_contours()``.
    superpixels : SuperpixelTools
        Labels superpixels by a click: ``superpixels.use_tool()``.
    ranges : RangeTools
        Predicts a range of frames: ``ranges.predict_from_here()``.
    exports : ExportTools
        Exports labels: ``exports.write("labels.tif")``.
    models : ModelChoice
        Selects the model of the next rounds: ``models.choose("my cells")``.
    fine_tuning : FineTuning
        Trains models on own videos: ``fine_tuning.start("my cells")``.
    preferences : PreferenceStore
        Changes settings: ``preferences.change(opacity=0.3)``.
    window : WindowTools
        Opens dialogs: ``window.show_keys()``.
    projects : ProjectFiles
        Saves, opens and recovers projects: ``projects.save("cells.gnnvos")``.
    confirm : callable
        Asks the user a question and returns whether the answer is yes; without a
        window, returns True.
    defer : callable
        Calls a function after napari has completed an event; without a window, at once.
    """

    state_changed = Signal()  # `state` may differ

    def __init__(
        self,
        viewer: ViewerModel,
        controller: Controller,
        models: ModelChoice | None = None,
    ) -> None:
        self.viewer, self.controller = viewer, controller
        self.workspace: Workspace | None = None
        self.closed = False
        self.confirm: Callable[[str], bool] = lambda _question: True
        self.defer: Callable[[Callable[[], object]], object] = lambda call: call()
        self.objects = ObjectTools(controller, self.keeping_tool, self._point_at_cursor)
        self.ranges = RangeTools(controller)
        self.imports, self.exports = LayerImports(self), ExportTools(self)
        self.display, self.superpixels = DisplayTools(self), SuperpixelTools(self)
        self.models = models or ModelChoice()
        self.projects = ProjectFiles(
            self, ProjectKeeper(controller, self.models.checksum)
        )
        self.fine_tuning = FineTuning(lambda: controller.annotation, self.models)
        self.history = HistoryTools(controller, self.keeping_tool, self.go_to)
        self.preferences, self.window = PreferenceStore(controller), WindowTools(self)
        # an attribute, because signals reference the methods of their listeners weakly
        self._presenter = ResultPresenter(controller, lambda: self.workspace)
        self._follower = LayerFollower(self)
        controller.changed.connect(self.emit_state_changed)
        self.models.changed.connect(controller.handle_model_change)
        controller.active_label.changed.connect(self._follower.select_tool)
        controller.active_label.table_changed.connect(self.display.show_objects)
        self.preferences.changed.connect(self.display.show_preferences)
        viewer.layers.selection.events.active.connect(self.emit_state_changed)

    pen = renamed_attribute("pen", "active_label")
    live = renamed_attribute("live", "auto_predict")
    look = renamed_attribute("look", "go_to_most_uncertain_frame")

    @property
    def state(self) -> ViewState:
        """Everything that the dock widget shows."""
        images = any(isinstance(layer, Image) for layer in self.viewer.layers)
        workspace = self.workspace
        return replace(
            self.controller.state,
            images_available=images,
            tool_active=workspace is not None
            and workspace.draws_with(self.active_label.tool),
            comparing=self.display.previous_shown,
        )

    @property
    def active_label(self) -> ActiveLabel:
        """Label that is drawn next, and the list of labels: ``choose(2)``."""
        return self.controller.active_label

    @property
    def auto_predict(self) -> AutoPredict:
        """Prediction after every stroke: ``auto_predict.enabled = True``."""
        return self.controller.auto_predict

    @property
    def can_undo(self) -> bool:
        """Whether an action can be undone."""
        return self.controller.state.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether an action can be redone."""
        return self.controller.state.can_redo

    def open(self, image: Image | None) -> None:
        """Open another video, or close the open one (None); its layers are kept.

        A video that was open before continues with its history.

        Raises
        ------
        VideoError
            If the layer is not a video.
        """
        workspace = None if image is None else Workspace(self.viewer, image)
        self._leave_workspace()
        self.workspace = workspace
        self.display.style_new_layers(self.preferences.values)
        self.controller.open(workspace)
        if workspace is not None:
            workspace.bring_to_front()
            self._follower.observe_workspace()
        self.list_drawn_objects()
        if image is not None:
            self.projects.restore_project_of(image)

    def require_workspace(self) -> Workspace:
        """Return the layers of the open video.

        Raises
        ------
        GnnVosError
            If no video is open.
        """
        if self.workspace is None:
            raise GnnVosError(NO_VIDEO)
        return self.workspace

    def prepare(self) -> None:
        """Compute the superpixel graph of the video, or read it from the cache.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running.
        """
        self.controller.prepare()

    def predict(self) -> None:
        """Predict all frames from the drawing; the video is prepared if necessary.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or a job is running.
        """
        self.controller.predict()

    def go_to_most_uncertain_frame(self) -> int:
        """Go to the most uncertain frame, then to the next ones; return its number.

        Raises
        ------
        GnnVosError
            If there is no prediction.
        """
        frame = self.controller.most_uncertain_frame()
        self.go_to(frame)
        return frame

    @property
    def frame(self) -> int:
        """Number of the displayed frame; 0 if no video is open."""
        return 0 if self.workspace is None else self.workspace.frame

    def go_to(self, frame: int) -> None:
        """Move the viewer to a frame of the video."""
        if self.workspace is not None:
            self.workspace.slice_tracker.go_to(frame)

    def toggle_accepted(self, frame: int | None = None) -> bool:
        """Accept the labels of a frame as they are, or release an accepted frame.

        Later rounds do not change an accepted frame, and label the other frames from
        it. Strokes on it still take effect.

        Parameters
        ----------
        frame : int, optional
            By default, the displayed frame.

        Returns
        -------
        accepted : bool
            Whether the frame is accepted now.

        Raises
        ------
        GnnVosError
            If there is no prediction, or a job is running that cannot be dropped.
        """
        frame = self.frame if frame is None else frame
        return self.controller.edits.toggle_accepted(frame)

    def undo(self) -> None:
        """Undo the last action: a round with its strokes, a removal or a reset.

        Newer strokes are kept.

        Raises
        ------
        GnnVosError
            If there is nothing to undo, or a job is running that cannot be dropped.
        """
        with self.keeping_tool():
            self.controller.edits.undo()

    def redo(self) -> None:
        """Restore the action that was undone last; newer strokes are kept.

        Raises
        ------
        GnnVosError
            If there is nothing to redo, or a job is running that cannot be dropped.
        """
        with self.keeping_tool():
            self.controller.edits.redo()

    def reset(self) -> None:
        """Clear the drawing and the prediction; undo restores both.

        Raises
        ------
        GnnVosError
            If no video is open, or a job is running that cannot be dropped.
        """
        with self.keeping_tool():
            self.controller.edits.reset()

    def use_brush(self) -> None:
        """Paint strokes of the active label."""
        self.active_label.choose(self.active_label.label, "brush")

    def use_lines(self) -> None:
        """Draw lines of the active label."""
        self.active_label.choose(self.active_label.label, "lines")

    add_object = renamed_attribute("add_object", "objects.add")
    remove_object = renamed_attribute("remove_object", "objects.remove")
    remove = renamed_attribute("remove", "objects.remove")

    toggle_prediction = renamed_attribute("toggle_prediction", "display.toggle_labels")
    toggle_contours = renamed_attribute("toggle_contours", "display.toggle_contours")
    show_objects = renamed_attribute("show_objects", "display.show_objects")

    def handle_stroke(self) -> None:
        """Record a stroke, and predict it if every stroke is predicted.

        Strokes that are drawn by methods of a layer are recorded without this call.
        """
        self._follower.handle_stroke()

    def cancel(self) -> None:
        """Stop the running job and discard its result."""
        self.controller.cancel()

    def close(self) -> None:
        """Cancel the running job, and disconnect from the viewer."""
        self.closed = True
        for changed in (self.state_changed, self.projects.changed, self.models.changed):
            changed.disconnect()  # first, because the widgets may be deleted
        self._follower.stop()
        self.exports.close()
        self.fine_tuning.close()
        self.projects.close()
        selection = self.viewer.layers.selection
        selection.events.active.disconnect(self.emit_state_changed)
        self._leave_workspace()
        self.auto_predict.enabled = False
        self.window.requested.disconnect()
        self.controller.close()

    def _leave_workspace(self) -> None:
        """Close the video; its layers stay, and can be drawn on."""
        if self.workspace is not None:
            self.display.leave()
            self.superpixels.leave()
            self.workspace.slice_tracker.stop()
        self.workspace = None

    def list_drawn_objects(self) -> None:
        """Add the objects with strokes to the list, and activate the tool."""
        if self.workspace is not None:
            objects: tuple[int, ...] = ()
            with suppress(ScribbleError):  # it is reported by the next prediction
                objects = self.workspace.read().objects
            self.active_label.list_objects(objects)

    def _point_at_cursor(self) -> tuple[float, float] | None:
        """Return row and column of the mouse; None outside the frame."""
        return None if self.workspace is None else self.workspace.pixel_at()

    @contextmanager
    def keeping_tool(self) -> Iterator[None]:
        """Select the tool again if the body replaces a deleted layer by a new one."""
        active = self.viewer.layers.selection.active
        try:
            yield
        finally:
            if self.viewer.layers.selection.active is not active:
                self._follower.select_tool()

    def emit_state_changed(self) -> None:
        """Announce that `state` may differ."""
        self.state_changed.emit()
