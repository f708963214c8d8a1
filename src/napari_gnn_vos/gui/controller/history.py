"""Undo history of a video, histories of closed videos, and the order of review."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from weakref import WeakKeyDictionary

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.controller.drawing import Drawing, VideoSource
from napari_gnn_vos.interact.uncertainty import most_uncertain_frames
from napari_gnn_vos.structures.session import Session

MAX_ROUNDS = 20
"""Rounds that can be undone. Each entry holds the packed labels of the whole video."""


class HistoryEndError(GnnVosError):
    """There is no entry to undo or to redo."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryEntry:
    """A session, and the drawing from which it was predicted.

    Parameters
    ----------
    session : Session
    drawing : Drawing
    cleared : Drawing, optional
        Drawing before an object or everything was cleared, if this entry is the result
        of that; undo restores it.
    """

    session: Session
    drawing: Drawing
    cleared: Drawing | None = None

    @property
    def rounds(self) -> int:
        """Number of rounds predicted, 0 for a video that was only prepared."""
        return len(self.session.rounds)


class History:
    """Prepared session, and the last entries that followed from it.

    Parameters
    ----------
    session : Session
        Session of the prepared video, before anything was drawn.
    """

    def __init__(self, session: Session) -> None:
        self.start = HistoryEntry(session, Drawing())
        self._entries = deque([self.start], maxlen=MAX_ROUNDS + 1)
        self._undone: list[HistoryEntry] = []

    @property
    def current(self) -> HistoryEntry:
        """The latest entry."""
        return self._entries[-1]

    @property
    def previous(self) -> HistoryEntry | None:
        """The entry that undo leads to."""
        return self._entries[-2] if len(self._entries) > 1 else None

    @property
    def following(self) -> HistoryEntry | None:
        """The entry that redo leads to."""
        return self._undone[-1] if self._undone else None

    def add(self, entry: HistoryEntry) -> None:
        """Append `entry` and discard what was undone; the oldest entry may be lost."""
        self._entries.append(entry)
        self._undone.clear()

    def undo(self) -> HistoryEntry:
        """Undo the latest entry and return it.

        Raises
        ------
        HistoryEndError
            If there is no previous entry.
        """
        if self.previous is None:
            raise HistoryEndError("Nothing to undo")
        self._undone.append(self._entries.pop())
        return self._undone[-1]

    def redo(self) -> HistoryEntry:
        """Restore the entry that was undone last and return it.

        Raises
        ------
        HistoryEndError
            If there is no such entry.
        """
        if self.following is None:
            raise HistoryEndError("Nothing to redo")
        self._entries.append(self._undone.pop())
        return self.current


class HistoryCache:
    """Last history of each image layer, kept as long as the layer exists."""

    def __init__(self) -> None:
        self._entries: WeakKeyDictionary[Any, tuple[Any, Any, History]] = (
            WeakKeyDictionary()
        )

    def put(self, source: VideoSource, history: History | None) -> None:
        """Store a history; None is ignored."""
        if history is not None:
            self._entries[source.layer] = source.data, source.axes, history

    def get(self, source: VideoSource) -> History | None:
        """Return the history of a layer, if it still shows the same slice of data."""
        data, axes, history = self._entries.get(source.layer, (None, None, None))
        same = data is source.data and axes == source.axes
        return history if same else None


class ReviewQueue:
    """Frames of a prediction from most to least uncertain, repeated cyclically."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._order: Iterator[int] = iter(())

    def next_frame(self, session: Session) -> int:
        """Return the next frame; a new prediction starts a new order.

        Raises
        ------
        GnnVosError
            If there is no prediction, or if every frame has strokes.
        """
        if session is not self._session:
            self._session, self._order = session, cycle(most_uncertain_frames(session))
        frame = next(self._order, None)
        if frame is None:
            raise GnnVosError(
                "Every frame has strokes; there is no further frame to check."
            )
        return frame
