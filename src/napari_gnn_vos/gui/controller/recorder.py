"""Record the annotation of a video in the log of a project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_gnn_vos.gui.controller.active_label import ActiveLabel
from napari_gnn_vos.gui.controller.drawing import Drawing
from napari_gnn_vos.gui.controller.history import History, HistoryEntry
from napari_gnn_vos.gui.palette import colour_of
from napari_gnn_vos.io.project_log import ProjectLog
from napari_gnn_vos.structures.project import (
    Canvases,
    DrawingState,
    ProjectObject,
    SavedEntry,
    SavedHistory,
    SavedPrediction,
)
from napari_gnn_vos.structures.scribbles import BACKGROUND, Scribble
from napari_gnn_vos.structures.session import Session

Round = tuple[Scribble, ...]


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
        self._rounds: dict[tuple[int, ...], tuple[Sequence[Round], int]] = {}

    def record_drawing(self, drawing: Drawing, number: int) -> int:
        """Record a drawing, and return its position; `number` is of the next round."""
        if not drawing:
            empty_position = 0
            self.log.record_drawing(DrawingState(), number)
            return empty_position
        position = self.log.record_drawing(state_of(drawing), number)
        self._positions[id(drawing)] = drawing, position
        return position

    def record_history(self, history: History, drawing: Drawing) -> None:
        """Record the history; `drawing` is the present drawing."""
        entries = history.entries
        known = len(self._positions)
        saved = SavedHistory(
            tuple(self._saved_entry(entry) for entry in entries),
            entries.index(history.current),
        )
        if len(self._positions) > known:
            self.record_drawing(drawing, history.current.rounds + 1)
        self.log.record_history(saved)

    def record_objects(self, active_label: ActiveLabel) -> None:
        """Record names and colours of the objects, and the active label."""
        objects = (
            ProjectObject(label, active_label.names.get(label, ""), _hex(label))
            for label in active_label.labels
            if label != BACKGROUND
        )
        self.log.record_objects(objects, active_label.label)

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

    def restored_history(self, start: Session, sessions: Sequence[Session]) -> History:
        """Create the history of the log from sessions of its rounds.

        Parameters
        ----------
        start : Session
            Session of the prepared video.
        sessions : sequence of Session
            One for each round of the log.
        """
        for index, session in enumerate(sessions):
            self._rounds[_key(session.rounds)] = session.rounds, index
        saved, drawings = self.log.history, self._drawings(self.log.history.entries)
        entries = [
            HistoryEntry(
                start if entry.round_index < 0 else sessions[entry.round_index],
                drawings[entry.drawing],
                entry.action,
                drawings[entry.predicted],
                None if entry.before is None else drawings[entry.before],
                entry.removed,
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
            entry.removed,
        )

    def _position(self, drawing: Drawing, number: int) -> int:
        if not drawing:
            return 0
        if id(drawing) in self._positions:
            return self._positions[id(drawing)][1]
        return self.record_drawing(drawing, number)

    def _round_index(self, session: Session) -> int:
        """Return the index of the last round of a session, and record new rounds."""
        index = -1
        for number in range(1, len(session.rounds) + 1):
            rounds = session.rounds[:number]
            key = _key(rounds)
            if key not in self._rounds:
                index = self.log.record_round(number, index, rounds[-1])
                self._rounds[key] = rounds, index
            index = self._rounds[key][1]
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


def _key(rounds: Sequence[Round]) -> tuple[int, ...]:
    """Identify rounds by their objects, which the caller keeps alive."""
    return tuple(map(id, rounds))


def _hex(label: int) -> str:
    return "#" + bytes(round(255 * part) for part in colour_of(label)[:3]).hex()
