"""Objects in each frame of a prediction, and its changes since another prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.label_frames import LabelFrames


@dataclass(frozen=True, slots=True)
class LabelStatistics:
    """Statistics of the labels of each frame.

    Parameters
    ----------
    present : tuple of T tuples of int
        Labels of the objects with pixels in each frame, ascending.
    changed : tuple of T float
        Share of the object pixels of both predictions whose labels differ, in [0, 1];
        empty if there is no other prediction.
    """

    present: tuple[tuple[int, ...], ...] = ()
    changed: tuple[float, ...] = ()

    def frames_with(self, label: int) -> tuple[int, ...]:
        """Return the frames with pixels of an object, ascending."""
        return tuple(t for t, labels in enumerate(self.present) if label in labels)


def label_statistics(
    labels: LabelFrames, previous: LabelFrames | None = None
) -> Pipeline[LabelStatistics]:
    """List the objects of each frame, and compare it with an earlier prediction.

    Parameters
    ----------
    labels : LabelFrames
        T frames of H x W labels.
    previous : LabelFrames, optional
        Of the same shape.

    Yields
    ------
    Progress
        Before each frame.

    Returns
    -------
    statistics : LabelStatistics
    """
    present, changed, count = [], [], len(labels)
    for t in range(count):
        yield Progress("compare", t, count)
        frame = labels.frame(t)
        values = np.flatnonzero(np.bincount(frame.ravel())).tolist()
        present.append(tuple(value for value in values if value))
        if previous is None:
            continue
        share = 0.0
        if previous.packed[t] != labels.packed[t]:
            before = previous.frame(t)
            object_pixels = int(((frame > 0) | (before > 0)).sum())
            share = int((frame != before).sum()) / max(object_pixels, 1)
        changed.append(share)
    return LabelStatistics(tuple(present), tuple(changed))
