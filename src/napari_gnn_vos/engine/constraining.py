"""Apply the constraints of a round to its labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from napari_gnn_vos.progress import PartialResult, Pipeline
from napari_gnn_vos.structures.constraints import Constraints
from napari_gnn_vos.structures.label_frames import LabelFrames, Labels, pack
from napari_gnn_vos.structures.scribbles import BACKGROUND
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.session import Session


def keep_locked(labels: Labels, previous: Labels, locked: Collection[int]) -> Labels:
    """Keep the pixels of locked objects.

    Parameters
    ----------
    labels, previous : (H, W) ndarray of uint8 or uint16
        Labels of a frame after this round and before it.
    locked : collection of int

    Returns
    -------
    labels : (H, W) ndarray of uint8 or uint16
        `previous` where it or `labels` is a locked object, `labels` elsewhere.
    """
    objects = np.array(sorted(locked), np.uint16)
    kept = np.isin(labels, objects) | np.isin(previous, objects)
    return np.where(kept, previous, labels)


def remove_absent(labels: Labels, absent: Collection[int]) -> Labels:
    """Replace the labels of absent objects by background, (H, W)."""
    objects = np.array(sorted(absent), np.uint16)
    return np.where(np.isin(labels, objects), labels.dtype.type(BACKGROUND), labels)


class FrameConstrainer:
    """Constrain the labels of frames; the labels of strokes are always kept.

    Parameters
    ----------
    constraints : Constraints
    previous : LabelFrames or None
        Labels before the round.
    painted : PaintedPixels
        Pixels labelled by strokes.
    """

    def __init__(
        self,
        constraints: Constraints,
        previous: LabelFrames | None,
        painted: PaintedPixels,
    ) -> None:
        self._constraints, self._previous = constraints, previous
        self._painted = painted

    def __call__(self, t: int, labels: Labels) -> Labels:
        """Return the constrained labels of frame `t`, (H, W)."""
        constraints = self._constraints
        if not self._may_change(t):
            blank = np.zeros_like(labels)
            return blank if self._previous is None else self._previous.frame(t)
        constrained = labels
        if constraints.locked and self._previous is not None:
            previous = self._previous.frame(t)
            constrained = keep_locked(labels, previous, constraints.locked)
        absent = constraints.absent_in(t)
        if absent:
            constrained = remove_absent(constrained, absent)
        return (
            constrained if constrained is labels else self._painted_on(t, constrained)
        )

    def _may_change(self, t: int) -> bool:
        frames = self._constraints.frames
        return frames is None or frames[0] <= t < frames[1]

    def _painted_on(self, t: int, labels: Labels) -> Labels:
        pixels = self._painted.take(self._painted.frame == t)
        labels[pixels.row, pixels.col] = pixels.label
        return labels


def constrained(
    pipeline: Pipeline[Session], before: Session, painted: PaintedPixels
) -> Pipeline[Session]:
    """Run a round, and apply the last constraints of a session to its labels.

    Parameters
    ----------
    pipeline : Pipeline
        A round of `before`.
    before : Session
        Session before the round; its last constraints are those of the round.
    painted : PaintedPixels
        Pixels labelled by strokes, with those of the round.

    Yields
    ------
    step : Progress
        As `pipeline`; partial results are constrained, too.

    Returns
    -------
    session : Session
    """
    constrain = FrameConstrainer(before.constraints[-1], before.packed_labels, painted)
    try:
        while True:
            step = next(pipeline)
            if isinstance(step, PartialResult):
                labels = constrain(step.frame, step.labels)
                step = replace(step, labels=labels, packed=pack(labels))
            yield step
    except StopIteration as last:
        session: Session = last.value
    finally:
        pipeline.close()
    if session.packed_labels is None:
        return session
    new, previous = session.packed_labels, before.packed_labels
    if previous is not None and previous.dtype.itemsize > new.dtype.itemsize:
        new = new.widened()
    packed = (
        pack(constrain(t, frame).astype(new.dtype, copy=False))
        for t, frame in enumerate(new)
    )
    constrained = LabelFrames(new.shape, packed, new.label_type)
    return replace(session, packed_labels=constrained)
