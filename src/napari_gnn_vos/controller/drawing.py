"""Snapshot of all strokes, its source, and the difference between two snapshots.

Accepted labels, brush strokes and lines of a frame are rasterised into one canvas, each
on top of the one before. A round passes only the changed pixels of each canvas to the
engine, so the order in which pixels were painted, erased, undone or loaded need not be
recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.controller.object_table import ObjectStore
from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.canvas import (
    BACKGROUND_VALUE,
    Canvas,
    constant,
    label_of,
    overlaid,
    value_of,
)
from napari_gnn_vos.structures.scribbles import BACKGROUND, ERASED, Scribble
from napari_gnn_vos.structures.video import Video

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
        values = {value for canvas in canvases for value in values_on(canvas)}
        labels = {label_of(value) for value in values if value > 0}
        labels |= {line.label for line in self.lines}
        return tuple(sorted(labels - {BACKGROUND}))

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames that have strokes or are accepted, ascending."""
        drawn = {line.frame for line in self.lines}
        return tuple(sorted({*self.brush, *self.accepted, *drawn}))

    def without(self, label: int) -> Drawing:
        """Return the drawing without an object, which is background where accepted."""
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
        """Return the drawing with a frame accepted, or not accepted any more (None)."""
        accepted = {t: c for t, c in self.accepted.items() if t != frame}
        return replace(
            self, accepted=accepted if canvas is None else accepted | {frame: canvas}
        )

    def canvas(self, frame: int, shape: tuple[int, int, int]) -> Canvas:
        """Rasterise a frame of a video of shape (T, H, W), (H, W)."""
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


@dataclass(frozen=True, slots=True, eq=False)
class VideoSource:
    """Layer and slice that a video shows; identifies the history of the video.

    Parameters
    ----------
    layer : object
        Image layer; it can be weakly referenced.
    data : object
        Array of the layer at its full resolution.
    axes : object
        Assignment of time, rows and columns, and the labelled slice.
    """

    layer: Any
    data: Any
    axes: Any


class DrawingSource(Protocol):
    """A video and the drawing on it; in napari, the layers of a workspace."""

    @property
    def video(self) -> Video:
        """The video."""

    @property
    def source(self) -> VideoSource:
        """Layer and slice that the video shows."""

    @property
    def summary(self) -> str:
        """One line about the video."""

    @property
    def objects(self) -> ObjectStore:
        """The objects of the video."""

    @property
    def frame(self) -> int:
        """Number of the frame on screen."""

    @property
    def path(self) -> str:
        """File or folder of the video; empty for an array."""

    def read(self, last: Drawing | None = None) -> Drawing:
        """Read the drawing; unchanged frames are shared with `last`."""

    def read_frame(self, frame: int) -> tuple[Canvas | None, tuple[Scribble, ...]]:
        """Read the brush strokes of one frame, and all lines."""

    def write(self, drawing: Drawing) -> None:
        """Replace the drawing."""


def changed_frames(before: Drawing, after: Drawing) -> tuple[int, ...]:
    """Return the frames on which two drawings differ, ascending.

    Frames that share their canvas are equal; others are compared.
    """

    def lines(drawing: Drawing) -> set[tuple[int, int, bytes]]:
        return {(x.frame, x.label, x.path.tobytes()) for x in drawing.lines}

    changed = {frame for frame, _, _ in lines(before) ^ lines(after)}
    for old, new in (
        (before.brush, after.brush),
        (before.accepted, after.accepted),
    ):
        for t in old.keys() | new.keys():
            a, b = old.get(t), new.get(t)
            if a is not b and not np.array_equal(a, b):  # type: ignore[arg-type]
                changed.add(t)
    return tuple(sorted(changed))


def changes(
    before: Drawing, after: Drawing, shape: tuple[int, int, int]
) -> tuple[Scribble, ...]:
    """Compute the scribbles that turn one drawing into another.

    Parameters
    ----------
    before, after : Drawing
    shape : (int, int, int)
        T, H and W of the video.

    Returns
    -------
    scribbles : tuple of Scribble
        Sets of pixels, at most one per frame and label; erased pixels come first.
    """
    return tuple(
        scribble
        for frame in sorted({*before.frames, *after.frames})
        for scribble in _frame_changes(before, after, frame, shape)
    )


def rebase(current: Drawing, base: Drawing, target: Drawing) -> Drawing:
    """Apply the changes from `base` to `current` to another drawing.

    Parameters
    ----------
    current : Drawing
        The drawing on the layers.
    base : Drawing
        The drawing when the undone round was predicted.
    target : Drawing
        The drawing to return to.

    Returns
    -------
    drawing : Drawing
        `target` wherever `current` equals `base`, `current` elsewhere.
    """
    brush, accepted = (
        _rebase_canvases(*(getattr(drawing, name) for drawing in drawings))
        for drawings in [(current, base, target)]
        for name in ("brush", "accepted")
    )
    base_keys = {_key(line) for line in base.lines}
    new_lines = [line for line in current.lines if _key(line) not in base_keys]
    return Drawing(brush, (*target.lines, *new_lines), accepted)


def _rebase_canvases(
    current: Canvases,
    base: Canvases,
    target: Canvases,
) -> dict[int, Canvas]:
    canvases = {}
    for frame in current.keys() | base.keys() | target.keys():
        now, then, goal = (of.get(frame) for of in (current, base, target))
        if now is then:  # shared by both drawings
            canvas = goal
        else:
            template = next(c for c in (now, then, goal) if c is not None)
            empty = np.zeros_like(template)
            now, then, goal = (empty if c is None else c for c in (now, then, goal))
            canvas = np.where(now == then, goal, now)
        if canvas is not None and canvas.any():
            canvases[frame] = canvas
    return canvases


def values_on(canvas: Canvas) -> frozenset[int]:
    """Return the values on an (H, W) canvas; only the ends of runs are compared."""
    flat = canvas.ravel()
    starts = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    return frozenset(np.unique(flat[np.append(starts, 0)]).tolist())


def same_lines(first: Sequence[Scribble], second: Sequence[Scribble]) -> bool:
    """Whether two sequences have the same lines in the same order."""
    return [_key(line) for line in first] == [_key(line) for line in second]


def _frame_changes(
    before: Drawing, after: Drawing, frame: int, shape: tuple[int, int, int]
) -> Iterator[Scribble]:
    old_canvas, new_canvas = before.canvas(frame, shape), after.canvas(frame, shape)
    if old_canvas is new_canvas:
        return
    rows, cols = np.nonzero(old_canvas != new_canvas)
    values = new_canvas[rows, cols]
    order = np.argsort(values, kind="stable")
    points = np.stack([rows, cols], axis=1)[order].astype(float)
    present, starts = np.unique(values[order], return_index=True)
    for value, path in zip(present, np.split(points, starts)[1:], strict=True):
        label = ERASED if value == 0 else label_of(int(value))
        yield Scribble(frame, label, path, connected=False)


def _key(line: Scribble) -> tuple[int, int, bytes]:
    return line.frame, line.label, line.path.tobytes()
