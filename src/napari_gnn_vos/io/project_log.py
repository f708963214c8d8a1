"""The log of a project: strokes, rounds, history and objects, one record per line.

Each line is a CRC-32 in hexadecimal digits, a space and a JSON object. Records are only
appended, so that after a crash all complete lines are valid.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from napari_gnn_vos.structures.project import (
    CanvasKind,
    DrawingState,
    ProjectObject,
    SavedEntry,
    SavedHistory,
    SavedRound,
)
from napari_gnn_vos.structures.scribbles import BACKGROUND, ERASED, Scribble

BACKGROUND_VALUE = 255
MAX_RECORDS = 1_000_000
MAX_ITEMS = 10_000_000
"""Largest number of runs or points of a record."""

Label = Annotated[int, Field(ge=ERASED, le=254)]
FrameIndex = Annotated[int, Field(ge=0, lt=2**31)]
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=10_000)]
Position = Annotated[int, Field(ge=0, le=MAX_RECORDS)]
RoundIndex = Annotated[int, Field(ge=-1, lt=MAX_RECORDS)]


class PixelRuns(BaseModel):
    """Pixels of one frame with one label.

    `runs` alternates the first index and the number of pixels of each run, in rows of
    the flattened frame.
    """

    frame: FrameIndex
    label: Label
    runs: list[Annotated[int, Field(ge=0, lt=2**40)]] = Field(max_length=MAX_ITEMS)


class Line(BaseModel):
    """A path on a frame."""

    frame: FrameIndex
    label: Label
    path: list[tuple[Coordinate, Coordinate]] = Field(
        min_length=1, max_length=MAX_ITEMS
    )


class StrokeRecord(PixelRuns):
    """Pixels that a stroke changed."""

    kind: Literal["stroke"] = "stroke"
    time: Text
    round: FrameIndex
    layer: CanvasKind = "brush"


class LinesRecord(BaseModel):
    """The lines after the first `kept` ones."""

    kind: Literal["lines"] = "lines"
    time: Text
    round: FrameIndex
    kept: FrameIndex
    lines: list[Line] = Field(max_length=MAX_RECORDS)


class RoundRecord(BaseModel):
    """A round of prediction."""

    kind: Literal["round"] = "round"
    time: Text
    number: FrameIndex
    parent: RoundIndex
    scribbles: list[PixelRuns] = Field(max_length=MAX_RECORDS)


class EntryRecord(BaseModel):
    """See `SavedEntry`."""

    round_index: RoundIndex
    drawing: Position
    predicted: Position
    before: Position | None = None
    action: Text = ""
    removed: list[Label] = Field(default_factory=list, max_length=255)


class HistoryRecord(BaseModel):
    """See `SavedHistory`."""

    kind: Literal["history"] = "history"
    time: Text
    entries: list[EntryRecord] = Field(min_length=1, max_length=10_000)
    current: FrameIndex


class ObjectRecord(BaseModel):
    """See `ProjectObject`."""

    label: Annotated[int, Field(ge=1, le=254)]
    name: Text = ""
    colour: Annotated[str, Field(pattern=r"^(#[0-9a-f]{6})?$")] = ""


class ObjectsRecord(BaseModel):
    """The list of objects, and the active label."""

    kind: Literal["objects"] = "objects"
    time: Text
    active: Annotated[int, Field(ge=0, le=254)] = 1
    objects: list[ObjectRecord] = Field(max_length=254)


Record = StrokeRecord | LinesRecord | RoundRecord | HistoryRecord | ObjectsRecord
_RECORD: TypeAdapter[Record] = TypeAdapter(
    Annotated[Record, Field(discriminator="kind")]
)


class ProjectLog:
    """Strokes, rounds, history and objects of a project, recorded as they change.

    A position is a number of records; `drawing_at` restores the drawing of any one.

    Parameters
    ----------
    shape : (int, int, int)
        T, H and W of the video.
    append : callable, optional
        Called with each new line; it stores it.

    Attributes
    ----------
    lines : list of bytes
        The encoded records.
    rounds : list of SavedRound
    history : SavedHistory
    objects : tuple of ProjectObject
    active : int
        Label that is drawn next.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        append: Callable[[bytes], object] | None = None,
    ) -> None:
        self.shape, self.append = shape, append
        self.lines: list[bytes] = []
        self.rounds: list[SavedRound] = []
        self.history = SavedHistory()
        self.objects: tuple[ProjectObject, ...] = ()
        self.active = 1
        self._drawing_records: list[tuple[int, StrokeRecord | LinesRecord]] = []
        self._canvases: dict[tuple[CanvasKind, int], NDArray[np.uint8]] = {}
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

    def drawing_at(self, position: int) -> DrawingState:
        """Restore the drawing after a number of records."""
        state = _Replay(self.shape)
        for index, record in self._drawing_records:
            if index < position:
                state.apply(record)
        return DrawingState(state.canvases, state.lines)

    def record_canvas(
        self, layer: CanvasKind, frame: int, canvas: NDArray[np.uint8], number: int = 0
    ) -> None:
        """Record the changed pixels of a frame; `number` is that of the next round."""
        old = self._canvases.get((layer, frame))
        changed = canvas != (0 if old is None else old)
        if not changed.any():
            return
        flat = np.flatnonzero(changed)
        for runs in _pixel_runs(frame, flat, canvas.ravel()[flat]):
            self._add(
                StrokeRecord(
                    **runs.model_dump(), time=_now(), round=number, layer=layer
                )
            )

    def record_drawing(self, drawing: DrawingState, number: int = 0) -> int:
        """Record what differs from a whole drawing, and return the new position."""
        empty = np.zeros(self.shape[1:], np.uint8)
        for layer, frame in sorted({*self._canvases, *drawing.canvases}):
            canvas = drawing.canvases.get((layer, frame), empty)
            if canvas is not self._canvases.get((layer, frame)):
                self.record_canvas(layer, frame, canvas, number)
        self.record_lines(drawing.lines, number)
        return self.position

    def record_lines(self, lines: Sequence[Scribble], number: int = 0) -> None:
        """Record the lines from the first that differs."""
        kept = 0
        for old, new in zip(self._lines, lines, strict=False):
            if not _same_line(old, new):
                break
            kept += 1
        if kept < max(len(lines), len(self._lines)):
            added = [
                Line(frame=line.frame, label=line.label, path=line.path.tolist())
                for line in lines[kept:]
            ]
            self._add(LinesRecord(time=_now(), round=number, kept=kept, lines=added))

    def record_round(
        self, number: int, parent: int, scribbles: Sequence[Scribble]
    ) -> int:
        """Record a round, and return its index."""
        width = self.shape[2]
        runs = []
        for scribble in scribbles:
            rows, cols = scribble.path.astype(int).T
            flat = np.sort(rows * width + cols)
            runs.append(_runs(scribble.frame, scribble.label, flat))
        self._add(
            RoundRecord(time=_now(), number=number, parent=parent, scribbles=runs)
        )
        return len(self.rounds) - 1

    def record_history(self, history: SavedHistory) -> None:
        """Record the history if it differs."""
        if history != self.history:
            entries = [EntryRecord(**asdict(entry)) for entry in history.entries]
            self._add(
                HistoryRecord(time=_now(), entries=entries, current=history.current)
            )

    def record_objects(self, objects: Iterable[ProjectObject], active: int) -> None:
        """Record the list of objects if it differs."""
        listed = tuple(objects)
        if (listed, active) != (self.objects, self.active):
            rows = [ObjectRecord(**asdict(item)) for item in listed]
            self._add(ObjectsRecord(time=_now(), active=active, objects=rows))

    def load(self, content: bytes) -> int:
        """Add the records of a stored log.

        Parameters
        ----------
        content : bytes

        Returns
        -------
        damaged : int
            Number of lines that were skipped; an incomplete last line is not counted.
        """
        append, self.append = self.append, None
        damaged = 0
        complete, _, _ = content.rpartition(b"\n")
        for line in complete.split(b"\n")[:MAX_RECORDS] if complete else ():
            record = decode_line(line)
            if record is None or not self._add(record, line + b"\n"):
                damaged += 1
                self.lines.append(line + b"\n")  # positions count all lines
        self.append = append
        return damaged

    def _add(self, record: Record, line: bytes | None = None) -> bool:
        """Append a record; return whether it fits to the video."""
        position = self.position
        if isinstance(record, StrokeRecord | LinesRecord):
            state = _Replay(self.shape, self._canvases, self._lines)
            if not state.apply(record):
                return False
            self._lines = state.lines
            self._drawing_records.append((position, record))
        elif not self._store(record):
            return False
        self.lines.append(line or encode_line(record))
        if self.append is not None:
            self.append(self.lines[-1])
        return True

    def _store(self, record: RoundRecord | HistoryRecord | ObjectsRecord) -> bool:
        """Store a record without strokes; return whether it is consistent."""
        if isinstance(record, RoundRecord):
            if record.parent >= len(self.rounds):
                return False
            scribbles = tuple(_scribbles(record.scribbles, self.shape))
            self.rounds.append(SavedRound(record.number, record.parent, scribbles))
        elif isinstance(record, HistoryRecord):
            entries = tuple(
                SavedEntry(**entry.model_dump() | {"removed": tuple(entry.removed)})
                for entry in record.entries
            )
            last = max(entry.round_index for entry in entries)
            if record.current >= len(entries) or last >= len(self.rounds):
                return False
            self.history = SavedHistory(entries, record.current)
        else:
            self.objects = tuple(
                ProjectObject(**item.model_dump()) for item in record.objects
            )
            self.active = record.active
        return True


class _Replay:
    """Apply stroke records to canvases, which are replaced, not changed."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        canvases: dict[tuple[CanvasKind, int], NDArray[np.uint8]] | None = None,
        lines: tuple[Scribble, ...] = (),
    ) -> None:
        self.shape, self.lines = shape, lines
        self.canvases = {} if canvases is None else canvases

    def apply(self, record: StrokeRecord | LinesRecord) -> bool:
        """Apply a record; return whether it fits to the video."""
        if isinstance(record, LinesRecord):
            added = (Scribble(x.frame, x.label, np.array(x.path)) for x in record.lines)
            self.lines = (*self.lines[: record.kept], *added)
            return all(line.frame < self.shape[0] for line in record.lines)
        flat = _pixels(record, self.shape)
        if flat is None:
            return False
        key = (record.layer, record.frame)
        old = self.canvases.get(key)
        canvas = np.zeros(self.shape[1:], np.uint8) if old is None else old.copy()
        canvas.ravel()[flat] = _value(record.label)
        if canvas.any():
            self.canvases[key] = canvas
        else:
            self.canvases.pop(key, None)
        return True


def encode_line(record: Record) -> bytes:
    """Encode a record with its checksum."""
    text = record.model_dump_json().encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def decode_line(line: bytes) -> Record | None:
    """Decode a line without its end; None if it is damaged."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        return _RECORD.validate_json(text)
    except ValidationError:
        return None


def _pixel_runs(
    frame: int, flat: NDArray[np.int64], values: NDArray[np.uint8]
) -> Iterator[PixelRuns]:
    for value in np.unique(values):
        yield _runs(frame, _label(int(value)), flat[values == value])


def _runs(frame: int, label: int, flat: NDArray[np.int64]) -> PixelRuns:
    """Encode ascending indices of pixels as runs."""
    starts = np.flatnonzero(np.diff(flat, prepend=-2) != 1)
    lengths = np.diff(starts, append=len(flat))
    runs = np.stack([flat[starts], lengths], axis=1).ravel().tolist()
    return PixelRuns(frame=frame, label=label, runs=runs)


def _pixels(record: PixelRuns, shape: tuple[int, int, int]) -> NDArray[np.int64] | None:
    """Decode runs to indices of pixels; None if they are outside the video."""
    pairs = np.array(record.runs, np.int64)
    size = shape[1] * shape[2]
    if len(pairs) % 2 or not len(pairs) or record.frame >= shape[0]:
        return None
    starts, lengths = pairs.reshape(-1, 2).T
    if lengths.sum() > size or (starts + lengths > size).any():
        return None
    offsets = np.repeat(starts - np.r_[0, lengths.cumsum()[:-1]], lengths)
    return np.asarray(offsets + np.arange(len(offsets)))


def _scribbles(
    records: Iterable[PixelRuns], shape: tuple[int, int, int]
) -> Iterator[Scribble]:
    for record in records:
        flat = _pixels(record, shape)
        if flat is not None and len(flat):
            path = np.stack(np.divmod(flat, shape[2]), axis=1)
            yield Scribble(record.frame, record.label, path, connected=False)


def _same_line(first: Scribble, second: Scribble) -> bool:
    return first is second or (
        (first.frame, first.label) == (second.frame, second.label)
        and np.array_equal(first.path, second.path)
    )


def _label(value: int) -> int:
    return {0: ERASED, BACKGROUND_VALUE: BACKGROUND}.get(value, value)


def _value(label: int) -> int:
    return {ERASED: 0, BACKGROUND: BACKGROUND_VALUE}.get(label, label)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
