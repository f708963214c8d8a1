"""What objects are called, in the layers that show them: napari tells it by the mouse.

A labels layer has a table of features, a row a label: its `index` and its `name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.layers import Labels


def tell_names(layer: Labels | None, names: Mapping[int, str]) -> None:
    """Let napari say the names of objects under the mouse."""
    if layer is not None and (names or len(layer.features)):
        layer.features = features_of(names)


def features_of(names: Mapping[int, str]) -> dict[str, list[Any]]:
    """Make the table of names that a labels layer has."""
    return {"index": [*names], "name": [*names.values()]}


def names_in(features: Any) -> dict[int, str]:
    """Read the names in a layer's table of features; none if it has no such columns."""
    indices, names = (features.get(column, ()) for column in ("index", "name"))
    pairs = zip(indices, names, strict=False)
    return {int(index): str(name) for index, name in pairs}
