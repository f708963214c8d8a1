"""Creation of layers, also of mixed channels, and their stacking order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Shapes
from napari.utils.notifications import show_error
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.drawing_conversion import (
    lines_from_shapes,
    shapes_from_lines,
)
from napari_gnn_vos.controller.layer_arrays import LEVELS, MixedChannels
from napari_gnn_vos.controller.layer_metadata import LINES, SEGMENTATION, STROKES
from napari_gnn_vos.controller.palette import Colour, colour_of, stroke_colours
from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.gui.layers.attributes import (
    labels_options,
    object_colormap,
    placement,
)
from napari_gnn_vos.gui.layers.coordinates import full_data, layer_to_world
from napari_gnn_vos.structures.canvas import MAX_VALUE
from napari_gnn_vos.structures.label_frames import LabelFrames, label_dtype
from napari_gnn_vos.structures.scribbles import Scribble

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

DRAWING_MODES = {
    "brush": ("paint", "fill", "polygon"),
    "lines": (
        *("add_path", "add_line", "add_polyline", "add_polygon", "add_polygon_lasso"),
        *("add_rectangle", "add_ellipse"),
    ),
    "superpixels": ("pan_zoom",),
}
"""Modes of the layer of each tool in which the mouse draws."""
COVERING = ("opaque", "translucent", "translucent_no_depth")
"""Blending modes of images that hide the layers below them at opacity 1."""


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


def is_covered(viewer: ViewerModel, layer: Layer) -> bool:
    """Whether an opaque image lies above a layer."""
    above = list(viewer.layers)[viewer.layers.index(layer) + 1 :]
    return any(
        isinstance(image, Image)
        and image.visible
        and image.opacity == 1
        and image.blending in COVERING
        for image in above
    )


def make_visible(layer: Layer) -> None:
    """Show a hidden layer; a visible one is skipped, as napari would reset its mode."""
    if not layer.visible:
        layer.visible = True


def move_to_top(
    viewer: ViewerModel, image: Image, layers: Iterable[Layer | None]
) -> None:
    """Move an image above all layers, and its other layers above it.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layers; their selection is kept.
    image : napari.layers.Image
    layers : iterable of Layer or None
        They keep their order; None is skipped.
    """
    index_of = viewer.layers.index
    indices = sorted(index_of(layer) for layer in layers if layer is not None)
    viewer.layers.move_multiple([index_of(image), *indices], len(viewer.layers))


def mix_channels(viewer: ViewerModel, layers: Sequence[Image] = ()) -> Image:
    """Add a layer that mixes channels as they are displayed.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
    layers : sequence of napari.layers.Image
        By default the selected image layers, or all visible ones if fewer than two
        are selected. Contrast limits and colour maps are used.

    Returns
    -------
    layer : napari.layers.Image
        In the place of the channels, which are hidden.

    Raises
    ------
    VideoError
        If there are fewer than two grey image layers of three or more axes and of one
        shape.
    """
    layers = layers or channels_of(viewer)
    data = [full_data(layer) for layer in layers]
    if len(data) < 2 or len({tuple(array.shape) for array in data}) > 1:
        raise VideoError(
            "Channels are two or more grey image layers of one shape, with a time "
            f"axis; {len(data)} are selected. Select them in the list of layers."
        )
    ramp = np.linspace(0, 1, LEVELS)
    mixed = MixedChannels(
        data,
        [tuple(layer.contrast_limits) for layer in layers],
        [layer.colormap.map(ramp)[:, :3] for layer in layers],
    )
    first = layers[0]
    names = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    position = {name: getattr(first, name) for name in names if hasattr(first, name)}
    title = " + ".join(layer.name for layer in layers)
    image = Image(mixed, rgb=True, name=title, **position)
    viewer.add_layer(image)
    for layer in layers:
        layer.visible = False
    return image


def channels_of(viewer: ViewerModel) -> list[Image]:
    """Return the selected grey image layers, or the visible ones."""
    grey = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image) and not layer.rgb and layer.ndim >= 3
    ]
    selected = [layer for layer in grey if layer in viewer.layers.selection]
    return selected if len(selected) > 1 else [x for x in grey if x.visible]


def mix_selected_channels(viewer: Any) -> None:
    """Mix the selected channels; napari passes the viewer to this command."""
    try:
        mix_channels(viewer)
    except VideoError as error:
        show_error(str(error))
