"""The layers of one video: what is drawn is read from them, answers go to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Shapes

from napari_gnn_vos.gui import layers
from napari_gnn_vos.gui.answer_layer import AnswerLayer
from napari_gnn_vos.gui.bridge import brush_from_strokes, video_of
from napari_gnn_vos.gui.drawing import Drawing, same_lines
from napari_gnn_vos.gui.finder import Finder
from napari_gnn_vos.gui.line_layer import (
    draw_next,
    make_lines,
    read_lines,
    write_lines,
)
from napari_gnn_vos.gui.names import names_in, tell_names
from napari_gnn_vos.gui.palette import value_of
from napari_gnn_vos.gui.slice_tracker import SliceTracker
from napari_gnn_vos.gui.stacking import bring_up, is_covered
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.scribbles import Scribble

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_gnn_vos.gui.active_label import ActiveLabel

NAMES_KEY = "gnn-vos names"
"""Where an image layer keeps what its objects are called."""


class Workspace:
    """Strokes, lines and answer that lie on one image layer.

    Layers are made when they are first needed, so one that was deleted comes back
    empty.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Holds all layers.
    image : napari.layers.Image
        The video.

    Raises
    ------
    VideoError
        If the layer is no video.
    """

    def __init__(self, viewer: ViewerModel, image: Image) -> None:
        self._viewer, self.image = viewer, image
        self.axes, self.data = layers.axes_of(image, viewer), layers.full_data(image)
        self.video = video_of(self.data, self.axes, image.name, image.metadata)
        self._shape = self.axes.spread(np.broadcast_to(0, self.video.shape)).shape
        self._found = Finder(viewer, image, self.axes, self._shape)
        self.sight = SliceTracker(viewer, image, self.axes, lambda: self.drawn)
        self.answers = AnswerLayer(
            viewer, image, self.axes, self._found, lambda: self.drawn
        )

    @property
    def strokes(self) -> Labels:
        """The layer to paint on; it is made if there is none."""
        found = self._found.strokes
        if found is None:
            found = layers.strokes_layer(self.image, self.axes, self.video.shape)
            self._viewer.add_layer(found)
        elif layers.SOURCE_KEY not in found.metadata:  # from a file, say
            layers.adopt_strokes(found, self.image, self.axes, self.video.shape)
            known = names_in(found.features) | self.names
            self.names.update(known)
        return found

    @property
    def lines(self) -> Shapes:
        """The layer for lines and paths; it is made if there is none."""
        found = self._found.lines
        if found is None:
            found = make_lines(self.image, self.axes, self.video.shape)
            self._viewer.add_layer(found)
        return found

    @property
    def answer(self) -> Labels | None:
        """The layer of the answer, if there is one."""
        return self.answers.layer

    @property
    def drawn(self) -> tuple[Labels | None, Shapes | None]:
        """The layers to paint and to draw lines on, None for one that there is not."""
        return self._found.strokes, self._found.lines

    @property
    def names(self) -> dict[int, str]:
        """What objects are called that were given a name; kept with the video."""
        known: dict[int, str] = self.image.metadata.setdefault(NAMES_KEY, {})
        return known

    @property
    def summary(self) -> str:
        """One line about the video."""
        frames, height, width = self.video.shape
        fixed = "".join(f", slice {i} of axis {axis}" for axis, i in self.axes.fixed)
        return f"{frames} frames of {width} x {height} pixels{fixed}"

    def hold(self, pen: ActiveLabel) -> None:
        """Take up the brush or the lines, ready to draw."""
        if pen.tool == "brush":
            layer, mode = self.strokes, "paint"
            layer.selected_label = value_of(pen.label)
        else:
            layer, mode = self.lines, "add_path"
            draw_next(layer, pen.label)
        self._uncover(layer)
        layer.visible = True  # or napari moves the picture in place of drawing
        self._viewer.layers.selection.active = layer
        self.sight.set_mode(layer, mode)
        for shown in (self.answer, self._found.strokes):
            tell_names(shown, self.names)

    def bring_up(self) -> None:
        """Go to the video, and put it and what is on it above images that hide it."""
        if not self.sight.clear:
            self.sight.approach()
        self._uncover(self.image)

    def read(self, last: Drawing | None = None) -> Drawing:
        """Read all that is drawn.

        Parameters
        ----------
        last : Drawing, optional
            An earlier one; frames that have not changed are shared with it.

        Raises
        ------
        ScribbleError
            If a layer holds something else than strokes.
        """
        brush, lines = self._found.strokes, self._lines()
        if brush is None:
            return Drawing({}, lines)
        stack = self.axes.stack(brush.data)
        return Drawing(brush_from_strokes(stack, self.video.shape, last), lines)

    def write(self, drawing: Drawing) -> None:
        """Make the layers show `drawing` and nothing else."""
        strokes = self.strokes
        stack = self.axes.stack(strokes.data)
        for t in range(len(stack)):
            if t in drawing.brush:
                stack[t] = drawing.brush[t]
            elif stack[t].any():
                stack[t] = 0
        strokes.refresh()
        if not same_lines(drawing.lines, self._lines()):
            write_lines(self.lines, drawing.lines, self.axes)

    def show(self, labels: LabelFrames | None) -> None:
        """Show an answer below the strokes; None takes away what this has shown."""
        self.answers.show(labels, self.names)

    def take_up(self, layer: Layer) -> bool:
        """Draw on strokes that come from elsewhere, if nothing is painted on ours."""
        mine = self._found.strokes
        free = mine is None or not (layer is mine or mine.data.any())
        if not (free and self._found.know(layer)):
            return False
        if mine is not None:
            mine.visible = False
        return True

    def _uncover(self, layer: Layer) -> None:
        if is_covered(self._viewer, layer):
            bring_up(self._viewer, (self.image, self.answer, *self.drawn))

    def _lines(self) -> tuple[Scribble, ...]:
        layer = self._found.lines
        return () if layer is None else read_lines(layer, self.axes)
