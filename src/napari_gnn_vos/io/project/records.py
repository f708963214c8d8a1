"""Records of a project's log, and their encoding as lines."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from napari_gnn_vos.io.json_file import Coordinate, Text
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.project import CanvasKind
from napari_gnn_vos.structures.scribbles import ERASED, MAX_LABEL

MAX_LABEL_OF_VERSION_1 = 254
"""Largest label of an object in the format version 1."""
MAX_RECORDS = 1_000_000
MAX_ITEMS = 10_000_000
"""Largest number of runs or points of a record."""

Label = Annotated[int, Field(ge=ERASED, le=MAX_LABEL)]
FrameIndex = Annotated[int, Field(ge=0, lt=2**31)]
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
