"""Statistics of the predicted labels of each frame, computed in the background."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from psygnal import Signal

from napari_gnn_vos.controller.jobs import JobRunner, Runner, run_at_once
from napari_gnn_vos.progress import Pipeline, Progress
from napari_gnn_vos.structures.arrays import distinct_values
from napari_gnn_vos.structures.label_frames import LabelFrames, Labels


@dataclass(frozen=True, slots=True)
class LabelStatistics:
    """Statistics of the labels of each frame.

    Parameters
    ----------
    present : tuple of T tuples of int
        Labels of the objects with pixels in each frame, ascending.
    changed : tuple of T float
        Share of the object pixels of both predictions whose labels differ, in [0, 1];
        empty if there is no earlier prediction.
    """

    present: tuple[tuple[int, ...], ...] = ()
    changed: tuple[float, ...] = ()

    def frames_with(self, labels: Collection[int]) -> tuple[int, ...]:
        """Return the frames with pixels of at least one of the objects, ascending."""
        objects = frozenset(labels)
        return tuple(
            t for t, present in enumerate(self.present) if objects.intersection(present)
        )


NO_STATISTICS = LabelStatistics()

_Predictions = tuple[LabelFrames | None, LabelFrames | None]
"""Labels of the current and of the previous prediction."""


class StatisticsUpdater:
    """Compute the statistics of the current prediction, in a separate job.

    They are disabled by default, so that scripts do not wait for them.

    Attributes
    ----------
    value : LabelStatistics
        Statistics of the current prediction; empty until they are computed.
    """

    changed = Signal()  # `value` was replaced

    def __init__(self) -> None:
        self.value = NO_STATISTICS
        self._jobs: JobRunner | None = None
        self._predictions: _Predictions = (None, None)
        self._last: tuple[LabelFrames, LabelStatistics] | None = None

    def enable(self, run: Runner = run_at_once) -> None:
        """Compute the statistics from now on.

        Parameters
        ----------
        run : Runner
            Executes the job, in parallel with preparation and rounds.
        """
        self._jobs = JobRunner(run)

    def update(self, labels: LabelFrames | None, previous: LabelFrames | None) -> None:
        """Compute the statistics of a new prediction; a running job is cancelled.

        Only frames that differ from those of the last statistics or of the earlier
        prediction are decompressed.

        Parameters
        ----------
        labels, previous : LabelFrames or None
            Labels of the current and of the previous prediction.
        """
        same = labels is self._predictions[0] and previous is self._predictions[1]
        if self._jobs is None or same:
            return
        self._jobs.cancel()
        self._predictions = labels, previous
        self._publish(NO_STATISTICS)
        if labels is not None:
            job = label_statistics(labels, previous, self._last)
            self._jobs.start(job, self._complete)

    def close(self) -> None:
        """Cancel the running job, and disconnect all listeners."""
        self.changed.disconnect()
        if self._jobs is not None:
            self._jobs.cancel()

    def _complete(self, statistics: LabelStatistics) -> None:
        labels = self._predictions[0]
        if labels is not None:
            self._last = labels, statistics
        self._publish(statistics)

    def _publish(self, value: LabelStatistics) -> None:
        if value != self.value:
            self.value = value
            self.changed.emit()


def label_statistics(
    labels: LabelFrames,
    previous: LabelFrames | None = None,
    known: tuple[LabelFrames, LabelStatistics] | None = None,
) -> Pipeline[LabelStatistics]:
    """List the objects of each frame, and compare it with an earlier prediction.

    Parameters
    ----------
    labels : LabelFrames
        T frames of H x W labels.
    previous : LabelFrames, optional
        Labels of the earlier prediction, of the same shape.
    known : (LabelFrames, LabelStatistics), optional
        Labels whose statistics are known; those of equal frames are not computed again.

    Yields
    ------
    step : Progress
        Before each frame.

    Returns
    -------
    statistics : LabelStatistics

    Notes
    -----
    For 10 000 frames of 480 x 854 pixels with five objects, one thread on a busy
    machine takes 10 s if all frames have changed, and 0.1 s if 100 have.
    """
    if known is not None and known[0].shape != labels.shape:
        known = None
    present, changed, count = [], [], len(labels)
    for t in range(count):
        yield Progress("compare", t, count)
        if known is not None and known[0].packed[t] == labels.packed[t]:
            present.append(known[1].present[t])
        else:
            values = distinct_values(labels.frame(t))
            present.append(tuple(value for value in values if value > 0))
        if previous is not None:
            equal = previous.packed[t] == labels.packed[t]
            share = 0.0 if equal else changed_share(labels.frame(t), previous.frame(t))
            changed.append(share)
    return LabelStatistics(tuple(present), tuple(changed))


def changed_share(labels: Labels, before: Labels) -> float:
    """Compute the share of the object pixels of two frames whose labels differ.

    Parameters
    ----------
    labels, before : (H, W) ndarray of uint8 or uint16

    Returns
    -------
    share : float
        In [0, 1]; 0 if neither frame has objects.

    Examples
    --------
    >>> changed_share(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 0, 0]]))
    0.5
    """
    object_pixels = int(np.count_nonzero(labels | before))
    return int(np.count_nonzero(labels != before)) / max(object_pixels, 1)
