"""Deprecated location of `controller.axes.Axes`."""

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.deprecation import warn_renamed

__all__ = ["Axes"]

warn_renamed("gui.axes", "controller.axes")
