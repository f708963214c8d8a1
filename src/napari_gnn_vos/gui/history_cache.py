"""Keeps what was done on videos that are not open now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_gnn_vos.gui.axes import Axes
from napari_gnn_vos.gui.history import History

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_gnn_vos.gui.workspace import Workspace


class HistoryCache:
    """The last history of every image layer, for as long as there is the layer."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Image, tuple[Any, Axes, History]] = (
            WeakKeyDictionary()
        )

    def put(self, workspace: Workspace, history: History | None) -> None:
        """Keep a history; None is not kept."""
        if history is not None:
            self._kept[workspace.image] = workspace.data, workspace.axes, history

    def get(self, workspace: Workspace) -> History | None:
        """Give back the history of a layer, if it shows the same slice of the same."""
        data, axes, history = self._kept.get(workspace.image, (None, None, None))
        same = data is workspace.data and axes == workspace.axes
        return history if same else None
