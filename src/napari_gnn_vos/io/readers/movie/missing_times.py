"""Time stamps of pictures that are missing in a movie."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.readers.movie.container import video_stream

GAP = 1.5
"""Interval between time stamps, in usual intervals, from which pictures are missing."""

TOLERANCE = 0.25
"""Difference of a gap from a multiple of the usual interval, in usual intervals."""

MOST_GAPS = 0.25
"""Fraction of intervals with gaps above which the rate is considered variable."""


def declared_frames(container: Any, times: Sequence[int]) -> int:
    """Return the number of frames according to the header of a movie, 0 if unknown.

    Parameters
    ----------
    container : av.container.InputContainer
        Its header has the number of frames of the stream, or its duration.
    times : sequence of int
        Time stamps of all frames. A duration is used at a constant rate only.
    """
    stream, name = video_stream(container), container.format.name
    intervals, usual = _intervals(times)
    if usual <= 0 or container.duration is None:
        return 0
    length = float(Fraction(container.duration, 10**6) / stream.time_base)
    if "mp4" in name:  # an edit list may skip or delay frames: the end decides
        is_cut = length > times[-1] - min(times[0], 0) + (1 + GAP) * usual
        return int(stream.frames) if is_cut else 0
    is_constant = (abs(intervals - usual) < TOLERANCE * usual).all()
    if "matroska" in name and is_constant and len(container.streams) == 1:
        return round((length - times[0]) / usual)
    if name == "avi":  # its header counts ticks of the time base
        return round(int(stream.frames) / usual)
    return int(stream.frames)  # others estimate the duration from their last packets


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
    intervals, usual = _intervals(times)
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


def _intervals(times: Sequence[int]) -> tuple[NDArray[np.int64], float]:
    """Return the intervals between time stamps, and the usual one; 0 if unknown."""
    intervals = np.diff(times)
    return intervals, float(np.median(intervals)) if len(intervals) else 0.0


def lost_packets(container: Any) -> list[int]:
    """Return the decoding time stamps of the packets that an AVI file lacks.

    They are empty in the file. Packets of other containers do not have numbers.

    Parameters
    ----------
    container : av.container.InputContainer
        Is read to its end.
    """
    if container.format.name != "avi":
        return []
    packets = container.demux(video_stream(container))
    times = [p.dts for p in packets if p.size and p.dts is not None]
    return missing_times(times)
