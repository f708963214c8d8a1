"""Pixels of a project's records as runs of a flattened frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.project.records import CanvasRecord, PixelRuns, StrokeRecord
from napari_gnn_vos.structures.canvas import (
    Canvas,
    compact,
    constant,
    label_of,
    value_of,
)
from napari_gnn_vos.structures.scribbles import ERASED, Scribble

MANY_LABELS = 16
"""A change of more labels is one record, instead of one for each label."""


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


def _label(value: int) -> int:
    return ERASED if value == 0 else label_of(value)


def _value(label: int) -> int:
    return 0 if label == ERASED else value_of(label)
