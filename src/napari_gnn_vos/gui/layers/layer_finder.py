"""The layers of a video in the list of a viewer: search and order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels, Shapes

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_metadata import (
    COLOURS_KEY,
    LINES,
    ROLE_KEY,
    SEGMENTATION,
    SOURCE_KEY,
    STROKES,
)
from napari_gnn_vos.gui.layers.attributes import placement

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

COVERING = ("opaque", "translucent", "translucent_no_depth")
"""Blending modes of images that hide the layers below them at opacity 1."""


class LayerFinder:
    """Find the layers for strokes, lines and prediction of a video.

    Layers are found by their name and by the id of the image layer in their metadata.
    A drawing layer may come from a file, without that id; strokes are recognised if the
    name of the file begins with "strokes". A renamed drawing layer is found by its role
    in the metadata. A prediction layer is overwritten, so it must have the id; one that
    the user has renamed or copied is not found.

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


def _is_named(layer: Layer, name: str) -> bool:
    """Whether a layer has a name; napari appends numbers to equal names."""
    return re.sub(r" \[\d+\]$", "", layer.name) == name


def _is_file_of(layer: Layer, name: str) -> bool:
    """Whether a layer was opened from a file whose name begins with `name`."""
    opened = layer.source.path is not None or COLOURS_KEY in layer.metadata
    is_named = re.match(rf"{name}(?![a-z])", layer.name) is not None
    return opened and is_named and SOURCE_KEY not in layer.metadata
