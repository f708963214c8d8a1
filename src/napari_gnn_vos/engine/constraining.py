"""Apply the constraints of a round to its labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from napari_gnn_vos.progress import PartialResult, Pipeline, Progress, map_steps
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
        if constrained is labels:
            return labels
        return self._assign_strokes(t, constrained)

    def _may_change(self, t: int) -> bool:
        frames = self._constraints.frames
        return frames is None or frames[0] <= t < frames[1]

    def _assign_strokes(self, t: int, labels: Labels) -> Labels:
        """Assign the labels of strokes to the pixels of frame `t`, in place."""
        pixels = self._painted.take(self._painted.frame == t)
        labels[pixels.row, pixels.col] = pixels.label
        return labels


def constrain_round(
    pipeline: Pipeline[Session], session: Session, painted: PaintedPixels
) -> Pipeline[Session]:
    """Run a round, and apply its constraints to the labels.

    Parameters
    ----------
    pipeline : Pipeline
        Predicts the round.
    session : Session
        Session before the round; its last constraints are those of the round.
    painted : PaintedPixels
        Pixels labelled by strokes, including those of the round.

    Yields
    ------
    step : Progress
        As `pipeline`; partial results are constrained, too.

    Returns
    -------
    session : Session
    """
    constraints, previous = session.constraints[-1], session.packed_labels
    constrain = FrameConstrainer(constraints, previous, painted)

    def constrain_step(step: Progress) -> Progress:
        if not isinstance(step, PartialResult):
            return step
        labels = constrain(step.frame, step.labels)
        return replace(step, labels=labels, packed=pack(labels))

    predicted = yield from map_steps(pipeline, constrain_step)
    if predicted.packed_labels is None:
        return predicted
    frames = predicted.packed_labels
    if previous is not None and previous.dtype.itemsize > frames.dtype.itemsize:
        frames = frames.widened()
    packed = (
        pack(constrain(t, labels).astype(frames.dtype, copy=False))
        for t, labels in enumerate(frames)
    )
    constrained = LabelFrames(frames.shape, packed, frames.label_type)
    return replace(predicted, packed_labels=constrained)
