"""Undo history of a video, and its actions as a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_changes import changed_frames
from napari_gnn_vos.controller.object_table import Tables
from napari_gnn_vos.controller.session_archive import SessionArchive, held_size
from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.structures.label_frames import LabelFrames
from napari_gnn_vos.structures.session import Session

MEMORY = 256 * 2**20
"""Bytes of results and changed superpixels that a history keeps in memory."""
START = "start"
"""Name of the first item of a history."""
FRAMES_SHOWN = 4
"""Number of frames that the description of an action lists."""


class HistoryEndError(GnnVosError):
    """There is no entry to undo or to redo."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryEntry:
    """A session, and the drawing after the action that led to it.

    Parameters
    ----------
    session : Session or None
        None before the video is prepared.
    drawing : Drawing
        Drawing after the action; for a round, the drawing that was predicted from.
    action : str
        Name of the action, as in "Undone: round 2".
    predicted : Drawing
        Drawing that the session was predicted from.
    before : Drawing, optional
        Drawing before the action, if the action changed it; undo restores it.
    tables : (ObjectTable, ObjectTable), optional
        Tables of objects before and after the action, if it changed them.
    """

    session: Session | None
    drawing: Drawing
    action: str = ""
    predicted: Drawing = field(default_factory=Drawing)
    before: Drawing | None = None
    tables: Tables | None = None

    @property
    def rounds(self) -> int:
        """Number of rounds predicted, 0 for a video that was only prepared."""
        return 0 if self.session is None else len(self.session.rounds)

    @property
    def uncertainty(self) -> tuple[float, ...]:
        """Uncertainty of each frame, one minus the mean expected J; or empty."""
        prediction = None if self.session is None else self.session.prediction
        if prediction is None:
            return ()
        values: list[float] = (1 - prediction.expected_j.mean(axis=1)).tolist()
        return tuple(values)


@dataclass(frozen=True)
class HistoryItem:
    """An action of the history.

    Parameters
    ----------
    action : str
        Name of the action, such as ``"round 2"``.
    frames : tuple of int
        Frames whose strokes or accepted labels it changed, ascending.
    rounds : int
        Number of rounds after it.
    current : bool
        Whether it is the latest action that is not undone.
    undone : bool
    """

    action: str
    frames: tuple[int, ...]
    rounds: int
    current: bool
    undone: bool


def describe_action(item: HistoryItem) -> str:
    """Return the action and its frames as a line.

    Examples
    --------
    >>> describe_action(HistoryItem("round 2", (3, 7), 2, True, False))
    'Round 2 · frames 3, 7'
    """
    text = item.action[:1].upper() + item.action[1:]
    frames = item.frames
    if not frames or text.endswith(f"frame {frames[0]}"):
        return text
    shown = ", ".join(map(str, frames[:FRAMES_SHOWN]))
    more = ", ..." if len(frames) > FRAMES_SHOWN else ""
    return f"{text} · frame{'s' if len(frames) > 1 else ''} {shown}{more}"


class History:
    """Actions on a video since it was opened, including the undone ones.

    The number of entries is not limited: results and changed superpixels of old rounds
    are moved to files.

    Parameters
    ----------
    session : Session, optional
        Session of the prepared video, before anything was drawn.

    Attributes
    ----------
    start : HistoryEntry
        State before the first action.
    archive : SessionArchive
        Old rounds.
    memory : int
        Bytes of results and changed superpixels that are kept in memory.
    """

    def __init__(self, session: Session | None = None) -> None:
        self.start = HistoryEntry(session, Drawing())
        self.archive, self.memory = SessionArchive(), MEMORY
        self._entries = [self.start]
        self._undone: list[HistoryEntry] = []

    @classmethod
    def restored(
        cls, session: Session | None, entries: Sequence[HistoryEntry], current: int
    ) -> History:
        """Create a history from its `entries` and the index of the current one."""
        history = cls(session)
        if entries:
            history._entries = [*entries[: current + 1]]
            history._archive_oldest()
            history._undone = list(reversed(entries[current + 1 :]))
        return history

    @property
    def entries(self) -> tuple[HistoryEntry, ...]:
        """All entries, oldest first, then the undone ones in the order of redo."""
        return (*self._entries, *reversed(self._undone))

    @property
    def index(self) -> int:
        """Index of the current entry in `entries`."""
        return len(self._entries) - 1

    @property
    def items(self) -> tuple[HistoryItem, ...]:
        """All actions, oldest first, then the undone ones; the first is the start."""
        entries, current = self.entries, self.index
        first = HistoryItem(START, (), entries[0].rounds, current == 0, False)
        others = (
            HistoryItem(
                entry.action,
                _frames(last, entry),
                entry.rounds,
                i == current,
                i > current,
            )
            for i, (last, entry) in enumerate(pairwise(entries), start=1)
        )
        return (first, *others)

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

    @property
    def labels(self) -> LabelFrames | None:
        """Labels of the current prediction; None if there is none."""
        session = self.current.session
        return None if session is None else session.packed_labels

    @property
    def previous_labels(self) -> LabelFrames | None:
        """Labels of the prediction before the current one; None if there is none."""
        session = self.current.session
        for entry in reversed(self._entries):
            if entry.session is not session and entry.session is not None:
                return entry.session.packed_labels
        return None

    def complete_preparation(self, session: Session) -> None:
        """Assign the session of the prepared video to all entries."""
        self.start = replace(self.start, session=session)
        self._entries = [replace(entry, session=session) for entry in self._entries]
        self._undone = [replace(entry, session=session) for entry in self._undone]

    def add(self, entry: HistoryEntry) -> None:
        """Append `entry` and discard what was undone."""
        self._entries.append(entry)
        self._undone.clear()
        self._archive_oldest()

    def amend(
        self, since: HistoryEntry, session: Session | None, predicted: Drawing
    ) -> None:
        """Assign the session of a round to the entry that requested it.

        Parameters
        ----------
        since : HistoryEntry
            Later entries, which change no labels, get the session, too.
        session : Session or None
        predicted : Drawing
            Drawing that the session was predicted from.
        """
        entries = self._entries
        first = entries.index(since)
        amended = (
            replace(entry, session=session, predicted=predicted)
            for entry in entries[first:]
        )
        self._entries = [*entries[:first], *amended]
        self._undone.clear()
        self._archive_oldest()

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

    def _archive_oldest(self) -> None:
        """Move the oldest sessions to files, except the latest two."""
        sessions: dict[int, Session] = {}
        for entry in reversed(self._entries):
            if entry.session is not None:
                sessions.setdefault(id(entry.session), entry.session)
        size, exchanged, newer = 0, {}, None
        for rank, session in enumerate(sessions.values()):
            held, newer = held_size(session, newer), session
            if rank > 1 and held and size + held > self.memory:
                exchanged[id(session)] = self.archive.exchange(session)
            size += held
        if exchanged:
            self._entries = [
                replace(entry, session=exchanged.get(id(entry.session), entry.session))
                for entry in self._entries
            ]


def _frames(last: HistoryEntry, entry: HistoryEntry) -> tuple[int, ...]:
    """Return the frames that an action changed since the previous entry."""
    before = last.drawing if entry.before is None else entry.before
    return changed_frames(before, entry.drawing)
