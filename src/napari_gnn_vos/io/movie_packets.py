"""Index of the compressed packets of a movie file, read without decoding."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

GAP = 1.5
"""Interval between time stamps, in usual intervals, from which pictures are missing."""

TOLERANCE = 0.25
"""Difference of a gap from a multiple of the usual interval, in usual intervals."""

MOST_GAPS = 0.25
"""Fraction of intervals with gaps above which the rate is considered variable."""


class KeyFrame(NamedTuple):
    """Packet from which decoding can start, and the end of its group of pictures.

    Parameters
    ----------
    pts : int
        Presentation time stamp, in units of the stream.
    size, position : int
        Number of bytes and position in the file, which identify the packet together
        with `pts`. The index of a damaged file may lead to another packet.
    last_pts : int
        Time stamp of the last packet in the file, in decoding order, of the frames
        that are displayed before the next keyframe.
    """

    pts: int
    size: int
    position: int | None
    last_pts: int


class MovieFile(FileIO):
    """File that is closed with its last reference: containers do not close files."""

    def __del__(self) -> None:
        self.close()


def open_movie(path: Path) -> Any:
    """Open a file by its absolute path: FFmpeg reads ``a:b.mp4`` as a protocol."""
    name = f"file:{path.absolute()}"
    try:
        name.encode()
    except UnicodeEncodeError:  # a name in another encoding than UTF-8
        return av.open(MovieFile(path), metadata_errors="replace")
    return av.open(name, metadata_errors="replace")


def video_stream(container: Any) -> Any:
    """Return the best video stream, not a cover picture."""
    return container.streams.best("video") or container.streams.video[0]


def scan_packets(container: Any) -> tuple[list[int], list[KeyFrame]] | None:
    """Read the time stamps of all frames and the keyframes of an open movie.

    Parameters
    ----------
    container : av.container.InputContainer
        Is read to its end.

    Returns
    -------
    times : list of int
        Presentation time stamps in ascending order.
    keys : list of KeyFrame
        In ascending order.

    None is returned if the packets do not have unique time stamps, as in AVI files with
    B-frames, or if no packet is a keyframe.
    """
    stream = video_stream(container)
    has_decoding_times_only = (
        container.format.name == "avi" and stream.codec_context.has_b_frames
    )
    packets = [
        (packet.pts, packet.size, packet.pos, packet.is_keyframe, packet.is_discard)
        for packet in container.demux(stream)
        if packet.size
    ]
    # edit lists discard packets that are decoded but not displayed
    times = sorted(
        pts for pts, *_, discard in packets if not discard and pts is not None
    )
    shown = sum(not discard for *_, discard in packets)
    starts = {
        pts: (size, position)
        for pts, size, position, is_key, _ in packets
        if is_key and pts is not None
    }
    if has_decoding_times_only or not (
        starts and len(set(times)) == len(times) == shown
    ):
        return None
    key_times = sorted(starts)
    last_pts = dict(zip(key_times, key_times, strict=True))
    for pts, *_ in packets:
        if pts is not None and pts >= key_times[0]:
            last_pts[key_times[bisect_right(key_times, pts) - 1]] = pts
    return times, [KeyFrame(pts, *starts[pts], last_pts[pts]) for pts in key_times]


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
