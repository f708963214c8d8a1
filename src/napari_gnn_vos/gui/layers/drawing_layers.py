"""Layers for the strokes and lines on a video: creation, reading and writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Shapes
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_changes import same_lines
from napari_gnn_vos.controller.drawing_conversion import (
    brush_from_strokes,
    brush_size,
    checked_canvas,
    lines_from_shapes,
    shapes_from_lines,
)
from napari_gnn_vos.controller.layer_metadata import (
    LINES,
    OBJECTS_KEY,
    SOURCE_KEY,
    STROKES,
    names_in,
)
from napari_gnn_vos.controller.object_table import ObjectStore
from napari_gnn_vos.controller.palette import colour_of, stroke_colours
from napari_gnn_vos.gui.layers.attributes import (
    file_colours,
    object_colormap,
    placement,
)
from napari_gnn_vos.gui.layers.coordinates import layer_to_world
from napari_gnn_vos.gui.layers.layer_events import Pixels
from napari_gnn_vos.structures.canvas import MAX_VALUE, Canvas, values_of
from napari_gnn_vos.structures.label_frames import label_dtype
from napari_gnn_vos.structures.scribbles import Scribble

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_gnn_vos.gui.layers.layer_finder import LayerFinder


class DrawingLayers:
    """Layers for the brush strokes and the lines on one video.

    A layer is created when it is first needed, so one that was deleted is replaced by
    an empty one.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layers.
    image : napari.layers.Image
        The video.
    axes : Axes
        Axes of the video, and its labelled slice.
    shape : (int, int, int)
        T, H and W of the video.
    finder : LayerFinder
        Finds the layers that exist.

    Attributes
    ----------
    brush_scale : float
        Size of the brush of a new layer, relative to the default.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        image: Image,
        axes: Axes,
        shape: tuple[int, int, int],
        finder: LayerFinder,
    ) -> None:
        self._viewer, self._image = viewer, image
        self._axes, self._shape = axes, shape
        self._finder = finder
        self.brush_scale = 1.0

    @property
    def existing(self) -> tuple[Labels | None, Shapes | None]:
        """The layers for strokes and lines, None for one that does not exist."""
        return self._finder.strokes, self._finder.lines

    @property
    def objects(self) -> ObjectStore:
        """The objects of the video, kept in the metadata of the image layer."""
        metadata = self._image.metadata
        store: ObjectStore = metadata.setdefault(OBJECTS_KEY, ObjectStore())
        return store

    @property
    def strokes(self) -> Labels:
        """The layer for brush strokes; it is created if there is none."""
        layer = self._finder.strokes
        if layer is None:
            layer = strokes_layer(self._image, self._axes, self._shape)
            layer.brush_size = max(1, round(self.brush_scale * layer.brush_size))
            self._viewer.add_layer(layer)
        else:
            self.adopt_file(layer)
        return layer

    def strokes_up_to(self, value: int) -> Labels:
        """Return the layer for brush strokes; its type can store the pixel value."""
        layer = self.strokes
        if value > np.iinfo(layer.data.dtype).max:
            widen_strokes(layer, self._axes)
        return layer

    def adopt_file(self, strokes: Labels) -> None:
        """Use strokes that were read from a file, with their names and colours."""
        if SOURCE_KEY not in strokes.metadata:
            adopt_strokes(strokes, self._image, self._axes, self._shape)
            known = names_in(strokes.features), file_colours(strokes)
            self.objects.table = self.objects.table.with_defaults(*known)

    @property
    def lines(self) -> Shapes:
        """The layer for lines; it is created if there is none."""
        layer = self._find_lines()
        if layer is None:
            layer = lines_layer(self._image, self._axes, self._shape)
            self._viewer.add_layer(layer)
        return layer

    def read(self, last: Drawing | None = None) -> Drawing:
        """Read all strokes and lines; unchanged frames are shared with `last`.

        Raises
        ------
        ScribbleError
            If a layer contains something else than strokes.
        """
        strokes, lines = self._finder.strokes, self._read_lines()
        if strokes is None:
            return Drawing({}, lines)
        stack = self._axes.to_stack(strokes.data)
        return Drawing(brush_from_strokes(stack, self._shape, last), lines)

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
        canvas = self._axes.to_stack(strokes.data)[frame]
        return checked_canvas(np.asarray(canvas), frame), lines

    def write(self, drawing: Drawing) -> bool:
        """Replace all strokes and lines; return whether there are other lines now."""
        wide = any(canvas.dtype.itemsize > 1 for canvas in drawing.brush.values())
        strokes = self.strokes_up_to(MAX_VALUE if wide else 0)
        stack = self._axes.to_stack(strokes.data)
        for t in range(len(stack)):
            if t in drawing.brush:
                stack[t] = drawing.brush[t]
            elif stack[t].any():
                stack[t] = 0
        strokes.refresh()
        if same_lines(drawing.lines, self._read_lines()):
            return False
        write_lines(self.lines, drawing.lines, self._axes)
        return True

    def draw_labels(self, pixels: Pixels, labels: NDArray[Any]) -> None:
        """Draw strokes on pixels.

        Parameters
        ----------
        pixels : tuple of (P,) ndarray of int
            Indices into the layer, one array per axis.
        labels : (P,) ndarray of int
            0 is background.
        """
        values = values_of(labels)
        strokes = self.strokes_up_to(int(values.max(initial=0)))
        strokes.data[pixels] = values
        strokes.refresh()

    def replace_strokes(self, layer: Layer) -> bool:
        """Use a new layer for strokes if it is suitable and the current one is empty.

        Returns
        -------
        replaced : bool
        """
        own = self._finder.strokes
        replaceable = own is None or not (layer is own or own.data.any())
        if not (replaceable and self._finder.register_strokes(layer)):
            return False
        if own is not None:
            own.visible = False
        return True

    def _find_lines(self) -> Shapes | None:
        """Return the layer for lines; one of the user is placed on the video."""
        layer = self._finder.lines
        if layer is not None and SOURCE_KEY not in layer.metadata:
            adopt_lines(layer, self._image, self._axes)
        return layer

    def _read_lines(self) -> tuple[Scribble, ...]:
        layer = self._find_lines()
        return () if layer is None else read_lines(layer, self._axes)


def strokes_layer(image: Image, axes: Axes, shape: tuple[int, int, int]) -> Labels:
    """Create an empty layer for brush strokes on a video of shape (T, H, W)."""
    layer = Labels(
        axes.to_layer(np.zeros(shape, np.uint8)),
        name=STROKES,
        opacity=0.9,
        colormap=object_colormap(stroke_colours()),
        **placement(image, axes, STROKES),
    )
    layer.brush_size = brush_size(shape)
    return layer


def adopt_strokes(
    layer: Labels, image: Image, axes: Axes, shape: tuple[int, int, int]
) -> None:
    """Set type, colours and placement of a strokes layer that was read from a file."""
    data = layer.data
    if data.dtype != np.uint8 and data.min() >= 0 and data.max() <= MAX_VALUE:
        layer.data = data.astype(label_dtype(int(data.max())), copy=False)
    layer.colormap = object_colormap(stroke_colours())
    layer.opacity, layer.brush_size = 0.9, brush_size(shape)
    options = placement(image, axes, STROKES)
    layer.metadata.update(options.pop("metadata"))
    for name, value in options.items():
        setattr(layer, name, value)


def widen_strokes(layer: Labels, axes: Axes) -> None:
    """Replace the array of a strokes layer by one of 16 bits.

    Memory is used by the frames with strokes only.
    """
    stack = axes.to_stack(layer.data)
    wide = np.zeros(stack.shape, np.uint16)
    for t, frame in enumerate(stack):
        if frame.any():
            wide[t] = frame
    layer.data = axes.to_layer(wide)


def lines_layer(image: Image, axes: Axes, shape: tuple[int, int, int]) -> Shapes:
    """Create an empty layer for lines on a video of shape (T, H, W)."""
    return Shapes(
        ndim=axes.ndim,
        name=LINES,
        features={"label": np.zeros(0, int)},
        face_color="transparent",
        edge_width=max(2, brush_size(shape) // 3),
        **placement(image, axes, LINES),
    )


def read_lines(layer: Shapes, axes: Axes) -> tuple[Scribble, ...]:
    """Read all shapes in drawing order.

    Raises
    ------
    ScribbleError
        If a shape has no label.
    """
    labels = layer.features["label"][: layer.nshapes]
    return lines_from_shapes(layer.data, layer.shape_type, labels, axes)


def adopt_lines(layer: Shapes, image: Image, axes: Axes) -> None:
    """Place a layer of lines on the video, whose pixels become its coordinates.

    The coordinates of a file are pixels already; others are converted, so that the
    lines stay where they were drawn.
    """
    options = placement(image, axes, LINES)
    layer.metadata.update(options.pop("metadata"))
    if layer.source.path is None and layer.nshapes:
        kinds = list(layer.shape_type)
        data = [_pixels_of(layer, image, points) for points in layer.data]
        layer.data = list(zip(data, kinds, strict=True))
    for name, value in options.items():
        setattr(layer, name, value)


def _pixels_of(layer: Shapes, image: Image, points: Any) -> NDArray[np.float64]:
    """Convert points of a layer with the axes of the video to its pixels."""
    world = layer_to_world(layer, image, points)
    return np.array([image.world_to_data(point) for point in world])


def write_lines(layer: Shapes, lines: Sequence[Scribble], axes: Axes) -> None:
    """Replace all shapes of the layer by `lines`."""
    layer.selected_data = set(range(layer.nshapes))
    layer.remove_selected()  # `data = []` would keep the rows of features
    paths, labels = shapes_from_lines(lines, axes)
    if paths:
        colours = np.array([colour_of(label) for label in labels])
        layer.add_paths(paths, edge_color=colours, face_color="transparent")
        layer.features = {"label": labels}
