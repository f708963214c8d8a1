"""Deprecated location of `gui.layers.conversion.Axes`."""

import warnings

from napari_gnn_vos.gui.layers.conversion import Axes

__all__ = ["Axes"]

warnings.warn(
    f"{__name__} moved to napari_gnn_vos.gui.layers.conversion; the old path will be "
    "removed in the next release.",
    DeprecationWarning,
    stacklevel=2,
)
