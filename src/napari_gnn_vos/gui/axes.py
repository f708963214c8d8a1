"""Deprecated name of `gui.layers.axes`."""

from napari_gnn_vos.gui.deprecation import warn_renamed
from napari_gnn_vos.gui.layers.axes import Axes, LayerFrames

__all__ = ["Axes", "LayerFrames"]

warn_renamed("napari_gnn_vos.gui.axes", "napari_gnn_vos.gui.layers.axes")
