"""Deprecated location of `io.samples.photo_scenes`."""

import warnings

from napari_gnn_vos.io.samples.photo_scenes import compose_scene

__all__ = ["compose_scene"]

warnings.warn(
    f"{__name__} moved to napari_gnn_vos.io.samples; the old path will be removed in "
    "the next release.",
    DeprecationWarning,
    stacklevel=2,
)
