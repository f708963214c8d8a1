"""Replay of the stroke records of a project's log."""

from __future__ import annotations

import numpy as np

from napari_gnn_vos.io.project.records import (
    DrawingRecord,
    LinesRecord,
    pixels_of,
    values_of_record,
)
from napari_gnn_vos.structures.canvas import Canvas
from napari_gnn_vos.structures.project import CanvasKind
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
