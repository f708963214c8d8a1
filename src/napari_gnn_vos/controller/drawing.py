"""Snapshot of all strokes.

Accepted labels, brush strokes and lines of a frame are rasterised into one canvas, each
on top of the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.arrays import distinct_values
from napari_gnn_vos.structures.canvas import (
    BACKGROUND_VALUE,
    Canvas,
    constant,
    label_of,
    overlaid,
    value_of,
)
from napari_gnn_vos.structures.scribbles import BACKGROUND, Scribble

Canvases = Mapping[int, Canvas]


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """All strokes of a video.

    Parameters
    ----------
    brush : mapping of int to (H, W) ndarray of uint8 or uint16
        Painted frames by number, with the values of `structures.canvas`.
    lines : tuple of Scribble
        Paths, oldest first.
    accepted : mapping of int to (H, W) ndarray of uint8 or uint16
        Labels of accepted frames, with the values of `brush`.
    """

    brush: Canvases = field(default_factory=dict)
    lines: tuple[Scribble, ...] = ()
    accepted: Canvases = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.brush or self.lines or self.accepted)

    @property
    def objects(self) -> tuple[int, ...]:
        """Labels of the objects that have strokes, ascending."""
        canvases = chain(self.brush.values(), self.accepted.values())
        values = {value for canvas in canvases for value in distinct_values(canvas)}
        labels = {label_of(value) for value in values if value > 0}
        labels |= {line.label for line in self.lines}
        return tuple(sorted(labels - {BACKGROUND}))

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames that have strokes or are accepted, ascending."""
        drawn = {line.frame for line in self.lines}
        return tuple(sorted({*self.brush, *self.accepted, *drawn}))

    def without(self, label: int) -> Drawing:
        """Return the drawing without an object; on accepted frames it is background."""
        return Drawing(
            _relabelled(self.brush, label, 0),
            tuple(line for line in self.lines if line.label != label),
            _relabelled(self.accepted, label, BACKGROUND_VALUE),
        )

    def merged(self, label: int, into: int) -> Drawing:
        """Return the drawing with an object replaced by another one."""
        value = value_of(into)
        return Drawing(
            _relabelled(self.brush, label, value),
            tuple(
                replace(line, label=into) if line.label == label else line
                for line in self.lines
            ),
            _relabelled(self.accepted, label, value),
        )

    def painted(self, frame: int, canvas: Canvas) -> Drawing:
        """Return the drawing with pixels painted over the brush strokes of a frame.

        Parameters
        ----------
        frame : int
        canvas : (H, W) ndarray of uint8 or uint16
            Painted pixels, with the values of `brush`.
        """
        brush = self.brush.get(frame)
        painted = canvas if brush is None else overlaid(brush, canvas)
        return replace(self, brush={**self.brush, frame: painted})

    def divided(
        self,
        frame: int,
        label: int,
        mask: NDArray[np.bool_],
        new: int,
        component: NDArray[np.bool_],
    ) -> Drawing:
        """Return the drawing with the pixels of an object divided on a frame.

        Parameters
        ----------
        frame : int
        label : int
            Label of the object.
        mask : (H, W) ndarray of bool
            Pixels of the object.
        new : int
            Label of the new object.
        component : (H, W) ndarray of bool
            Pixels of the new object.
        """

        def divide(line: Scribble) -> Scribble:
            if (line.frame, line.label) != (frame, label):
                return line
            rows, cols = rasterise(line, (frame + 1, *mask.shape)).T
            return replace(line, label=new) if component[rows, cols].any() else line

        old, value = constant(value_of(label)), constant(value_of(new))
        canvas = np.where(component, value, np.where(mask, old, np.uint8(0)))
        lines = tuple(map(divide, self.lines))
        return replace(self.painted(frame, canvas), lines=lines)

    def accept(self, frame: int, canvas: Canvas | None) -> Drawing:
        """Return the drawing with an accepted frame; None releases the frame."""
        accepted = {t: c for t, c in self.accepted.items() if t != frame}
        return replace(
            self, accepted=accepted if canvas is None else accepted | {frame: canvas}
        )

    def canvas(self, frame: int, shape: tuple[int, int, int]) -> Canvas:
        """Rasterise a frame to an (H, W) canvas; `shape` is T, H and W of the video."""
        brush, accepted = self.brush.get(frame), self.accepted.get(frame)
        lines = [line for line in self.lines if line.frame == frame]
        if accepted is None and brush is not None and not lines:
            return brush
        values = [constant(value_of(line.label)) for line in lines]
        below = np.zeros(shape[1:], np.uint8) if accepted is None else accepted
        canvas = below if brush is None else overlaid(below, brush)
        canvas = canvas.astype(np.result_type(canvas, *values))
        for line in lines:
            with suppress(ScribbleError):  # a line outside the frame draws nothing
                rows, cols = rasterise(line, shape).T
                canvas[rows, cols] = value_of(line.label)
        return canvas


def _relabelled(canvases: Canvases, label: int, value: int) -> dict[int, Canvas]:
    """Replace the value of an object on all frames; frames left empty are dropped."""
    old = value_of(label)
    relabelled = {
        t: np.where(c == old, constant(value), c) if (c == old).any() else c
        for t, c in canvases.items()
    }
    return {t: canvas for t, canvas in relabelled.items() if canvas.any()}
