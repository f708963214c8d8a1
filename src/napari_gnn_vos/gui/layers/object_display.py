"""Names, colours and visibility of objects on the layers of a video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels, Shapes

from napari_gnn_vos.gui.controller.object_table import ObjectTable
from napari_gnn_vos.gui.layers.factory import set_object_names
from napari_gnn_vos.gui.layers.object_colormap import ObjectColormap
from napari_gnn_vos.gui.palette import prediction_colours, stroke_colours


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
            colour_dict = colours(shown, invisible)
            layer.colormap = ObjectColormap(color_dict=colour_dict)
            self._shown[layer] = shown, invisible
