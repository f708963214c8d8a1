"""Histories of the videos that were open before, by layer and slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from napari_gnn_vos.controller.history import History


@dataclass(frozen=True, slots=True, eq=False)
class VideoSource:
    """Layer and slice that a video shows; identifies the history of the video.

    Parameters
    ----------
    layer : object
        Image layer; it can be weakly referenced.
    data : object
        Array of the layer at its full resolution.
    axes : object
        Assignment of time, rows and columns, and the labelled slice.
    """

    layer: Any
    data: Any
    axes: Any


class HistoryCache:
    """Last history of each image layer, kept as long as the layer exists."""

    def __init__(self) -> None:
        self._entries: WeakKeyDictionary[Any, tuple[Any, Any, History]] = (
            WeakKeyDictionary()
        )

    def put(self, source: VideoSource, history: History) -> None:
        """Store the history of a video."""
        self._entries[source.layer] = source.data, source.axes, history

    def get(self, source: VideoSource) -> History | None:
        """Return the history of a layer, if it still shows the same slice of data."""
        data, axes, history = self._entries.get(source.layer, (None, None, None))
        same = data is source.data and axes == source.axes
        return history if same else None
