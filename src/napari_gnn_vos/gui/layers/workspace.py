"""The layers of one video: drawing layers are read and written, predictions shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Shapes
from napari.utils.notifications import show_warning
from numpy.typing import NDArray

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_changes import same_lines
from napari_gnn_vos.controller.drawing_conversion import (
    brush_from_strokes,
    checked_canvas,
)
from napari_gnn_vos.controller.history_cache import VideoSource
from napari_gnn_vos.controller.layer_arrays import video_of
from napari_gnn_vos.controller.layer_metadata import (
    OBJECTS_KEY,
    PATH_KEY,
    SOURCE_KEY,
    names_in,
)
from napari_gnn_vos.controller.object_table import ObjectStore
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.gui.layers import factory
from napari_gnn_vos.gui.layers.attributes import (
    LayerFinder,
    ObjectDisplay,
    file_colours,
)
from napari_gnn_vos.gui.layers.coordinates import (
    SliceTracker,
    axes_of,
    full_data,
    viewer_to_pixels,
)
from napari_gnn_vos.gui.layers.label_layers import PredictionLayer
from napari_gnn_vos.gui.layers.layer_events import Pixels
from napari_gnn_vos.progress import PartialResult
from napari_gnn_vos.structures.canvas import MAX_VALUE, Canvas, value_of, values_of
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.scribbles import Scribble

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_gnn_vos.controller.view_state import ActiveLabel, Tool


class Workspace:
    """Layers for strokes, lines and prediction of one image layer.

    A layer is created when it is first needed, so one that was deleted is replaced by
    an empty one.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layers.
    image : napari.layers.Image
        The video.

    Attributes
    ----------
    brush_scale : float
        Size of the brush of a new layer, relative to the default.

    Raises
    ------
    VideoError
        If the layer is not a video.
    """

    def __init__(self, viewer: ViewerModel, image: Image) -> None:
        self._viewer, self.image = viewer, image
        self.brush_scale = 1.0
        self.axes, data = axes_of(image, viewer), full_data(image)
        self.source = VideoSource(image, data, self.axes)
        self.video = video_of(data, self.axes, image.name, image.metadata)
        self._display = ObjectDisplay()
        for note in self.video.notes:
            show_warning(f"{image.name}: {note}")
        shape = self.axes.to_layer(np.broadcast_to(0, self.video.shape)).shape
        self._finder = LayerFinder(viewer, image, self.axes, shape)
        self.slice_tracker = SliceTracker(
            viewer, image, self.axes, lambda: self.own_layers
        )
        self.prediction_layer = PredictionLayer(
            viewer, image, self.axes, self._finder, lambda: self.drawing_layers
        )

    @property
    def strokes(self) -> Labels:
        """The layer for brush strokes; it is created if there is none."""
        layer = self._finder.strokes
        if layer is None:
            layer = factory.strokes_layer(self.image, self.axes, self.video.shape)
            layer.brush_size = max(1, round(self.brush_scale * layer.brush_size))
            self._viewer.add_layer(layer)
        else:
            self._adopt(layer)
        return layer

    def strokes_up_to(self, value: int) -> Labels:
        """Return the layer for brush strokes, with a type that has a pixel value."""
        layer = self.strokes
        if value > np.iinfo(layer.data.dtype).max:
            factory.widen_strokes(layer, self.axes)
        return layer

    def _adopt(self, strokes: Labels) -> None:
        """Use a layer that was read from a file, with its names and colours."""
        if SOURCE_KEY not in strokes.metadata:
            factory.adopt_strokes(strokes, self.image, self.axes, self.video.shape)
            names = names_in(strokes.features)
            known = names, file_colours(strokes)
            self.objects.table = self.objects.table.with_defaults(*known)

    @property
    def lines(self) -> Shapes:
        """The layer for lines; it is created if there is none."""
        layer = self._find_lines()
        if layer is None:
            layer = factory.lines_layer(self.image, self.axes, self.video.shape)
            self._viewer.add_layer(layer)
        return layer

    def _find_lines(self) -> Shapes | None:
        """Return the layer for lines; one of the user is placed on the video."""
        layer = self._finder.lines
        if layer is not None and SOURCE_KEY not in layer.metadata:
            factory.adopt_lines(layer, self.image, self.axes)
        return layer

    @property
    def prediction(self) -> Labels | None:
        """The layer of the prediction, if there is one."""
        return self.prediction_layer.layer

    answer = renamed_attribute("answer", "prediction")

    @property
    def drawing_layers(self) -> tuple[Labels | None, Shapes | None]:
        """The layers for strokes and lines, None for one that does not exist."""
        return self._finder.strokes, self._finder.lines

    def draws_with(self, tool: Tool) -> bool:
        """Whether the mouse draws a label with a tool, and does not erase or move."""
        active, layers = self._viewer.layers.selection.active, self.drawing_layers
        if active is None or active != layers[tool == "lines"]:  # they may be proxies
            return False
        if isinstance(active, Labels) and active.selected_label == 0:
            return False
        return str(active.mode) in factory.DRAWING_MODES[tool]

    @property
    def own_layers(self) -> tuple[Layer | None, ...]:
        """The layers for strokes, lines and prediction, None for a missing one."""
        return (*self.drawing_layers, self.prediction)

    @property
    def objects(self) -> ObjectStore:
        """The objects of the video, kept in the metadata of the image layer."""
        store: ObjectStore = self.image.metadata.setdefault(OBJECTS_KEY, ObjectStore())
        return store

    @property
    def path(self) -> str:
        """File or folder of the video; empty for an array."""
        return str(self.image.metadata.get(PATH_KEY, ""))

    @property
    def summary(self) -> str:
        """Size and labelled slice of the video, in one line."""
        frames, height, width = self.video.shape
        fixed = "".join(f", slice {i} of axis {axis}" for axis, i in self.axes.fixed)
        count = "1 frame" if frames == 1 else f"{frames} frames"
        return f"{count} of {width} x {height} pixels{fixed}"

    @property
    def frame(self) -> int:
        """Number of the displayed frame, or of the nearest one."""
        return self.slice_tracker.frame

    def select_tool(self, active_label: ActiveLabel) -> None:
        """Select the layer of the active tool, and make it ready to draw."""
        if active_label.tool == "lines":
            layer, mode = self.lines, "add_path"
            colour = active_label.table.colour_of(active_label.label)
            factory.set_active_line_label(layer, active_label.label, colour)
        else:
            value = value_of(active_label.label)
            layer = self.strokes_up_to(value)
            mode = "paint" if active_label.tool == "brush" else "pan_zoom"
            layer.selected_label = value
        self._uncover(layer)
        factory.make_visible(layer)  # on a hidden layer the mouse would move the view
        self._viewer.layers.selection.active = layer
        self.slice_tracker.set_mode(layer, mode)
        self.show_objects()

    def show_objects(self, *others: Labels | None) -> None:
        """Show names, colours and visibility of the objects on all layers.

        Parameters
        ----------
        others : Labels or None
            Further layers with the labels of the objects.
        """
        strokes, lines = self.drawing_layers
        if strokes is not None:
            self._adopt(strokes)
        table = self.objects.table
        self._display.show_strokes(strokes, table)
        self._display.show_lines(lines, table)
        for layer in (self.prediction, *others):
            self._display.show_prediction(layer, table)

    def bring_to_front(self) -> None:
        """Go to a frame of the video, and uncover the video and its layers."""
        self.slice_tracker.show_frames()
        if not self.slice_tracker.on_video:
            self.slice_tracker.go_to_nearest_frame()
        for layer in (self.image, *self.own_layers):
            self._uncover(layer)

    def read(self, last: Drawing | None = None) -> Drawing:
        """Read all strokes and lines.

        Parameters
        ----------
        last : Drawing, optional
            An earlier drawing; unchanged frames are shared with it.

        Raises
        ------
        ScribbleError
            If a layer contains something else than strokes.
        """
        strokes, lines = self._finder.strokes, self._read_lines()
        if strokes is None:
            return Drawing({}, lines)
        stack = self.axes.to_stack(strokes.data)
        return Drawing(brush_from_strokes(stack, self.video.shape, last), lines)

    def read_frame(self, frame: int) -> tuple[Canvas | None, tuple[Scribble, ...]]:
        """Read the brush strokes of one frame, and all lines.

        Raises
        ------
        ScribbleError
            If a layer contains something else than strokes.
        """
        strokes, lines = self._finder.strokes, self._read_lines()
        if strokes is None:
            return None, lines
        canvas = self.axes.to_stack(strokes.data)[frame]
        return checked_canvas(np.asarray(canvas), frame), lines

    def write(self, drawing: Drawing) -> None:
        """Replace all strokes and lines by `drawing`."""
        wide = any(canvas.dtype.itemsize > 1 for canvas in drawing.brush.values())
        strokes = self.strokes_up_to(MAX_VALUE if wide else 0)
        stack = self.axes.to_stack(strokes.data)
        for t in range(len(stack)):
            if t in drawing.brush:
                stack[t] = drawing.brush[t]
            elif stack[t].any():
                stack[t] = 0
        strokes.refresh()
        if not same_lines(drawing.lines, self._read_lines()):
            factory.write_lines(self.lines, drawing.lines, self.axes)
            self.show_objects()

    def show(self, labels: LabelFrames | None) -> None:
        """Show a prediction below the strokes; None removes it."""
        self.prediction_layer.show(labels)
        self._uncover(self.prediction)
        self.show_objects()

    def show_frame(self, step: PartialResult) -> bool:
        """Show a frame of a running prediction; return False if none is shown yet."""
        return self.prediction_layer.show_frame(step, self.frame)

    def pixel_at(self, world: Sequence[float]) -> tuple[float, float] | None:
        """Return row and column of a position in the viewer; None outside the frame."""
        point = viewer_to_pixels(self.image, self._viewer, world)
        row, col = np.rint(point)[[self.axes.row, self.axes.col]].tolist()
        _, height, width = self.video.shape
        return (row, col) if 0 <= row < height and 0 <= col < width else None

    def draw_painted(self, pixels: Pixels, labels: NDArray[Any]) -> None:
        """Draw strokes on pixels of the prediction layer that the user has painted.

        Parameters
        ----------
        pixels : tuple of (P,) ndarray of int
            Indices into the prediction layer, one array per axis.
        labels : (P,) ndarray of int
        """
        values = values_of(labels)
        strokes = self.strokes_up_to(int(values.max(initial=0)))
        strokes.data[pixels] = values
        strokes.refresh()

    def step_painted(self, method: str, drawing: Drawing) -> None:
        """Undo or redo painting on the prediction layer, and the strokes drawn by it.

        Parameters
        ----------
        method : {"undo", "redo"}
        drawing : Drawing
            Drawing that the prediction was made from.
        """
        layer, t = self.prediction, self.frame
        if layer is None:
            return
        index = self.axes.layer_index(t)
        before = np.array(layer.data[index])
        getattr(layer, method)()
        after = np.asarray(layer.data[index])
        values = values_of(after)
        if method == "undo":
            values = drawing.brush.get(t, np.zeros_like(values))
        changed = before != after
        strokes = self.strokes_up_to(int(values[changed].max(initial=0)))
        strokes.data[index][changed] = values[changed]
        strokes.refresh()

    def adopt(self, layer: Layer) -> bool:
        """Use a new layer for strokes if it is suitable and the current one is empty.

        Returns
        -------
        adopted : bool
        """
        own = self._finder.strokes
        replaceable = own is None or not (layer is own or own.data.any())
        if not (replaceable and self._finder.register_strokes(layer)):
            return False
        if own is not None:
            own.visible = False
        return True

    def _uncover(self, layer: Layer | None) -> None:
        """Move the video and its layers to the top if an image hides the layer."""
        if layer is not None and factory.is_covered(self._viewer, layer):
            factory.move_to_top(self._viewer, self.image, self.own_layers)

    def _read_lines(self) -> tuple[Scribble, ...]:
        layer = self._find_lines()
        return () if layer is None else factory.read_lines(layer, self.axes)
