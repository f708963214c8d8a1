"""Snapshot of all strokes, its source, and the difference between two snapshots.

The brush strokes and the lines of a frame are rasterised into one canvas; lines are
drawn on top. A round passes only the changed pixels of each canvas to the engine, so
the order in which pixels were painted, erased, undone or loaded need not be recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.palette import label_of, value_of
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import BACKGROUND, ERASED, Scribble
from napari_gnn_vos.structures.video import Video

Canvas = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """All strokes of a video.

    Parameters
    ----------
    brush : mapping of int to (H, W) ndarray of uint8
        Painted frames by number: 0 is unpainted, 1 to 254 an object, 255 background.
    lines : tuple of Scribble
        Paths, oldest first.
    """

    brush: Mapping[int, Canvas] = field(default_factory=dict)
    lines: tuple[Scribble, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.brush or self.lines)

    @property
    def objects(self) -> tuple[int, ...]:
        """Labels of the objects that have strokes, ascending."""
        values = [np.flatnonzero(np.bincount(c.ravel())) for c in self.brush.values()]
        labels = {label_of(int(value)) for value in chain(*values) if value > 0}
        labels |= {line.label for line in self.lines}
        return tuple(sorted(labels - {BACKGROUND}))

    def without(self, label: int) -> Drawing:
        """Return the drawing without the strokes of an object."""
        value = value_of(label)
        brush = {t: np.where(c == value, np.uint8(0), c) for t, c in self.brush.items()}
        return Drawing(
            {t: canvas for t, canvas in brush.items() if canvas.any()},
            tuple(line for line in self.lines if line.label != label),
        )

    def canvas(self, frame: int, shape: tuple[int, int, int]) -> Canvas:
        """Rasterise a frame of a video of shape (T, H, W): lines over brush, (H, W)."""
        canvas = self.brush.get(frame)
        lines = [line for line in self.lines if line.frame == frame]
        if lines or canvas is None:
            canvas = np.zeros(shape[1:], np.uint8) if canvas is None else canvas.copy()
        for line in lines:
            with suppress(ScribbleError):  # a line outside the frame draws nothing
                rows, cols = rasterise(line, shape).T
                canvas[rows, cols] = value_of(line.label)
        return canvas


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
    def names(self) -> MutableMapping[int, str]:
        """Names of renamed objects."""

    @property
    def frame(self) -> int:
        """Number of the frame on screen."""

    def read(self, last: Drawing | None = None) -> Drawing:
        """Read the drawing; unchanged frames are shared with `last`."""

    def write(self, drawing: Drawing) -> None:
        """Replace the drawing."""


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
        for frame in sorted(_drawn_frames(before) | _drawn_frames(after))
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
    brush = {}
    for frame in current.brush.keys() | base.brush.keys() | target.brush.keys():
        drawings = current, base, target
        template = next(d.brush[frame] for d in drawings if frame in d.brush)
        empty = np.zeros_like(template)
        current_canvas, base_canvas, target_canvas = (
            drawing.brush.get(frame, empty) for drawing in drawings
        )
        unchanged = current_canvas == base_canvas
        brush[frame] = np.where(unchanged, target_canvas, current_canvas)
    base_keys = {_key(line) for line in base.lines}
    new_lines = [line for line in current.lines if _key(line) not in base_keys]
    return Drawing(
        {frame: canvas for frame, canvas in brush.items() if canvas.any()},
        (*target.lines, *new_lines),
    )


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
    for value in np.unique(values):
        path = np.stack([rows, cols], axis=1)[values == value].astype(float)
        label = ERASED if value == 0 else label_of(int(value))
        yield Scribble(frame, label, path, connected=False)


def _drawn_frames(drawing: Drawing) -> set[int]:
    return {*drawing.brush, *(line.frame for line in drawing.lines)}


def _key(line: Scribble) -> tuple[int, int, bytes]:
    return line.frame, line.label, line.path.tobytes()
