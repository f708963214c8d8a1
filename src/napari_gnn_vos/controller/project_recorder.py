"""Record the annotation of a video in the log of a project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.history import History, HistoryEntry
from napari_gnn_vos.controller.object_table import ObjectTable, Tables
from napari_gnn_vos.controller.palette import to_hex
from napari_gnn_vos.io.project.log import ProjectLog
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.project import (
    Canvases,
    DrawingState,
    ProjectObject,
    SavedEntry,
    SavedHistory,
    SavedObjects,
    SavedPrediction,
)
from napari_gnn_vos.structures.scribbles import BACKGROUND, Scribble
from napari_gnn_vos.structures.session import Session

Round = tuple[Scribble, ...]
RoundKey = tuple[int, int, Constraints]
"""Index of the round before, id of the strokes, and constraints."""


class Recorder:
    """Record drawings, rounds, history and objects in a log.

    Parameters
    ----------
    log : ProjectLog

    Attributes
    ----------
    log : ProjectLog
    """

    def __init__(self, log: ProjectLog) -> None:
        self.log = log
        self._positions: dict[int, tuple[Drawing, int]] = {}  # by id of the drawing
        self._tables: dict[int, tuple[ObjectTable, int]] = {}  # by id of the table
        self._table: ObjectTable | None = None  # recorded last
        self._rounds: dict[RoundKey, tuple[Round, int]] = {}
        self._last_rounds: dict[int, tuple[Sequence[Round], int]] = {}  # by their id

    def record_drawing(self, drawing: Drawing, number: int) -> int:
        """Record a drawing for round `number`, and return its position."""
        if not drawing:
            empty_position = 0
            self.log.record_drawing(DrawingState(), number)
            return empty_position
        position = self.log.record_drawing(state_of(drawing), number)
        self._positions[id(drawing)] = drawing, position
        return position

    def record_history(self, history: History, drawing: Drawing) -> None:
        """Record the history; `drawing` is the current drawing."""
        entries = history.entries
        known, objects = len(self._positions), (self.log.objects, self.log.active)
        saved = SavedHistory(
            tuple(self._saved_entry(entry) for entry in entries),
            entries.index(history.current),
        )
        if len(self._positions) > known:
            self.record_drawing(drawing, history.current.rounds + 1)
        if (self.log.objects, self.log.active) != objects:
            self.log.record_objects(*objects)
            self._table = None
        self.log.record_history(saved)

    def record_objects(self, table: ObjectTable, active: int) -> int:
        """Record the table of objects and the active label; return its position."""
        if table is self._table:
            self.log.record_active(active)
            return self._tables[id(table)][1]
        position = self.log.record_objects(saved_objects(table), active)
        self._table, self._tables[id(table)] = table, (table, position)
        return position

    def predictions(self, history: History) -> dict[int, SavedPrediction]:
        """Return the results of the rounds of a history by index."""
        results = {}
        for entry in history.entries:
            session = entry.session
            if session is None or session.prediction is None:
                continue
            if session.packed_labels is not None:
                saved = SavedPrediction(session.prediction, session.packed_labels)
                results[self._round_index(session)] = saved
        return results

    def restored_history(
        self, start: Session | None, sessions: Sequence[Session]
    ) -> History:
        """Create the history of the log from sessions of its rounds.

        Parameters
        ----------
        start : Session or None
            Session of the prepared video; None if there are no rounds.
        sessions : sequence of Session
            One for each round of the log.
        """
        for index, session in enumerate(sessions):
            parent = self.log.rounds[index].parent
            items = zip(session.rounds, _padded_constraints(session), strict=False)
            *_, (strokes, constraints) = items
            self._rounds[parent, id(strokes), constraints] = strokes, index
        saved, drawings = self.log.history, self._drawings(self.log.history.entries)
        entries = [
            HistoryEntry(
                start if entry.round_index < 0 else sessions[entry.round_index],
                drawings[entry.drawing],
                entry.action,
                drawings[entry.predicted],
                None if entry.before is None else drawings[entry.before],
                self._restored_tables(entry),
            )
            for entry in saved.entries
        ]
        return History.restored(start, entries, saved.current)

    def _drawings(self, entries: Iterable[SavedEntry]) -> dict[int, Drawing]:
        """Restore the drawings that entries refer to, by position."""
        positions = {
            position
            for entry in entries
            for position in (entry.drawing, entry.predicted, entry.before)
            if position is not None
        }
        drawings = {p: drawing_of(self.log.drawing_at(p)) for p in positions}
        for position, drawing in drawings.items():
            self._positions[id(drawing)] = drawing, position
        return drawings

    def _saved_entry(self, entry: HistoryEntry) -> SavedEntry:
        number = entry.rounds + 1
        return SavedEntry(
            -1 if entry.session is None else self._round_index(entry.session),
            self._position(entry.drawing, number),
            self._position(entry.predicted, number),
            None if entry.before is None else self._position(entry.before, number),
            entry.action,
            self._table_positions(entry),
        )

    def _table_positions(self, entry: HistoryEntry) -> tuple[int, int] | None:
        if entry.tables is None:
            return None
        before, after = (
            self._tables[id(table)][1]
            if id(table) in self._tables
            else self.record_objects(table, self.log.active)
            for table in entry.tables
        )
        return before, after

    def _restored_tables(self, entry: SavedEntry) -> Tables | None:
        if entry.tables is None:
            return None
        before, after = map(self.log.objects_at, entry.tables)
        if before is None or after is None:
            return None
        tables = table_of(before), table_of(after)
        for table, position in zip(tables, entry.tables, strict=True):
            self._tables[id(table)] = table, position
        return tables

    def _position(self, drawing: Drawing, number: int) -> int:
        if not drawing:
            return 0
        if id(drawing) in self._positions:
            return self._positions[id(drawing)][1]
        return self.record_drawing(drawing, number)

    def _round_index(self, session: Session) -> int:
        """Return the index of the last round of a session, and record new rounds."""
        rounds, index = session.rounds, -1
        if id(rounds) in self._last_rounds:
            return self._last_rounds[id(rounds)][1]
        items = zip(rounds, _padded_constraints(session), strict=False)
        for number, (strokes, constraints) in enumerate(items, 1):
            key = index, id(strokes), constraints
            if key not in self._rounds:
                added = self.log.record_round(number, index, strokes, constraints)
                self._rounds[key] = strokes, added
            index = self._rounds[key][1]
        self._last_rounds[id(rounds)] = rounds, index
        return index


def state_of(drawing: Drawing) -> DrawingState:
    """Convert a drawing to the data type of projects."""
    canvases: Canvases = {
        **{("brush", t): canvas for t, canvas in drawing.brush.items()},
        **{("accepted", t): canvas for t, canvas in drawing.accepted.items()},
    }
    return DrawingState(canvases, drawing.lines)


def drawing_of(state: DrawingState) -> Drawing:
    """Convert the data type of projects to a drawing."""
    return Drawing(state.of_kind("brush"), state.lines, state.of_kind("accepted"))


def saved_objects(table: ObjectTable) -> SavedObjects:
    """Convert a table of objects to the data type of projects."""
    absent = table.absent_frames
    objects = (
        ProjectObject(
            label,
            table.names.get(label, ""),
            to_hex(table.colour_of(label)),
            label in table.locked,
            label in table.hidden,
            tuple(absent.get(label, ())),
        )
        for label in table.objects
    )
    return SavedObjects(tuple(objects), table.solo)


def table_of(saved: SavedObjects) -> ObjectTable:
    """Convert the data type of projects to a table of objects."""
    items = saved.objects
    labels = dict.fromkeys((BACKGROUND, *(item.label for item in items)))
    table = ObjectTable(
        tuple(labels),
        locked=frozenset(item.label for item in items if item.locked),
        hidden=frozenset(item.label for item in items if item.hidden),
        solo=saved.solo if saved.solo in labels else None,
        absent=frozenset((t, item.label) for item in items for t in item.absent),
    )
    names = {item.label: item.name for item in items if item.name}
    colours = {item.label: item.colour for item in items if item.colour}
    return table.with_defaults(names, colours)


def _padded_constraints(session: Session) -> tuple[Constraints, ...]:
    """Return one item for each round, also of a session that was made by a script."""
    missing = len(session.rounds) - len(session.constraints)
    return (*[Constraints()] * missing, *session.constraints)
