"""Time stamps of pictures that are missing in a movie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GAP = 1.5
"""Interval between time stamps, in usual intervals, from which pictures are missing."""

TOLERANCE = 0.25
"""Difference of a gap from a multiple of the usual interval, in usual intervals."""

MOST_GAPS = 0.25
"""Fraction of intervals with gaps above which the rate is considered variable."""


def missing_times(times: Sequence[int]) -> list[int]:
    """Return the time stamps of missing pictures in a film of constant rate.

    Parameters
    ----------
    times : sequence of T int
        Presentation time stamps in ascending order.

    Returns
    -------
    missing : list of int
        Evenly spaced within each interval of 1.5 usual intervals or more. Empty for
        films of variable rate, in which more than a quarter of the intervals are
        longer or a gap is not a multiple of the usual interval, and if more pictures
        are missing than present.
    """
    intervals = np.diff(times)
    usual = float(np.median(intervals)) if len(intervals) else 0.0
    if usual <= 0:
        return []
    steps = np.rint(intervals / usual).astype(int)
    is_gap = intervals >= GAP * usual
    is_multiple = abs(intervals / usual - steps) <= TOLERANCE
    if is_gap.mean() > MOST_GAPS or not is_multiple[is_gap].all():
        return []
    if (steps[is_gap] - 1).sum() > len(times):
        return []
    return [
        times[t] + round(k * int(intervals[t]) / int(steps[t]))
        for t in np.flatnonzero(is_gap).tolist()
        for k in range(1, int(steps[t]))
    ]
