"""Napari layers of a video: creation, lookup, reading, writing and events."""

from importlib import import_module
from typing import Any

from napari_gnn_vos.deprecation import warn_renamed

_RENAMED = {
    "answer_layer": "label_layers.prediction_layer",
    "axes_of": "coordinates.axes_of",
    "strokes_layer": "drawing_layers.strokes_layer",
    "lines_layer": "drawing_layers.lines_layer",
    "placement": "attributes.placement",
}
"""Functions of this package until version 0.1, with their modules and names."""


def __getattr__(name: str) -> Any:
    """Return a function that has moved, with a DeprecationWarning."""
    if name not in _RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warn_renamed(f"gui.layers.{name}", f"gui.layers.{_RENAMED[name]}")
    module, _, function = _RENAMED[name].partition(".")
    return getattr(import_module(f"{__name__}.{module}"), function)
