"""What objects are called, in the layers that show them: napari tells it by the mouse.

A labels layer has a table of features, a row a label: its `index` and its `name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
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
    """Read the names in a layer's table of features, perhaps a table of others' making.

    Rows without a label, and tables without such columns, give no name.
    """
    indices, names = (features.get(column, ()) for column in ("index", "name"))
    return {
        int(float(index)): str(name)
        for index, name in zip(indices, names, strict=False)
        if isinstance(index, Real) and float(index).is_integer()
    }
