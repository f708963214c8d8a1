"""Napari layers of a video: creation, lookup, reading, writing and events."""

from typing import Any

from napari_gnn_vos.deprecation import warn_renamed

_RENAMED = {
    "answer_layer": "prediction_layer",
    "axes_of": "axes_of",
    "strokes_layer": "strokes_layer",
    "lines_layer": "lines_layer",
    "placement": "placement",
}
"""Functions of this module until version 0.1, with their names in `factory`."""


def __getattr__(name: str) -> Any:
    """Return a function that moved to `factory`, with a DeprecationWarning."""
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from napari_gnn_vos.gui.layers import factory

    warn_renamed(f"gui.layers.{name}", f"gui.layers.factory.{_RENAMED[name]}")
    return getattr(factory, _RENAMED[name])
