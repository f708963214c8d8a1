"""Which layer lies above which: what is worked on must be seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from napari.layers import Image

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

COVERING = ("opaque", "translucent", "translucent_no_depth")
"""Blending of images that hide what is below them, if their opacity is 1."""


def is_covered(viewer: ViewerModel, layer: Layer) -> bool:
    """Whether an image above hides a layer; stains that add up do not."""
    above = list(viewer.layers)[viewer.layers.index(layer) + 1 :]
    return any(
        isinstance(other, Image)
        and other.visible
        and other.opacity == 1
        and other.blending in COVERING
        for other in above
    )


def bring_up(viewer: ViewerModel, layers: Iterable[Layer | None]) -> None:
    """Put layers on top of all others, in the order that they are in.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        Holds the layers; the chosen ones stay chosen.
    layers : iterable of Layer or None
        None is skipped.
    """
    places = [viewer.layers.index(layer) for layer in layers if layer is not None]
    viewer.layers.move_multiple(sorted(places), len(viewer.layers))
