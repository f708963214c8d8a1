"""Creation of layers aligned with a video, and the lines on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Shapes
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.drawing_conversion import (
    lines_from_shapes,
    shapes_from_lines,
)
from napari_gnn_vos.controller.palette import Colour, colour_of, stroke_colours
from napari_gnn_vos.gui.layers.attributes import (
    LINES,
    SEGMENTATION,
    STROKES,
    labels_options,
    object_colormap,
    placement,
)
from napari_gnn_vos.gui.layers.coordinates import layer_to_world
from napari_gnn_vos.structures.canvas import MAX_VALUE
from napari_gnn_vos.structures.label_frames import LabelFrames, label_dtype
from napari_gnn_vos.structures.scribbles import Scribble


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


def prediction_layer(
    image: Image, axes: Axes, labels: LabelFrames | NDArray[np.uint8 | np.uint16]
) -> Labels:
    """Create a layer of predicted labels."""
    options = placement(image, axes, SEGMENTATION)
    return Labels(labels, **labels_options(SEGMENTATION), **options)


def set_active_line_label(layer: Shapes, label: int, colour: Colour) -> None:
    """Set the label and colour of shapes that are drawn from now on."""
    layer.selected_data = set()  # the colour of selected shapes would change
    layer.feature_defaults = {"label": label}
    layer.current_edge_color = np.array(colour)


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


def brush_size(shape: tuple[int, int, int]) -> int:
    """Return a brush diameter in pixels: 1/60 of the shorter side, at least 3."""
    return max(3, round(min(shape[1:]) / 60))
