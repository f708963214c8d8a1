"""Creation of layers aligned with a video, and names and colours of objects on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Labels, Shapes
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.drawing_conversion import (
    lines_from_shapes,
    shapes_from_lines,
)
from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.palette import (
    Colour,
    colour_of,
    prediction_colours,
    stroke_colours,
)
from napari_gnn_vos.errors import VideoError
from napari_gnn_vos.gui.layers.coordinates import layer_to_world, viewer_to_pixels
from napari_gnn_vos.gui.layers.object_colormap import object_colormap
from napari_gnn_vos.structures.canvas import MAX_VALUE
from napari_gnn_vos.structures.label_frames import LabelFrames, label_dtype
from napari_gnn_vos.structures.scribbles import Scribble

if TYPE_CHECKING:
    from napari.components import ViewerModel

STROKES, LINES, SEGMENTATION = "strokes", "lines", "segmentation"
"""Names of the layers."""

AXES_KEY = "gnn-vos axes"
"""Metadata key of a layer for its `Axes`."""
COLOURS_KEY = "gnn-vos file colours"
"""Metadata key of a layer from a file for the colours of its labels."""
SOURCE_KEY = "gnn-vos source"
"""Metadata key of a layer for the id of the image layer that it belongs to."""
ROLE_KEY = "gnn-vos role"
"""Metadata key of a layer for one of these names, which a renamed layer keeps."""


def full_data(image: Image) -> Any:
    """Return the array of an image layer at its full resolution."""
    return image.data[0] if image.multiscale else image.data


def axes_of(image: Image, viewer: ViewerModel) -> Axes:
    """Find time, rows and columns; other axes are fixed at the sliders' positions.

    Axes without names are assigned by the axes that the viewer shows. Names have
    priority while the viewer shows its last two axes, as it does at first.

    Raises
    ------
    VideoError
        If the layer is not an image, or has no time axis.
    """
    if not isinstance(image, Image):
        raise VideoError(
            f"A video is an image layer; {image.name!r} is a layer of another kind, "
            f"{type(image).__name__}. Choose the layer that shows the frames."
        )
    dims, lengths = viewer.dims, full_data(image).shape[: image.ndim]
    position = viewer_to_pixels(image, viewer, dims.point)
    current = np.clip(np.rint(position), 0, np.array(lengths) - 1)
    labels = getattr(image, "axis_labels", ("",) * image.ndim)
    is_initial = tuple(dims.order) == tuple(range(dims.ndim))
    displayed = [] if is_initial else displayed_axes(image, viewer)
    return Axes.guess(labels, current.astype(int).tolist(), displayed)


def displayed_axes(image: Image, viewer: ViewerModel) -> list[int]:
    """Return the axes of an image layer that the viewer shows."""
    shift = image.ndim - viewer.dims.ndim
    return [axis + shift for axis in viewer.dims.displayed if axis + shift >= 0]


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


def labels_options(
    name: str, colours: Mapping[int, tuple[int, int, int]] | None = None
) -> dict[str, Any]:
    """Return options of a labels layer in the colours of predictions.

    Parameters
    ----------
    name : str
    colours : mapping of int to (red, green, blue), optional
        Other colours by label, 0 to 255.
    """
    stored = {k: np.array([*rgb, 255]) / 255 for k, rgb in (colours or {}).items()}
    colormap = object_colormap(prediction_colours() | stored)
    return {"name": name, "opacity": 0.5, "colormap": colormap}


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


def set_object_names(layer: Labels | None, names: Mapping[int, str]) -> None:
    """Store object names in a layer's features; napari shows them at the mouse.

    A table that another plugin has stored there, such as measurements with a column
    `label`, keeps its rows, and gets the names as a column.
    """
    if layer is None or names_in(layer.features) == dict(names):
        return
    features = layer.features
    if set(features.columns) <= {"index", "label", "name"}:
        layer.features = features_of(names)
        return
    column = "index" if "index" in features else "label"
    if column in features:
        rows = [names.get(label, "") for label in features[column]]
        layer.features = features.assign(name=rows, index=features[column])


def features_of(names: Mapping[int, str]) -> dict[str, list[Any]]:
    """Return the features of a labels layer: columns `index`, `label` and `name`.

    napari looks a label up in `index`, plugins for measurements in `label`.
    """
    return {"index": [*names], "label": [*names], "name": [*names.values()]}


def file_colours(layer: Labels) -> dict[int, str]:
    """Return the colours ``#rrggbb`` of a layer that was read from a file."""
    colours = layer.metadata.get(COLOURS_KEY, {})
    return {label: "#" + bytes(rgb).hex() for label, rgb in colours.items()}


def names_in(features: Any) -> dict[int, str]:
    """Read object names from a layer's features, which may come from other programs.

    Rows without an integer index are skipped, and missing columns give no names.
    """
    indices, names = (features.get(column, ()) for column in ("index", "name"))
    return {
        int(float(index)): str(name)
        for index, name in zip(indices, names, strict=False)
        if isinstance(index, Real) and float(index).is_integer()
    }


def brush_size(shape: tuple[int, int, int]) -> int:
    """Return a brush diameter in pixels: 1/60 of the shorter side, at least 3."""
    return max(3, round(min(shape[1:]) / 60))


def placement(image: Image, axes: Axes, role: str) -> dict[str, Any]:
    """Return scale, position, units and metadata of a layer aligned with `image`.

    The labelled slice becomes index 0 of the layer's fixed axes: the translation moves
    by its offset under the scale, shear and rotation of the image.
    """
    offset = np.zeros(image.ndim)
    for axis, position in axes.fixed:
        offset[axis] = position
    pixel_to_layer = Affine(
        scale=image.scale, rotate=image.rotate, shear=image.shear, ndim=image.ndim
    )
    shift = pixel_to_layer.linear_matrix @ offset
    options = {
        "scale": image.scale,
        "translate": image.translate + shift,
        "rotate": image.rotate,
        "shear": image.shear,
        "affine": image.affine,
        "metadata": {
            SOURCE_KEY: str(image.unique_id),
            AXES_KEY: axes,
            ROLE_KEY: role,
        },
    }
    names = ("units", "axis_labels")  # not in napari before 0.5
    return options | {n: getattr(image, n) for n in names if hasattr(image, n)}


class ObjectDisplay:
    """Show a table of objects on layers; a layer that shows it already is skipped."""

    def __init__(self) -> None:
        self._shown: WeakKeyDictionary[Labels, Any] = WeakKeyDictionary()

    def show_strokes(self, layer: Labels | None, table: ObjectTable) -> None:
        """Set names and colours of a layer of strokes."""
        self._show(layer, table, stroke_colours)

    def show_prediction(self, layer: Labels | None, table: ObjectTable) -> None:
        """Set names and colours of a layer of predicted labels."""
        self._show(layer, table, prediction_colours)

    def show_lines(self, layer: Shapes | None, table: ObjectTable) -> None:
        """Set the colours of lines."""
        if layer is None or not layer.nshapes:
            return
        labels = layer.features["label"][: layer.nshapes]
        if not np.isfinite(np.asarray(labels, float)).all():
            return  # it is reported by the next prediction
        colours = np.array([table.colour_of(int(label)) for label in labels])
        colours[:, 3] = [int(label) not in table.invisible for label in labels]
        if not np.allclose(layer.edge_color, colours, atol=1e-3):
            layer.edge_color = colours

    def _show(
        self, layer: Labels | None, table: ObjectTable, colours: Callable[..., Any]
    ) -> None:
        if layer is None:
            return
        set_object_names(layer, table.names)
        shown = {label: table.colour_of(label) for label in table.colours}
        invisible = table.invisible
        if self._shown.get(layer, ({}, frozenset())) != (shown, invisible):
            layer.colormap = object_colormap(colours(shown, invisible))
            self._shown[layer] = shown, invisible
