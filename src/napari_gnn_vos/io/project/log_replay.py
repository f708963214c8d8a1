"""Replay of the records of a project's log."""

from __future__ import annotations

import numpy as np

from napari_gnn_vos.io.project.pixel_runs import (
    pixels_of,
    scribbles_of,
    values_of_record,
)
from napari_gnn_vos.io.project.records import (
    ActiveRecord,
    DrawingRecord,
    HistoryRecord,
    LinesRecord,
    Record,
    RoundRecord,
    StateRecord,
    decode_constraints,
)
from napari_gnn_vos.structures.canvas import Canvas
from napari_gnn_vos.structures.project import (
    CanvasKind,
    DrawingState,
    ProjectObject,
    SavedEntry,
    SavedHistory,
    SavedObjects,
    SavedRound,
)
from napari_gnn_vos.structures.scribbles import Scribble


class DrawingReplay:
    """Replay stroke records on canvases; changed canvases are replaced by new arrays.

    Parameters
    ----------
    shape : (int, int, int)
        T, H and W of the video.
    canvases : dict of (kind, frame) to (H, W) ndarray, optional
        Canvases at the start; entries are replaced.
    lines : tuple of Scribble
        Lines at the start.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        canvases: dict[tuple[CanvasKind, int], Canvas] | None = None,
        lines: tuple[Scribble, ...] = (),
    ) -> None:
        self.shape, self.lines = shape, lines
        self.canvases = {} if canvases is None else canvases

    def apply(self, record: DrawingRecord) -> bool:
        """Apply a record; return False if it lies outside the video."""
        if isinstance(record, LinesRecord):
            added = (Scribble(x.frame, x.label, np.array(x.path)) for x in record.lines)
            self.lines = (*self.lines[: record.kept], *added)
            return all(line.frame < self.shape[0] for line in record.lines)
        flat = pixels_of(record, self.shape)
        values = None if flat is None else values_of_record(record)
        if flat is None or values is None:
            return False
        key = (record.layer, record.frame)
        old = self.canvases.get(key)
        old = np.zeros(self.shape[1:], np.uint8) if old is None else old
        canvas = old.astype(np.result_type(old, values))
        canvas.ravel()[flat] = values
        if canvas.any():
            self.canvases[key] = canvas
        else:
            self.canvases.pop(key, None)
        return True


class LogReplay:
    """Replay the records of a log: strokes, rounds, history and objects.

    Parameters
    ----------
    shape : (int, int, int)
        T, H and W of the video.

    Attributes
    ----------
    lines : list of bytes
        The encoded records.
    rounds : list of SavedRound
    history : SavedHistory
    objects : SavedObjects
    active : int
        Label that is drawn next.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.lines: list[bytes] = []
        self.rounds: list[SavedRound] = []
        self.history = SavedHistory()
        self.objects = SavedObjects()
        self.active = 1
        self._object_lists: dict[int, SavedObjects] = {}  # by position
        self._history_position = 0  # of the last record of the history
        self._unmerged_entries = 0  # recorded since all entries were in one record
        self._drawing_records: list[tuple[int, DrawingRecord]] = []
        self._canvases: dict[tuple[CanvasKind, int], Canvas] = {}
        self._lines: tuple[Scribble, ...] = ()

    @property
    def position(self) -> int:
        """Number of records."""
        return len(self.lines)

    @property
    def drawing(self) -> DrawingState:
        """The drawing at the end of the log."""
        return DrawingState(dict(self._canvases), self._lines)

    @property
    def has_strokes(self) -> bool:
        """Whether anything was ever drawn."""
        return bool(self._drawing_records)

    @property
    def has_object_list(self) -> bool:
        """Whether a list of objects was recorded; it may be empty."""
        return bool(self._object_lists)

    def drawing_at(self, position: int) -> DrawingState:
        """Restore the drawing after a number of records."""
        state = DrawingReplay(self.shape)
        for index, record in self._drawing_records:
            if index < position:
                state.apply(record)
        return DrawingState(state.canvases, state.lines)

    def objects_at(self, position: int) -> SavedObjects | None:
        """Return the list of objects that was recorded up to a position, if one was."""
        return self._object_lists.get(position)

    def _replay(self, record: Record) -> bool:
        """Change the state by the next record; return False if it does not match."""
        if not isinstance(record, DrawingRecord):
            return self._store(record)
        state = DrawingReplay(self.shape, self._canvases, self._lines)
        if not state.apply(record):
            return False
        self._lines = state.lines
        self._drawing_records.append((self.position, record))
        return True

    def _store(self, record: StateRecord) -> bool:
        """Store a record without strokes; return whether it is consistent."""
        if isinstance(record, RoundRecord):
            if record.parent >= len(self.rounds):
                return False
            scribbles = tuple(scribbles_of(record.scribbles, self.shape))
            constraints = decode_constraints(record.constraints)
            self.rounds.append(
                SavedRound(record.number, record.parent, scribbles, constraints)
            )
        elif isinstance(record, HistoryRecord):
            return self._store_history(record)
        elif isinstance(record, ActiveRecord):
            self.active = record.active
        else:
            rows = (item.model_dump() for item in record.objects)
            objects = (
                ProjectObject(**row | {"absent": tuple(row["absent"])}) for row in rows
            )
            saved = SavedObjects(tuple(objects), record.solo)
            self._keep_objects(saved, record.active)
        return True

    def _store_history(self, record: HistoryRecord) -> bool:
        """Store a history; return whether it is consistent with the one before."""
        before, kept = self.history.entries, record.kept
        if kept and (record.follows != self._history_position or kept > len(before)):
            return False
        changed = (SavedEntry(**entry.model_dump()) for entry in record.entries)
        entries = (*before[:kept], *changed)
        last = max((entry.round_index for entry in entries), default=-1)
        if record.current >= len(entries) or last >= len(self.rounds):
            return False
        self._keep_history(SavedHistory(entries, record.current), kept)
        return True

    def _keep_history(self, history: SavedHistory, kept: int) -> None:
        """Keep a history before its record is added; `kept` entries are not in it."""
        self.history, self._history_position = history, self.position
        recorded = self._unmerged_entries + len(history.entries) - kept
        self._unmerged_entries = recorded if kept else 0

    def _keep_objects(self, objects: SavedObjects, active: int) -> None:
        """Keep a list of objects before its record is added."""
        self.objects, self.active = objects, active
        self._object_lists[self.position + 1] = objects
