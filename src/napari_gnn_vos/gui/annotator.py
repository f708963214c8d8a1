"""The object that the widget drives, and that a script drives as well."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari.layers import Image
from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError, ScribbleError
from napari_gnn_vos.gui.active_label import ActiveLabel
from napari_gnn_vos.gui.auto_predict import AutoPredict
from napari_gnn_vos.gui.controller import Controller
from napari_gnn_vos.gui.drawing import Drawing, rebase
from napari_gnn_vos.gui.history import HistoryEntry
from napari_gnn_vos.gui.history_cache import HistoryCache
from napari_gnn_vos.gui.layer_events import LayerEvents
from napari_gnn_vos.gui.result_presenter import ResultPresenter
from napari_gnn_vos.gui.workspace import Workspace

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
    pen : ActiveLabel
        What is drawn next: ``pen.choose(2)``, ``pen.add_object()``.
    live : AutoPredict
        Whether an answer follows every stroke: ``live.on = True``.
    workspace : Workspace or None
        The layers: ``workspace.strokes``, ``workspace.lines``.
    """

    opened = Signal()  # another video, or none

    def __init__(self, viewer: ViewerModel, controller: Controller) -> None:
        self.viewer, self.controller, self.pen = viewer, controller, ActiveLabel()
        self.workspace: Workspace | None = None
        self.live = AutoPredict(controller.desk, self._follow)
        self._cleared: tuple[Drawing, Drawing] | None = None
        controller.changed.connect(self._forget_cleared)
        self._shelf = HistoryCache()
        self._showing = ResultPresenter(controller, lambda: self.workspace)
        self._watch = LayerEvents(self)
        self.pen.changed.connect(self._hold)

    def open(self, image: Image | None) -> None:
        """Take another video, or none; the layers of the last one stay as they are.

        A video that was open before is gone on with, and its rounds can be undone.

        Raises
        ------
        VideoError
            If the layer is no video.
        """
        workspace = None if image is None else Workspace(self.viewer, image)
        self._let_go()
        self.workspace, self._cleared = workspace, None
        if workspace is None:
            self.controller.open(None)
        else:
            self.controller.open(workspace.video, self._shelf.get(workspace))
            workspace.bring_up()
            self.pen.names = workspace.names
            self._watch.follow_video(workspace)
        self.take_stock()
        self.opened.emit()

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

    def look(self) -> int:
        """Go to the frame to look at next, the least sure one first; return its number.

        Raises
        ------
        GnnVosError
            If there is no answer yet.
        """
        frame = self.controller.look()
        if self.workspace is not None:
            self.workspace.sight.go_to(frame)
        return frame

    @property
    def can_undo(self) -> bool:
        """Whether there is a round to take back, or something that was cleared."""
        loose = self._cleared is not None and not self.controller.desk.busy
        return loose or self.controller.can_undo

    def undo(self) -> None:
        """Take back the last round with its strokes, or what was cleared since.

        Strokes that are newer stay.

        Raises
        ------
        GnnVosError
            If there is nothing to take back, or work is under way.
        """
        self.controller.desk.require_free()
        now = self._read()
        if self._cleared is None:
            last, before = self.controller.undo()
            self._write(rebase(now, last.drawing, last.cleared or before.drawing))
        else:
            before_it, after_it = self._cleared
            self._cleared = None
            self._write(rebase(now, after_it, before_it))
        self.take_stock()

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
        self._write(rebase(now, again.cleared or before.drawing, again.drawing))

    def reset(self) -> None:
        """Clear strokes and answer; undo brings them back.

        Raises
        ------
        GnnVosError
            If no video is open, or work is under way.
        """
        self.controller.desk.require_free()
        drawn = self._clear(self._read(), Drawing())
        self.controller.reset(drawn)

    def remove(self, label: int) -> None:
        """Take an object and its strokes away; undo brings them back.

        If it is part of the answer, the video is labelled again without it.

        Raises
        ------
        GnnVosError
            If there is no such object, or work is under way.
        """
        self.controller.desk.require_free()
        drawn, history = self._read(), self.controller.history
        self.pen.drop(label)
        if label not in drawn.objects:
            return
        left = drawn.without(label)
        self._clear(drawn, left)
        if history is not None and label in history.now.drawing.objects:
            if left.objects:
                self.controller.predict(self._read, self._looked_at, drawn)
            else:
                self.controller.reset(drawn)

    def cancel(self) -> None:
        """Stop the work under way at its next step."""
        if self.controller.desk.busy:
            self.controller.said.emit("Stopping ...")
            self.controller.desk.cancel()

    def take_stock(self) -> None:
        """List the objects that are drawn, and take up the brush or the lines."""
        if self.workspace is not None:
            with suppress(ScribbleError):  # told when they are needed
                self.pen.list_objects(self.workspace.read().objects)
            self._hold()

    def close(self) -> None:
        """Stop, and let go of the viewer."""
        self._watch.stop()
        self._let_go()
        self.live.on = False
        desk, controller = self.controller.desk, self.controller
        for signal in (
            *(desk.progressed, desk.failed, desk.busy_changed, desk.stopped),
            *(desk.freed, controller.said, controller.changed, self.opened),
            *(self.live.changed, self.pen.changed),
        ):
            signal.disconnect()
        self.cancel()

    def _let_go(self) -> None:
        """Leave the video; its answer stays on show, its layers can be drawn on."""
        if self.workspace is not None:
            self.workspace.sight.stop()
            self._shelf.put(self.workspace, self.controller.history)
        self.workspace = None

    def _follow(self) -> None:
        """Predict, or step to the answer of what is drawn, if there is one."""
        if not self.controller.follow(self._read()):
            self.predict()

    def _hold(self) -> None:
        if self.workspace is not None:
            self.workspace.hold(self.pen)
            self._watch.follow_drawing(self.workspace)

    def _read(self) -> Drawing:
        if self.workspace is None:
            raise GnnVosError("There is no video. Open one and choose its layer.")
        history = self.controller.history
        return self.workspace.read(history.now.drawing if history else None)

    def _write(self, drawing: Drawing) -> None:
        if self.workspace is not None:
            chosen = self.viewer.layers.selection.active
            with self.live.paused():
                self.workspace.write(drawing)
            if self.viewer.layers.selection.active is not chosen:
                self._hold()  # a layer was deleted, and is made anew

    def _clear(self, drawn: Drawing, left: Drawing) -> Drawing:
        """Leave less on the layers until undo; returns all there was."""
        self._cleared = drawn, left
        self._write(left)
        return drawn

    def _forget_cleared(self, now: HistoryEntry | None) -> None:
        """Leave it to the history, once a round or a reset came of it."""
        if now is not None and (now.round or now.cleared):
            self._cleared = None

    def _looked_at(self) -> int:
        return 0 if self.workspace is None else self.workspace.sight.frame
