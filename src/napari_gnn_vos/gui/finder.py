"""Finds the layers that lie on a video."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Shapes

from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.gui.layers import SEGMENTATION, SOURCE_KEY, STROKES, placement
from napari_gnn_vos.gui.line_layer import LINES

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer


class Finder:
    """Tells layers of ours from all others.

    Layers have a name, and a mark of the image layer that they belong to. A layer to
    draw on may come from a file, without a mark, and is known whatever it is called
    later. An answer is overwritten, so it must be ours; one that was given another
    name, or copied, is left alone.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Holds all layers.
    image : napari.layers.Image
        The video.
    axes : Axes
        Which slice of it is labelled.
    shape : tuple of int
        What a labels layer's must be.
    """

    def __init__(
        self, viewer: ViewerModel, image: Image, axes: Axes, shape: tuple[int, ...]
    ) -> None:
        self._viewer, self._mark = viewer, str(image.unique_id)
        self._axes, self._shape = axes, shape
        self._place = placement(image, axes)["translate"]
        self._known: dict[str, Layer] = {}

    @property
    def strokes(self) -> Labels | None:
        """The layer to paint on, if there is one."""
        return self._drawn_on(Labels, STROKES)

    @property
    def lines(self) -> Shapes | None:
        """The layer for lines and paths, if there is one."""
        return self._drawn_on(Shapes, LINES)

    @property
    def answer(self) -> Labels | None:
        """The layer of the answer, if there is one."""
        found = self._named(Labels, SEGMENTATION)
        return next((layer for layer in found if SOURCE_KEY in layer.metadata), None)

    def know(self, layer: Layer) -> bool:
        """Take a layer without a mark for the one to paint on, if it can be that."""
        unmarked = SOURCE_KEY not in layer.metadata
        fits = unmarked and layer in self._named(Labels, STROKES)
        if fits:
            self._known[STROKES] = layer
        return fits

    def _drawn_on(self, kind: type, name: str) -> Layer | None:
        known = self._known.get(name)
        if known not in self._viewer.layers or not self._fits(known, kind):
            known = next(self._named(kind, name), None)
        if known is not None:
            self._known[name] = known
        return known

    def _named(self, kind: type, name: str) -> Iterator[Layer]:
        """List layers that may be ours, latest first; napari numbers equal names."""
        for layer in reversed(self._viewer.layers):
            named = re.sub(r" \[\d+\]$", "", layer.name) == name
            ours = layer.metadata.get(SOURCE_KEY, self._mark) == self._mark
            if named and ours and self._fits(layer, kind):
                yield layer

    def _fits(self, layer: Layer, kind: type) -> bool:
        """Whether a layer is as large as the video, and lies on the labelled slice."""
        shape = layer.data.shape if isinstance(layer, Labels) else self._shape
        if (type(layer), layer.ndim, shape) != (kind, self._axes.ndim, self._shape):
            return False
        others = [axis for axis, _ in self._axes.fixed]
        return np.allclose(layer.translate[others], self._place[others])
