"""The log of a project: strokes, rounds, history and objects, one record per line.

Each line is a CRC-32 in hexadecimal digits, a space and a JSON object. Records are only
appended, so that after a crash all complete lines are valid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from napari_gnn_vos.io.project.log_replay import LogReplay
from napari_gnn_vos.io.project.pixel_runs import canvas_records, runs_of
from napari_gnn_vos.io.project.records import (
    MAX_RECORDS,
    ActiveRecord,
    HistoryRecord,
    Line,
    LinesRecord,
    ObjectsRecord,
    Record,
    RoundRecord,
    decode_line,
    encode_constraints,
    encode_line,
    format_version_of,
)
from napari_gnn_vos.storage import encodable
from napari_gnn_vos.structures.canvas import Canvas
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.project import (
    CanvasKind,
    DrawingState,
    SavedHistory,
    SavedObjects,
)
from napari_gnn_vos.structures.scribbles import Scribble

NO_CONSTRAINTS = Constraints()


class ProjectLog(LogReplay):
    """Strokes, rounds, history and objects of a project, recorded as they change.

    A position is a number of records; `drawing_at` restores the drawing at a position.

    Parameters
    ----------
    shape : (int, int, int)
        T, H and W of the video.
    append : callable, optional
        Stores a line; called with each new one.

    Attributes
    ----------
    format_version : int
        First version of the format that has all records.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        append: Callable[[bytes], object] | None = None,
    ) -> None:
        super().__init__(shape)
        self.append = append
        self.format_version = 1

    def snapshot(self) -> ProjectLog:
        """Return the log as it is now; its records do not change and are shared."""
        copied = copy(self)
        copied.append = None
        for name, value in vars(self).items():
            if isinstance(value, list | dict):
                setattr(copied, name, value.copy())
        return copied

    def record_canvas(
        self, layer: CanvasKind, frame: int, canvas: Canvas, number: int = 0
    ) -> None:
        """Record the changed pixels of a frame; `number` is that of the next round."""
        old = self._canvases.get((layer, frame))
        old = np.zeros_like(canvas) if old is None else old
        if np.array_equal(canvas, old):
            return
        properties = {"time": _now(), "round": number, "layer": layer}
        for record in canvas_records(frame, old, canvas, **properties):
            self._drawing_records.append((self.position, record))
            self._append(record)
        if canvas.any():
            self._canvases[layer, frame] = canvas.copy()
        else:
            self._canvases.pop((layer, frame), None)

    def record_drawing(self, drawing: DrawingState, number: int = 0) -> int:
        """Record the changes to a new drawing, and return the new position."""
        empty = np.zeros(self.shape[1:], np.uint8)
        for layer, frame in sorted({*self._canvases, *drawing.canvases}):
            canvas = drawing.canvases.get((layer, frame), empty)
            if canvas is not self._canvases.get((layer, frame)):
                self.record_canvas(layer, frame, canvas, number)
        self.record_lines(drawing.lines, number)
        return self.position

    def record_lines(self, lines: Sequence[Scribble], number: int = 0) -> None:
        """Record the lines from the first one that has changed."""
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
        self,
        number: int,
        parent: int,
        scribbles: Sequence[Scribble],
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> int:
        """Record a round, and return its index."""
        width = self.shape[2]
        runs = []
        for scribble in scribbles:
            rows, cols = scribble.path.astype(int).T
            flat = np.sort(rows * width + cols)
            runs.append(runs_of(scribble.frame, scribble.label, flat))
        record = RoundRecord(
            time=_now(),
            number=number,
            parent=parent,
            scribbles=runs,
            constraints=encode_constraints(constraints),
        )
        self._add(record)
        return len(self.rounds) - 1

    def record_history(self, history: SavedHistory) -> None:
        """Record the changes of the history, if there are any.

        All entries are recorded again after half as many were recorded by changes. The
        length of the log is thus proportional to the number of entries, and a damaged
        record does not affect the whole remaining log.
        """
        if history == self.history:
            return
        kept = 0
        for old, new in zip(self.history.entries, history.entries, strict=False):
            if old != new:
                break
            kept += 1
        changed = len(history.entries) - kept
        if 2 * (self._unmerged_entries + changed) > len(history.entries):
            kept = 0
        record = HistoryRecord.model_validate(
            {
                "time": _now(),
                "kept": kept,
                "follows": self._history_position if kept else 0,
                "entries": list(history.entries[kept:]),
                "current": history.current,
            },
            from_attributes=True,
        )
        self._keep_history(history, kept)
        self._append(record)

    def record_objects(self, objects: SavedObjects, active: int) -> int:
        """Record the list of objects if it differs, and return its position."""
        items = (replace(o, name=encodable(o.name)) for o in objects.objects)
        objects = replace(objects, objects=tuple(items))
        if objects == self.objects and self._object_lists:
            self.record_active(active)
            return max(self._object_lists)
        record = ObjectsRecord.model_validate(
            {
                "time": _now(),
                "active": active,
                "objects": list(objects.objects),
                "solo": objects.solo,
            },
            from_attributes=True,
        )
        self._keep_objects(objects, active)
        self._append(record)
        return self.position

    def record_active(self, active: int) -> None:
        """Record the active label if it differs."""
        if active != self.active:
            self._add(ActiveRecord(time=_now(), active=active))

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
        """Append a record; return False if it does not match the video."""
        if not self._replay(record):
            return False
        self._append(record, line)
        return True

    def _append(self, record: Record, line: bytes | None = None) -> None:
        self.format_version = max(self.format_version, format_version_of(record))
        line = line or encode_line(record)
        self.lines.append(line)
        if self.append is not None:
            self.append(line)


def _same_line(first: Scribble, second: Scribble) -> bool:
    return first is second or (
        (first.frame, first.label) == (second.frame, second.label)
        and np.array_equal(first.path, second.path)
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
