"""Attributes of layers: position, metadata, and names and colours of objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from numbers import Real
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Labels, Shapes
from napari.utils.colormaps import CyclicLabelColormap
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.palette import (
    default_colours,
    prediction_colours,
    stroke_colours,
)

STROKES, LINES, SEGMENTATION = "strokes", "lines", "segmentation"
"""Names of the layers."""

SOURCE_KEY = "gnn-vos source"
"""Metadata key of a layer for the id of the image layer that it belongs to."""
ROLE_KEY = "gnn-vos role"
"""Metadata key of a layer for one of these names, which a renamed layer keeps."""
AXES_KEY = "gnn-vos axes"
"""Metadata key of a layer for its `Axes`."""
COLOURS_KEY = "gnn-vos file colours"
"""Metadata key of a layer from a file for the colours of its labels."""

VIDEO_KEY = "gnn-vos video"
"""Metadata key under which the readers store a layer's array and its video."""
PATH_KEY = "gnn-vos path"
"""Metadata key of an image layer for the path of its video."""
PROJECT_KEY = "gnn-vos project"
"""Metadata key of an image layer for the path of the project that it belongs to."""
OBJECTS_KEY = "gnn-vos objects"
"""Metadata key of an image layer for the table of its objects."""
NOTES_KEY = "gnn-vos notes"
"""Metadata key of the notes of a video, such as repeated frames of a damaged movie."""


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


def features_of(names: Mapping[int, str]) -> dict[str, list[Any]]:
    """Return the features of a labels layer: columns `index`, `label` and `name`.

    napari looks a label up in `index`, plugins for measurements in `label`.
    """
    return {"index": [*names], "label": [*names], "name": [*names.values()]}


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


def file_colours(layer: Labels) -> dict[int, str]:
    """Return the colours ``#rrggbb`` of a layer that was read from a file."""
    colours = layer.metadata.get(COLOURS_KEY, {})
    return {label: "#" + bytes(rgb).hex() for label, rgb in colours.items()}


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
    """Create a colour map of the palette with other colours of some labels.

    It is a cyclic colour map with one colour for each pixel value of a stroke, because
    napari applies a cyclic colour map to labels of every integer type. In layers of
    other programs, the colours repeat above 32 768.

    Parameters
    ----------
    colours : mapping of int to (r, g, b, a)
        Colours, each in [0, 1], that differ from the palette.
    """
    table = _default_colours().copy()
    for value, colour in colours.items():
        table[value] = colour
    return CyclicLabelColormap(colors=table)


@cache
def _default_colours() -> NDArray[np.float32]:
    """Return the default colours of the pixel values 0 to 32 768, (32 769, 4)."""
    colours = default_colours()
    return np.concatenate([colours, colours[255:256]])
