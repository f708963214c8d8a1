"""Attributes of layers: position, names, colours; videos and labels as layer data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Labels, Shapes
from napari.utils.colormaps import CyclicLabelColormap
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_arrays import RgbFrames
from napari_gnn_vos.controller.layer_metadata import (
    AXES_KEY,
    COLOURS_KEY,
    LINES,
    NOTES_KEY,
    ROLE_KEY,
    SEGMENTATION,
    SOURCE_KEY,
    STROKES,
    VIDEO_KEY,
    features_of,
    names_in,
    without_time,
)
from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.controller.palette import (
    default_colours,
    prediction_colours,
    stroke_colours,
)
from napari_gnn_vos.io.formats.tiff_labels import LabelFile
from napari_gnn_vos.io.formats.video_labels import colour_to_hex
from napari_gnn_vos.structures.video import Video

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


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


def file_colours(layer: Labels) -> dict[int, str]:
    """Return the colours ``#rrggbb`` of a layer that was read from a file."""
    colours = layer.metadata.get(COLOURS_KEY, {})
    return {label: colour_to_hex(rgb) for label, rgb in colours.items()}


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


class LayerFinder:
    """Find the layers for strokes, lines and prediction of a video.

    Layers are found by their name and by the id of the image layer in their metadata.
    A drawing layer may come from a file, without that id; strokes are recognised if the
    name of the file begins with "strokes". One that was renamed is found
    by its role in the metadata. A prediction layer is overwritten, so it must have the
    id; one that was renamed or copied by the user is not found.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Contains the layers.
    image : napari.layers.Image
        The video.
    axes : Axes
        Axes of the video, and its labelled slice.
    shape : tuple of int
        Required shape of a labels layer.
    """

    def __init__(
        self, viewer: ViewerModel, image: Image, axes: Axes, shape: tuple[int, ...]
    ) -> None:
        self._viewer, self._source_id = viewer, str(image.unique_id)
        self._axes, self._shape = axes, shape
        self._translate = placement(image, axes, "")["translate"]
        self._known: dict[str, Layer] = {}

    @property
    def strokes(self) -> Labels | None:
        """The layer for brush strokes, if there is one."""
        return self._drawing_layer(Labels, STROKES)

    @property
    def lines(self) -> Shapes | None:
        """The layer for lines, if there is one."""
        return self._drawing_layer(Shapes, LINES)

    @property
    def prediction(self) -> Labels | None:
        """The layer of the prediction, if there is one."""
        candidates = self._candidates(Labels, SEGMENTATION)
        return next((x for x in candidates if SOURCE_KEY in x.metadata), None)

    def register_strokes(self, layer: Layer) -> bool:
        """Use a layer without source id for strokes, if possible; return whether."""
        has_source = SOURCE_KEY in layer.metadata
        suitable = not has_source and layer in self._candidates(Labels, STROKES)
        if suitable:
            self._known[STROKES] = layer
        return suitable

    def _drawing_layer(self, kind: type, name: str) -> Layer | None:
        layer = self._known.get(name)
        if layer not in self._viewer.layers or not self._fits(layer, kind):
            layer = next(self._candidates(kind, name), self._renamed(kind, name))
        if layer is not None:
            self._known[name] = layer
        return layer

    def _candidates(self, kind: type, name: str) -> Iterator[Layer]:
        """Yield layers that may belong to the video, topmost first."""
        for layer in reversed(self._viewer.layers):
            source_id = layer.metadata.get(SOURCE_KEY, self._source_id)
            same_source = source_id == self._source_id
            named = _is_named(layer, name) or _is_file_of(layer, name)
            if named and same_source and self._fits(layer, kind):
                yield layer

    def _renamed(self, kind: type, role: str) -> Layer | None:
        """Return the lowest layer of the video that was created with a role."""
        marks = {SOURCE_KEY: self._source_id, ROLE_KEY: role}
        for layer in self._viewer.layers:
            if layer.metadata.items() >= marks.items() and self._fits(layer, kind):
                return layer
        return None

    def _fits(self, layer: Layer, kind: type) -> bool:
        """Whether a layer has the size of the video and lies on the labelled slice."""
        shape = layer.data.shape if isinstance(layer, Labels) else self._shape
        if (type(layer), layer.ndim, shape) != (kind, self._axes.ndim, self._shape):
            return False
        is_fixed = bool(self._axes.fixed)  # other layers may be moved by the user
        return not is_fixed or np.allclose(layer.translate, self._translate)


def layers_of(viewer: ViewerModel, image: Image) -> list[Layer]:
    """List the layers that were made for a video, except renamed predictions."""
    return [
        layer
        for layer in viewer.layers
        if layer.metadata.get(SOURCE_KEY) == str(image.unique_id)
        and (
            layer.metadata.get(ROLE_KEY) != SEGMENTATION
            or _is_named(layer, SEGMENTATION)
        )
    ]


def _is_named(layer: Layer, name: str) -> bool:
    """Whether a layer has a name; napari appends numbers to equal names."""
    return re.sub(r" \[\d+\]$", "", layer.name) == name


def _is_file_of(layer: Layer, name: str) -> bool:
    """Whether a layer was opened from a file whose name begins with `name`."""
    opened = layer.source.path is not None or COLOURS_KEY in layer.metadata
    is_named = re.match(rf"{name}(?![a-z])", layer.name) is not None
    return opened and is_named and SOURCE_KEY not in layer.metadata


LayerData = tuple[Any, dict[str, Any], str]


def image_data(video: Video) -> LayerData:
    """Convert a video to layer data whose frames are read on access.

    Parameters
    ----------
    video : Video
        Greyscale frames keep their values; colours that napari cannot show (two
        channels, 16 bit) are converted to RGB. A single image has no axis for time.

    Returns
    -------
    data, options, kind : tuple
        As readers of napari return it. Notes, such as on repeated frames of a damaged
        movie or pixels that are NaN, are listed in
        ``options["metadata"]["gnn-vos notes"]``.
    """
    options: dict[str, Any] = {"name": video.name}
    data: Any = video.frames
    if len(data.shape) == 3:
        options |= {"rgb": False, "contrast_limits": video.limits}
    else:
        options["rgb"] = True
        if data.shape[3] < 3 or data.dtype != np.uint8:
            data = RgbFrames(video)
    if video.shape[0] == 1:  # a single image
        data = np.asarray(data[0])
    if hasattr(Image, "axis_labels"):  # not in napari before 0.5
        options["axis_labels"] = ("t", "y", "x")[video.shape[0] == 1 :]
    options["metadata"] = {VIDEO_KEY: (data, video)}
    options["metadata"][NOTES_KEY] = video.notes  # reading a frame may add to them
    return data, options, "image"


def truth_data(truth: NDArray[np.uint8], name: str) -> LayerData:
    """Convert ground-truth masks (T, H, W) to the data of a hidden layer."""
    options = labels_options(f"{name} truth") | {"visible": False}
    return without_time(truth), options, "labels"


def labels_data(file: LabelFile, name: str) -> LayerData:
    """Convert saved labels to layer data with their original axes and position."""
    options = labels_options(name, file.colours)
    options |= {"features": features_of(file.names)}
    options["metadata"] = {COLOURS_KEY: dict(file.colours)}
    placement = file.placement
    if placement is None:
        return without_time(file.labels), options, "labels"
    ndim, time = len(placement.scale), placement.time
    named = (() if time is None else (time,)) + (placement.row, placement.col)
    if len(set(named)) < len(named) or max(named) >= ndim:
        return without_time(file.labels), options, "labels"
    fixed = tuple((axis, 0) for axis in range(ndim) if axis not in named)
    axes = Axes(time, placement.row, placement.col, fixed)
    excluded = {"time", "row", "col", "axis_labels", "units"}
    options |= placement.model_dump(exclude=excluded)
    options["metadata"] |= {AXES_KEY: axes}
    if hasattr(Image, "axis_labels") and len(placement.axis_labels) == ndim:
        options["axis_labels"] = placement.axis_labels
    if hasattr(Image, "units") and are_units(placement.units, ndim):
        options["units"] = placement.units
    return axes.to_layer(file.labels), options, "labels"


def are_units(names: Sequence[str], count: int) -> bool:
    """Whether names from a file are units, one per axis, that napari knows."""
    import pint

    unit = pint.get_application_registry().Unit  # type: ignore[no-untyped-call]
    try:
        return len([unit(name) for name in names if name]) == count == len(names)
    except Exception:  # noqa: BLE001 - the parser raises many types
        return False
