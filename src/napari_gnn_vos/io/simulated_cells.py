"""Deprecated location of `io.samples.simulated_cells`."""

import warnings

from napari_gnn_vos.io.samples.simulated_cells import simulate_cells

__all__ = ["simulate_cells"]

warnings.warn(
    f"{__name__} moved to napari_gnn_vos.io.samples; the old path will be removed in "
    "the next release.",
    DeprecationWarning,
    stacklevel=2,
)
