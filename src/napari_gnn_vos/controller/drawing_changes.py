"""Differences between drawings.

A round passes only the changed pixels of each canvas to the engine, so the order in
which pixels were painted, erased, undone or loaded need not be recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from napari_gnn_vos.controller.drawing import Canvases, Drawing
from napari_gnn_vos.structures.canvas import Canvas, label_of
from napari_gnn_vos.structures.scribbles import ERASED, Scribble


def changed_frames(before: Drawing, after: Drawing) -> tuple[int, ...]:
    """Return the frames on which two drawings differ, ascending.

    Frames that share their canvas are equal; others are compared.
    """
    old_lines, new_lines = ({*map(_key, each.lines)} for each in (before, after))
    changed = {frame for frame, _, _ in old_lines ^ new_lines}
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
    brush = _rebase_canvases(current.brush, base.brush, target.brush)
    accepted = _rebase_canvases(current.accepted, base.accepted, target.accepted)
    base_keys = {_key(line) for line in base.lines}
    new_lines = [line for line in current.lines if _key(line) not in base_keys]
    return Drawing(brush, (*target.lines, *new_lines), accepted)


def _rebase_canvases(
    current: Canvases, base: Canvases, target: Canvases
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
