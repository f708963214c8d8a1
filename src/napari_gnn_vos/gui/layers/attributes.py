"""Attributes of layers: position, and names and colours of objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Labels, Shapes
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_metadata import (
    AXES_KEY,
    COLOURS_KEY,
    ROLE_KEY,
    SOURCE_KEY,
    colours_in,
    features_of,
    names_in,
)
from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.palette import (
    Rgba,
    default_colours,
    prediction_colours,
    stroke_colours,
)
from napari_gnn_vos.io.formats.video_labels import colour_to_hex

RANDOM_COLORMAP = "label_colormap"
"""Name of the colour map that napari gives to layers of labels."""


def placement(image: Image, axes: Axes, role: str) -> dict[str, Any]:
    """Return scale, position, units and metadata of a layer aligned with `image`.

    Fixed axes of the layer have length 1, so the layer is translated to the labelled
    slice: by its indices, transformed by scale, shear and rotation of the image.
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


def file_colours(layer: Labels) -> dict[int, str]:
    """Return the colours ``#rrggbb`` of a layer that was read from a file."""
    colours = layer.metadata.get(COLOURS_KEY, {})
    return {label: colour_to_hex(rgb) for label, rgb in colours.items()}


def colours_of(layer: Labels, frames: Iterable[NDArray[Any]]) -> dict[int, str]:
    """Return the colours of the labels in some frames of a layer.

    Parameters
    ----------
    layer : napari.layers.Labels
    frames : iterable of (H, W) ndarray of int

    Returns
    -------
    colours : dict of int to str
        ``#rrggbb`` by label, from the file of the layer or from its colour map. The
        default colour map of napari, which is random, gives no colours; a colour map by
        label gives those that it contains.
    """
    colormap = layer.colormap
    if stored := file_colours(layer):
        return stored
    if colormap.name == RANDOM_COLORMAP:
        return {}
    present = np.unique([label for labels in frames for label in np.unique(labels)])
    if isinstance(colormap, DirectLabelColormap):
        present = present[[label in colormap.color_dict for label in present]]
    colours = colours_in(colormap, present[None, None])
    return {label: colour_to_hex(colour) for label, colour in colours.items()}


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


def object_colormap(colours: Mapping[int, Any]) -> CyclicLabelColormap:
    """Create a colour map of the palette in which some labels have other colours.

    It is a cyclic colour map with one colour for each pixel value of a stroke, because
    napari applies a cyclic colour map to labels of every integer type. In layers of
    other programs, the colours repeat above 32 768.

    Parameters
    ----------
    colours : mapping of int to (r, g, b, a)
        Colours, each in [0, 1], that differ from the palette. Those of values above
        32 768 are ignored.
    """
    table = _default_colours().copy()
    for value, colour in colours.items():
        if value < len(table):
            table[value] = colour
    return CyclicLabelColormap(colors=table)


@cache
def _default_colours() -> NDArray[np.float32]:
    """Return the default colours of the pixel values 0 to 32 768, (32 769, 4)."""
    colours = default_colours()
    return np.concatenate([colours, colours[255:256]])


def set_active_line_label(layer: Shapes, label: int, colour: Rgba) -> None:
    """Set the label and colour of shapes that are drawn from now on."""
    layer.selected_data = set()  # the colour of selected shapes would change
    layer.feature_defaults = {"label": label}
    layer.current_edge_color = np.array(colour)
