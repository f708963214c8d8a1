"""What a person does in napari itself, beside the widget, and what comes of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_gnn_vos.gui.palette import BACKGROUND_VALUE, label_of

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_gnn_vos.gui.annotator import Annotator
    from napari_gnn_vos.gui.workspace import Workspace

STEPS = {"Control-Z": "undo", "Control-Shift-Z": "redo"}
"""Keys of napari for what a labels layer does with its own strokes."""


class LayerEvents:
    """Follows layers and sliders, and tells an annotator.

    Parameters
    ----------
    annotator : Annotator
        Whose viewer is watched, until :meth:`stop`.
    """

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._bound: list[tuple[Labels, str]] = []
        layers = annotator.viewer.layers.events
        self._layers = ((layers.removed, self._removed), (layers.inserted, self._came))
        for event, react in self._layers:
            event.connect(react)

    def stop(self) -> None:
        """Let go of the viewer."""
        for event, react in self._layers:
            event.disconnect(react)
        for layer, key in self._bound:
            layer.bind_key(key, None)
        self._bound.clear()

    def follow_video(self, workspace: Workspace) -> None:
        """Follow a video that was opened."""
        workspace.sight.changed.connect(self._moved)
        workspace.image.events.data.connect(self._replaced)

    def follow_drawing(self, workspace: Workspace) -> None:
        """Follow the layers that are drawn on; again and again does no harm."""
        strokes, lines = workspace.drawn
        if strokes is not None:
            strokes.events.selected_label.connect(self._picked)
            strokes.events.paint.connect(self._annotator.live.follow)
            self._follow_keys(strokes)
        if lines is not None:
            lines.events.data.connect(self._lined)

    def _follow_keys(self, strokes: Labels) -> None:
        """Follow napari's own undo and redo of strokes, of which no event tells."""
        live = self._annotator.live
        for key, step in STEPS.items():

            def press(layer: Labels, step: str = step) -> None:
                getattr(layer, step)()
                live.follow()

            with suppress(ValueError):  # it is followed, or a person's own binding
                strokes.bind_key(key, press)
                self._bound.append((strokes, key))

    def _picked(self, event: Any) -> None:
        """Follow a label chosen on the layer itself, as napari's picker does."""
        value, pen = event.source.selected_label, self._annotator.pen
        known = 0 < value <= BACKGROUND_VALUE  # 0 is the eraser
        if known and label_of(value) != pen.label:
            pen.choose(label_of(value), "brush")

    def _lined(self, event: Any) -> None:
        if str(event.action) in ("added", "removed", "changed"):
            self._annotator.live.follow()

    def _moved(self, clear: bool) -> None:
        """Say why nothing can be drawn where there is no frame of the video."""
        workspace = self._annotator.workspace
        if workspace is not None:
            where, back = workspace.summary, workspace.sight.way_back
            self._annotator.controller.said.emit(
                where if clear else f"The video is elsewhere. {back}"
            )

    def _replaced(self, event: Any) -> None:
        """Begin anew when the layer shows other frames."""
        workspace = self._annotator.workspace
        if workspace is not None and event.source is workspace.image:
            self._annotator.open(event.source)

    def _removed(self, event: Any) -> None:
        """Let go of the video when its layer is removed."""
        workspace = self._annotator.workspace
        if workspace is not None and event.value is workspace.image:
            self._annotator.open(None)

    def _came(self, event: Any) -> None:
        """Go on with strokes that were opened from a file."""
        workspace = self._annotator.workspace
        if workspace is not None and workspace.take_up(event.value):
            self._annotator.take_stock()
