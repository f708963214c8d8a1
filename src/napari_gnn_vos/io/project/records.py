"""Records of a project's log, and their encoding as lines and as runs of pixels."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from napari_gnn_vos.structures.canvas import (
    Canvas,
    compact,
    constant,
    label_of,
    value_of,
)
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.project import CanvasKind
from napari_gnn_vos.structures.scribbles import ERASED, MAX_LABEL, Scribble

MAX_LABEL_OF_VERSION_1 = 254
"""Largest label of an object in the format version 1."""
MANY_LABELS = 16
"""A change of more labels is one record, instead of one for each label."""
MAX_RECORDS = 1_000_000
MAX_ITEMS = 10_000_000
"""Largest number of runs or points of a record."""

Label = Annotated[int, Field(ge=ERASED, le=MAX_LABEL)]
FrameIndex = Annotated[int, Field(ge=0, lt=2**31)]
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=10_000)]
Position = Annotated[int, Field(ge=0, le=MAX_RECORDS)]
RoundIndex = Annotated[int, Field(ge=-1, lt=MAX_RECORDS)]
ActiveLabel = Annotated[int, Field(ge=0, le=MAX_LABEL)]


Runs = Annotated[
    list[Annotated[int, Field(ge=0, lt=2**40)]], Field(max_length=MAX_ITEMS)
]
"""Alternately the first index and the number of pixels of each run, in rows of the
flattened frame."""


class PixelRuns(BaseModel):
    """Pixels of one frame with one label."""

    frame: FrameIndex
    label: Label
    runs: Runs


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


class CanvasRecord(BaseModel):
    """Pixels that a change of many labels changed; `labels` has that of each run."""

    kind: Literal["canvas"] = "canvas"
    frame: FrameIndex
    labels: list[Label] = Field(max_length=MAX_ITEMS)
    runs: Runs
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


class ConstraintsRecord(BaseModel):
    """See `Constraints`."""

    locked: list[Label] = Field(default_factory=list, max_length=MAX_LABEL + 1)
    absent: list[tuple[FrameIndex, Label]] = Field(
        default_factory=list, max_length=MAX_RECORDS
    )
    frames: tuple[FrameIndex, FrameIndex] | None = None


class RoundRecord(BaseModel):
    """A round of prediction."""

    kind: Literal["round"] = "round"
    time: Text
    number: FrameIndex
    parent: RoundIndex
    scribbles: list[PixelRuns] = Field(max_length=MAX_RECORDS)
    constraints: ConstraintsRecord = Field(default_factory=ConstraintsRecord)


class EntryRecord(BaseModel):
    """See `SavedEntry`."""

    round_index: RoundIndex
    drawing: Position
    predicted: Position
    before: Position | None = None
    action: Text = ""
    tables: tuple[Position, Position] | None = None


class HistoryRecord(BaseModel):
    """See `SavedHistory`; the first `kept` entries are those of an earlier record.

    `follows` is the position of that record.
    """

    kind: Literal["history"] = "history"
    time: Text
    kept: Position = 0
    follows: Position = 0
    entries: list[EntryRecord] = Field(max_length=MAX_RECORDS)
    current: FrameIndex


class ObjectRecord(BaseModel):
    """See `ProjectObject`."""

    label: Annotated[int, Field(ge=1, le=MAX_LABEL)]
    name: Text = ""
    colour: Annotated[str, Field(pattern=r"^(#[0-9a-f]{6})?$")] = ""
    locked: bool = False
    hidden: bool = False
    absent: list[FrameIndex] = Field(default_factory=list, max_length=MAX_RECORDS)


class ActiveRecord(BaseModel):
    """The active label."""

    kind: Literal["active"] = "active"
    time: Text
    active: ActiveLabel


class ObjectsRecord(BaseModel):
    """The list of objects, and the active label."""

    kind: Literal["objects"] = "objects"
    time: Text
    active: ActiveLabel = 1
    objects: list[ObjectRecord] = Field(max_length=MAX_LABEL)
    solo: Annotated[int, Field(ge=1, le=MAX_LABEL)] | None = None


DrawingRecord = StrokeRecord | CanvasRecord | LinesRecord
"""Records that change the drawing."""
StateRecord = RoundRecord | HistoryRecord | ObjectsRecord | ActiveRecord
"""Records without strokes of the drawing."""
Record = DrawingRecord | StateRecord
_RECORD: TypeAdapter[Record] = TypeAdapter(
    Annotated[Record, Field(discriminator="kind")]
)


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


def encode_constraints(constraints: Constraints) -> ConstraintsRecord:
    """Encode the constraints of a round."""
    return ConstraintsRecord(
        locked=sorted(constraints.locked),
        absent=sorted(constraints.absent),
        frames=constraints.frames,
    )


def decode_constraints(record: ConstraintsRecord) -> Constraints:
    """Decode the constraints of a round."""
    return Constraints(
        frozenset(record.locked), frozenset(record.absent), record.frames
    )


def canvas_records(
    frame: int, old: Canvas, new: Canvas, **properties: Any
) -> Iterator[StrokeRecord | CanvasRecord]:
    """Encode the changed pixels of a canvas as runs.

    Parameters
    ----------
    frame : int
    old, new : (H, W) ndarray of uint8 or uint16
    **properties
        Time, round and layer of the records.
    """
    top, bottom = changed_rows(old, new)
    old, new, offset = old[top:bottom], new[top:bottom], top * new.shape[1]
    values = np.where(new != old, new.astype(np.int32), np.int32(-1)).ravel()
    if not values.size:
        return
    starts = np.append(0, np.flatnonzero(values[1:] != values[:-1]) + 1)
    lengths, values = np.diff(starts, append=values.size), values[starts]
    changed = values >= 0
    runs = np.stack([starts + offset, lengths], axis=1)[changed]
    values = values[changed]
    present = np.unique(values)
    if len(present) > MANY_LABELS:
        labels = [_label(value) for value in values.tolist()]
        flat = runs.ravel().tolist()
        yield CanvasRecord(frame=frame, labels=labels, runs=flat, **properties)
        return
    for value in present.tolist():
        flat = runs[values == value].ravel().tolist()
        yield StrokeRecord(frame=frame, label=_label(value), runs=flat, **properties)


def changed_rows(old: Canvas, new: Canvas) -> tuple[int, int]:
    """Return the first row that differs, and the one after the last; 0, 0 if none."""
    rows = np.flatnonzero((new != old).any(axis=1))
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)


def runs_of(frame: int, label: int, flat: NDArray[np.int64]) -> PixelRuns:
    """Encode ascending indices of pixels as runs."""
    starts = np.flatnonzero(np.diff(flat, prepend=-2) != 1)
    lengths = np.diff(starts, append=len(flat))
    runs = np.stack([flat[starts], lengths], axis=1).ravel().tolist()
    return PixelRuns(frame=frame, label=label, runs=runs)


def pixels_of(
    record: PixelRuns | CanvasRecord, shape: tuple[int, int, int]
) -> NDArray[np.int64] | None:
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


def scribbles_of(
    records: Iterable[PixelRuns], shape: tuple[int, int, int]
) -> Iterator[Scribble]:
    """Decode pixels as scribbles; pixels outside the video are left out."""
    for record in records:
        flat = pixels_of(record, shape)
        if flat is not None and len(flat):
            path = np.stack(np.divmod(flat, shape[2]), axis=1)
            yield Scribble(record.frame, record.label, path, connected=False)


def values_of_record(record: StrokeRecord | CanvasRecord) -> Canvas | None:
    """Return the canvas value of each pixel of a record, in the order of `pixels_of`.

    None if there is not one label for each run.
    """
    if isinstance(record, StrokeRecord):
        return np.array(constant(_value(record.label)))
    if len(record.runs) != 2 * len(record.labels):
        return None
    values = np.array([_value(label) for label in record.labels], np.uint16)
    return compact(np.repeat(values, record.runs[1::2]))


def format_version_of(record: Record) -> int:
    """Return the first format version that has a record."""
    if isinstance(record, CanvasRecord | ActiveRecord):
        return 2
    if isinstance(record, HistoryRecord):
        return 2 if record.kept else 1
    return 2 if max(_labels_in(record), default=0) > MAX_LABEL_OF_VERSION_1 else 1


def _labels_in(record: Record) -> Iterator[int]:
    """Iterate over the labels of a record."""
    if isinstance(record, StrokeRecord):
        yield record.label
    elif isinstance(record, LinesRecord):
        yield from (line.label for line in record.lines)
    elif isinstance(record, RoundRecord):
        yield from (runs.label for runs in record.scribbles)
        yield from record.constraints.locked
        yield from (label for _, label in record.constraints.absent)
    elif isinstance(record, ObjectsRecord):
        yield record.active
        yield from (item.label for item in record.objects)


def _label(value: int) -> int:
    return ERASED if value == 0 else label_of(value)


def _value(label: int) -> int:
    return 0 if label == ERASED else value_of(label)
