"""What is drawn at one moment, and what has changed between two moments.

The brush and the lines of a frame make one picture, its canvas; lines lie on top. A
round tells the engine only where the canvas has become another one, so whatever was
done in between (painted over, erased, undone, moved, loaded) needs no record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.palette import label_of, value_of
from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import BACKGROUND, ERASED, Scribble

Canvas = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """All strokes of a video at one moment.

    Parameters
    ----------
    brush : mapping of int to (H, W) ndarray of uint8
        Frames with paint: 0 is nothing, 1 to 254 an object, 255 background.
    lines : tuple of Scribble
        Paths, oldest first.
    """

    brush: Mapping[int, Canvas] = field(default_factory=dict)
    lines: tuple[Scribble, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.brush or self.lines)

    @property
    def objects(self) -> tuple[int, ...]:
        """Labels of the objects that are drawn, rising."""
        painted = [np.flatnonzero(np.bincount(c.ravel())) for c in self.brush.values()]
        labels = {label_of(int(value)) for value in chain(*painted) if value > 0}
        labels |= {line.label for line in self.lines}
        return tuple(sorted(labels - {BACKGROUND}))

    def without(self, label: int) -> Drawing:
        """Leave out all that is drawn of an object."""
        value = value_of(label)
        brush = {t: np.where(c == value, np.uint8(0), c) for t, c in self.brush.items()}
        return Drawing(
            {t: canvas for t, canvas in brush.items() if canvas.any()},
            tuple(line for line in self.lines if line.label != label),
        )

    def canvas(self, frame: int, shape: tuple[int, int, int]) -> Canvas:
        """Draw frame `frame` of (T, H, W): the lines over the brush, (H, W)."""
        canvas = self.brush.get(frame)
        lines = [line for line in self.lines if line.frame == frame]
        if lines or canvas is None:
            canvas = np.zeros(shape[1:], np.uint8) if canvas is None else canvas.copy()
        for line in lines:
            with suppress(ScribbleError):  # beside the picture, it draws nothing
                rows, cols = rasterise(line, shape).T
                canvas[rows, cols] = value_of(line.label)
        return canvas


def changes(
    before: Drawing, after: Drawing, shape: tuple[int, int, int]
) -> tuple[Scribble, ...]:
    """Tell what was drawn and erased between two moments.

    Parameters
    ----------
    before, after : Drawing
        The two moments.
    shape : (int, int, int)
        T, H and W of the video.

    Returns
    -------
    scribbles : tuple of Scribble
        At most one a frame and label, pixels of a brush; erased pixels come first.
    """
    return tuple(
        scribble
        for frame in sorted(_drawn_on(before) | _drawn_on(after))
        for scribble in _frame_changes(before, after, frame, shape)
    )


def rebase(now: Drawing, before: Drawing, target: Drawing) -> Drawing:
    """Go back to `target`, but keep what was drawn since `before`.

    Parameters
    ----------
    now : Drawing
        What is on the layers.
    before : Drawing
        What was there at the end of the round that is taken back.
    target : Drawing
        What was there a round earlier.

    Returns
    -------
    drawing : Drawing
        `target` wherever `now` equals `before`, `now` elsewhere.
    """
    brush = {}
    for frame in now.brush.keys() | before.brush.keys() | target.brush.keys():
        some = next(d.brush[frame] for d in (now, before, target) if frame in d.brush)
        none = np.zeros_like(some)
        new, old, wanted = (d.brush.get(frame, none) for d in (now, before, target))
        brush[frame] = np.where(new == old, wanted, new)
    known = {_key(line) for line in before.lines}
    since = [line for line in now.lines if _key(line) not in known]
    return Drawing(
        {frame: canvas for frame, canvas in brush.items() if canvas.any()},
        (*target.lines, *since),
    )


def same_lines(some: Sequence[Scribble], others: Sequence[Scribble]) -> bool:
    """Whether two drawings have the same lines in the same order."""
    return [_key(line) for line in some] == [_key(line) for line in others]


def _frame_changes(
    before: Drawing, after: Drawing, frame: int, shape: tuple[int, int, int]
) -> Iterator[Scribble]:
    old, new = before.canvas(frame, shape), after.canvas(frame, shape)
    if old is new:
        return
    rows, cols = np.nonzero(old != new)
    values = new[rows, cols]
    for value in np.unique(values):
        path = np.stack([rows, cols], axis=1)[values == value].astype(float)
        label = ERASED if value == 0 else label_of(int(value))
        yield Scribble(frame, label, path, connected=False)


def _drawn_on(drawing: Drawing) -> set[int]:
    return {*drawing.brush, *(line.frame for line in drawing.lines)}


def _key(line: Scribble) -> tuple[int, int, bytes]:
    return line.frame, line.label, line.path.tobytes()
