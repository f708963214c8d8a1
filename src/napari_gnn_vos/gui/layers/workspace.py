"""The layers of one video: strokes, lines and prediction, and the tool that draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Shapes
from napari.utils.notifications import show_warning

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history_cache import VideoSource
from napari_gnn_vos.controller.layer_arrays import Compute, ComputedLabels, video_of
from napari_gnn_vos.controller.layer_metadata import PATH_KEY
from napari_gnn_vos.controller.messages import describe_count
from napari_gnn_vos.controller.object_table import ObjectStore
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.gui.layers.attributes import ObjectDisplay, set_active_line_label
from napari_gnn_vos.gui.layers.coordinates import (
    SliceTracker,
    axes_of,
    full_data,
    viewer_to_pixels,
)
from napari_gnn_vos.gui.layers.drawing_layers import DrawingLayers
from napari_gnn_vos.gui.layers.label_layers import (
    ComputedLayer,
    PredictionLayer,
    make_visible,
)
from napari_gnn_vos.gui.layers.layer_finder import (
    LayerFinder,
    is_covered,
    move_to_top,
)
from napari_gnn_vos.progress import PartialResult
from napari_gnn_vos.structures.canvas import Canvas, value_of, values_of
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.scribbles import Scribble

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_gnn_vos.controller.active_label import ActiveLabel, Tool

DRAWING_MODES = {
    "brush": ("paint", "fill", "polygon"),
    "lines": (
        *("add_path", "add_line", "add_polyline", "add_polygon", "add_polygon_lasso"),
        *("add_rectangle", "add_ellipse"),
    ),
    "superpixels": ("pan_zoom",),
}
"""Modes of the layer of each tool in which the mouse draws."""


class Workspace:
    """The layers of one video: strokes, lines and prediction.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layers.
    image : napari.layers.Image
        The video.

    Attributes
    ----------
    drawing_layers : DrawingLayers
        Layers for strokes and lines, which the user draws on.
    prediction_layer : PredictionLayer
        Layer that shows the prediction.
    slice_tracker : SliceTracker
        Follows the sliders of the viewer.

    Raises
    ------
    VideoError
        If the layer is not a video.
    """

    def __init__(self, viewer: ViewerModel, image: Image) -> None:
        self._viewer, self.image = viewer, image
        self.axes, data = axes_of(image, viewer), full_data(image)
        self.source = VideoSource(image, data, self.axes)
        self.video = video_of(data, self.axes, image.name, image.metadata)
        self._display = ObjectDisplay()
        for note in self.video.notes:
            show_warning(f"{image.name}: {note}")
        shape = self.axes.to_layer(np.broadcast_to(0, self.video.shape)).shape
        finder = LayerFinder(viewer, image, self.axes, shape)
        self.drawing_layers = drawing = DrawingLayers(
            viewer, image, self.axes, self.video.shape, finder
        )
        self.prediction_layer = PredictionLayer(
            viewer, image, self.axes, finder, lambda: drawing.existing
        )
        self.slice_tracker = SliceTracker(
            viewer, image, self.axes, lambda: self.own_layers
        )

    @property
    def strokes(self) -> Labels:
        """The layer for brush strokes; it is created if there is none."""
        return self.drawing_layers.strokes

    @property
    def lines(self) -> Shapes:
        """The layer for lines; it is created if there is none."""
        return self.drawing_layers.lines

    @property
    def prediction(self) -> Labels | None:
        """The layer of the prediction, if there is one."""
        return self.prediction_layer.layer

    answer = renamed_attribute("answer", "prediction")

    def draws_with(self, tool: Tool) -> bool:
        """Whether the mouse draws with a tool now, instead of erasing or moving."""
        active = self._viewer.layers.selection.active
        strokes, lines = self.drawing_layers.existing
        drawn_on = lines if tool == "lines" else strokes
        if active is None or active != drawn_on:  # they may be proxies
            return False
        if isinstance(active, Labels) and active.selected_label == 0:
            return False
        return str(active.mode) in DRAWING_MODES[tool]

    @property
    def own_layers(self) -> tuple[Layer | None, ...]:
        """The layers for strokes, lines and prediction, None for a missing one."""
        return (*self.drawing_layers.existing, self.prediction)

    @property
    def objects(self) -> ObjectStore:
        """The objects of the video, kept in the metadata of the image layer."""
        return self.drawing_layers.objects

    @property
    def path(self) -> str:
        """File or folder of the video; empty for an array."""
        return str(self.image.metadata.get(PATH_KEY, ""))

    @property
    def summary(self) -> str:
        """Size and labelled slice of the video, in one line."""
        frames, height, width = self.video.shape
        fixed = "".join(f", slice {i} of axis {axis}" for axis, i in self.axes.fixed)
        count = describe_count(frames, "frame")
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
            set_active_line_label(layer, active_label.label, colour)
        else:
            value = value_of(active_label.label)
            layer = self.drawing_layers.strokes_up_to(value)
            mode = "paint" if active_label.tool == "brush" else "pan_zoom"
            layer.selected_label = value
        self._uncover(layer)
        make_visible(layer)  # on a hidden layer the mouse would move the view
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
        strokes, lines = self.drawing_layers.existing
        if strokes is not None:
            self.drawing_layers.adopt_file(strokes)
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
        """Read all strokes and lines; see :meth:`DrawingLayers.read`."""
        return self.drawing_layers.read(last)

    def read_frame(self, frame: int) -> tuple[Canvas | None, tuple[Scribble, ...]]:
        """Read strokes of one frame; see :meth:`DrawingLayers.read_frame`."""
        return self.drawing_layers.read_frame(frame)

    def write(self, drawing: Drawing) -> None:
        """Replace all strokes and lines by `drawing`."""
        if self.drawing_layers.write(drawing):
            self.show_objects()  # new lines have the default colours

    def show(self, labels: LabelFrames | None) -> None:
        """Show a prediction below the strokes; None removes it."""
        self.prediction_layer.show(labels)
        self._uncover(self.prediction)
        self.show_objects()

    def show_frame(self, step: PartialResult) -> bool:
        """Show a frame of a running prediction; return False if none is shown yet."""
        return self.prediction_layer.show_frame(step, self.frame)

    def computed_layer(
        self, compute: Compute, name: str, options: dict[str, Any]
    ) -> ComputedLayer:
        """Make a layer of labels that are computed for each displayed frame.

        Parameters
        ----------
        compute : callable
            From a frame to its labels, (H, W) of uint16.
        name : str
            Name and role of the layer.
        options : dict
            Further options of the layer, see `ComputedLayer`.
        """
        # for wider types, napari compiles functions at first use
        data = ComputedLabels(compute, self.video.shape, self.axes, np.uint16)
        return ComputedLayer(self._viewer, self.image, data, self.axes, name, options)

    def pixel_at(
        self, world: Sequence[float] | None = None
    ) -> tuple[float, float] | None:
        """Return row and column of a position in the viewer; None outside the frame.

        Parameters
        ----------
        world : sequence of float, optional
            By default the position of the mouse.
        """
        world = self._viewer.cursor.position if world is None else world
        point = viewer_to_pixels(self.image, self._viewer, world)
        row, col = np.rint(point)[[self.axes.row, self.axes.col]].tolist()
        _, height, width = self.video.shape
        return (row, col) if 0 <= row < height and 0 <= col < width else None

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
        strokes = self.drawing_layers.strokes_up_to(int(values[changed].max(initial=0)))
        strokes.data[index][changed] = values[changed]
        strokes.refresh()

    def _uncover(self, layer: Layer | None) -> None:
        """Move the video and its layers to the top if an image hides the layer."""
        if layer is not None and is_covered(self._viewer, layer):
            move_to_top(self._viewer, self.image, self.own_layers)
