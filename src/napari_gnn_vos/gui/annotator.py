"""The object that the widget drives, and that a script drives as well."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError, ScribbleError
from napari_gnn_vos.gui.controller import Controller
from napari_gnn_vos.gui.drawing import Drawing, rebase
from napari_gnn_vos.gui.history import Moment
from napari_gnn_vos.gui.palette import BACKGROUND_VALUE, label_of
from napari_gnn_vos.gui.pen import Pen
from napari_gnn_vos.gui.workspace import Workspace
from napari_gnn_vos.progress import Glimpse, Progress
from napari_gnn_vos.structures.label_frames import LabelFrames

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Annotator:
    """Labels objects in a video that a viewer shows.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Any napari viewer, with or without a window.
    controller : Controller
        Plays the rounds; :func:`napari_gnn_vos.gui.scripting.annotator` makes one.

    Attributes
    ----------
    pen : Pen
        What is drawn next: ``pen.choose(2)``, ``pen.add_object()``.
    workspace : Workspace or None
        The layers: ``workspace.strokes``, ``workspace.lines``.
    """

    opened = Signal()  # another video, or none

    def __init__(self, viewer: ViewerModel, controller: Controller) -> None:
        self.viewer, self.controller, self.pen = viewer, controller, Pen()
        self.workspace: Workspace | None = None
        self._cleared: Drawing | None = None
        controller.changed.connect(self._show)
        controller.desk.progressed.connect(self._show_step)
        for ended in (controller.desk.failed, controller.desk.stopped):
            ended.connect(self._show_again)
        self.pen.changed.connect(self._hold)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.events.inserted.connect(self._on_inserted)

    def open(self, image: Image | None) -> None:
        """Take another video, or none; the layers of the last one stay as they are.

        Raises
        ------
        VideoError
            If the layer is no video.
        """
        workspace = None if image is None else Workspace(self.viewer, image)
        self._let_go()
        self.controller.open(None if workspace is None else workspace.video)
        self.workspace, self._cleared = workspace, None
        if workspace is not None:
            workspace.bring_up()
            workspace.sight.changed.connect(self._on_moved)
            workspace.image.events.data.connect(self._on_replaced)
            self._list_objects(workspace)
        self.opened.emit()
        self._hold()

    def prepare(self) -> None:
        """Get the video ready; a second time it is read from the disk.

        Raises
        ------
        GnnVosError
            If no video is open, or work is under way.
        """
        self.controller.prepare(self._looked_at())

    def predict(self) -> None:
        """Label the whole video from all that is drawn, preparing it if need be.

        Raises
        ------
        GnnVosError
            If no video is open, nothing is drawn, or work is under way.
        """
        self.controller.predict(self._read, self._looked_at)

    @property
    def can_undo(self) -> bool:
        """Whether there is a round, or a reset, to take back."""
        unprepared = self.controller.history is None and self._cleared is not None
        return unprepared or self.controller.can_undo

    def undo(self) -> None:
        """Take back the last round with its strokes, or a reset; newer strokes stay.

        Raises
        ------
        GnnVosError
            If there is nothing to take back.
        """
        now, target, drawn = self._read(), self._cleared, Drawing()
        if self.controller.history is not None or target is None:
            last, before = self.controller.undo()
            drawn = last.drawing
            if last.round > 0 or target is None:
                target = before.drawing
        self._cleared = None
        self._write(rebase(now, drawn, target))

    @property
    def can_redo(self) -> bool:
        """Whether there is a round that was taken back."""
        return self.controller.can_redo

    def redo(self) -> None:
        """Bring the round back that was taken back last; newer strokes stay.

        Raises
        ------
        GnnVosError
            If there is none.
        """
        now = self._read()
        before, again = self.controller.redo()
        self._write(rebase(now, before.drawing, again.drawing))

    def reset(self) -> None:
        """Clear strokes and answer; undo brings them back.

        Raises
        ------
        GnnVosError
            If no video is open, or work is under way.
        """
        cleared = self._read()
        self.controller.reset()
        self._cleared = cleared
        self._write(Drawing())

    def cancel(self) -> None:
        """Stop the work under way at its next step."""
        if self.controller.desk.busy:
            self.controller.said.emit("Stopping ...")
            self.controller.desk.cancel()

    def close(self) -> None:
        """Stop, and let go of the viewer."""
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        self.viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._let_go()
        desk, controller = self.controller.desk, self.controller
        for signal in (
            *(desk.progressed, desk.failed, desk.busy_changed, desk.stopped),
            *(controller.said, controller.changed, self.opened, self.pen.changed),
        ):
            signal.disconnect()
        self.cancel()

    def _let_go(self) -> None:
        """Leave the video; its answer stays on show, its layers can be drawn on."""
        if self.workspace is not None:
            self.workspace.sight.stop()
        self.workspace = None

    def _list_objects(self, workspace: Workspace) -> None:
        with suppress(ScribbleError):  # told when they are needed
            self.pen.list_objects(workspace.read().last_object)

    def _hold(self) -> None:
        if self.workspace is not None:
            self.workspace.strokes.events.selected_label.connect(self._on_picked)
            self.workspace.hold(self.pen)

    def _on_picked(self, event: Any) -> None:
        """Follow a label chosen on the layer itself, as napari's picker does."""
        value = event.source.selected_label
        known = 0 < value <= BACKGROUND_VALUE  # 0 is the eraser
        if known and label_of(value) != self.pen.label:
            self.pen.choose(label_of(value), "brush")

    def _read(self) -> Drawing:
        if self.workspace is None:
            raise GnnVosError("There is no video. Open one and choose its layer.")
        history = self.controller.history
        return self.workspace.read(history.now.drawing if history else None)

    def _write(self, drawing: Drawing) -> None:
        if self.workspace is not None:
            chosen = self.viewer.layers.selection.active
            self.workspace.write(drawing)
            if self.viewer.layers.selection.active is not chosen:
                self._hold()  # a layer was deleted, and is made anew

    def _show(self, moment: Moment | None) -> None:
        if self.workspace is not None and moment is not None:
            self.workspace.show(moment.session.painted)

    def _show_step(self, step: Progress) -> None:
        """Show the frame that is answered first, on top of the last answer."""
        if self.workspace is not None and isinstance(step, Glimpse):
            history = self.controller.history
            last = history.now.session.painted if history else None
            last = last or LabelFrames.blank(self.workspace.video.shape)
            self.workspace.show(last.exchange(step.frame, step.labels))

    def _show_again(self, _news: str = "") -> None:
        """Show the last answer after work that came to none."""
        history = self.controller.history
        self._show(history.now if history else None)

    def _looked_at(self) -> int:
        return 0 if self.workspace is None else self.workspace.sight.frame

    def _on_moved(self, clear: bool) -> None:
        """Say why nothing can be drawn where there is no frame of the video."""
        if self.workspace is not None:
            where, back = self.workspace.summary, self.workspace.sight.way_back
            self.controller.said.emit(
                where if clear else f"The video is elsewhere. {back}"
            )

    def _on_replaced(self, event: Any) -> None:
        """Begin anew when the layer shows other frames."""
        if self.workspace is not None and event.source is self.workspace.image:
            self.open(event.source)

    def _on_removed(self, event: Any) -> None:
        """Let go of the video when its layer is removed."""
        if self.workspace is not None and event.value is self.workspace.image:
            self.open(None)

    def _on_inserted(self, event: Any) -> None:
        """Go on with strokes that were opened from a file."""
        if self.workspace is not None and self.workspace.take_up(event.value):
            self._list_objects(self.workspace)
            self._hold()
