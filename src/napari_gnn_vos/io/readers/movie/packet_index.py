"""Index of the compressed packets of a movie file, read without decoding."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.readers.movie.container import video_stream

UNKNOWN = -(2**63)
"""Number in place of a time stamp or position that a packet does not have."""


class Group(NamedTuple):
    """Group of pictures: packets from a keyframe on.

    Parameters
    ----------
    pts : int
        Presentation time stamp of the keyframe, in units of the stream.
    first : int
        Number of the packet of the keyframe.
    last : int
        Number of the last packet of the frames that are displayed before the next
        keyframe. It may be stored after that keyframe.
    """

    pts: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class MovieIndex:
    """Packets of a movie, numbered in the order of the file.

    Parameters
    ----------
    times : list of int
        Presentation time stamps of the displayed frames in ascending order.
    groups : list of Group
        In ascending order of `pts`.
    packets : (P, 3) ndarray of int64
        Presentation time stamp, size and position in the file of every packet.
    headers : list of (int, bytes)
        Number of each packet that changes the header data of the decoder, and the data.
    """

    times: list[int]
    groups: list[Group]
    packets: NDArray[np.int64]
    headers: list[tuple[int, bytes]]

    @property
    def is_sorted(self) -> bool:
        """Return whether the packets are stored in the order of their time stamps."""
        return bool((np.diff(self.packets[:, 0]) > 0).all())

    def group_at(self, pts: int) -> int:
        """Return the group in which a time stamp is displayed."""
        following = bisect_right(self.groups, pts, key=lambda group: group.pts)
        return max(0, following - 1)

    def header_at(self, number: int) -> bytes | None:
        """Return the header data for a packet; None if they are those of the file."""
        count = bisect_right(self.headers, number, key=lambda header: header[0])
        return self.headers[count - 1][1] if count else None


def packet_identity(packet: Any) -> tuple[int, int, int]:
    """Return time stamp, size and position, which identify a packet of a file."""
    pts = UNKNOWN if packet.pts is None else packet.pts
    return pts, packet.size, UNKNOWN if packet.pos is None else packet.pos


def scan_packets(container: Any) -> MovieIndex | None:
    """Read the index of an open movie.

    Parameters
    ----------
    container : av.container.InputContainer
        Is read to its end.

    Returns
    -------
    index : MovieIndex or None
        None if the packets do not have unique time stamps, as in AVI files with
        B-frames, if no packet is a keyframe, or if the first packet has a palette for
        all others.
    """
    stream = video_stream(container)
    has_decoding_times_only = (
        container.format.name == "avi" and stream.codec_context.has_b_frames
    )
    identities: list[tuple[int, int, int]] = []
    keys: list[tuple[int, int]] = []
    times: list[int] = []
    headers: list[tuple[int, bytes]] = []
    for packet in container.demux(stream):
        if not packet.size:
            continue
        number = len(identities)
        identities.append(packet_identity(packet))
        if packet.is_keyframe and packet.pts is not None:
            keys.append((packet.pts, number))
        if not packet.is_discard:  # decoded but not displayed, by an edit list
            times.append(packet.pts)
        if packet.has_sidedata("palette"):  # needed by all later packets
            return None
        if packet.has_sidedata("new_extradata"):
            headers.append((number, bytes(packet.get_sidedata("new_extradata"))))
    is_unique = None not in times and len(set(times)) == len(times)
    if has_decoding_times_only or not keys or not is_unique:
        return None
    packets = np.array(identities, np.int64)
    return MovieIndex(sorted(times), _groups(packets, keys), packets, headers)


def _groups(packets: NDArray[np.int64], keys: Sequence[tuple[int, int]]) -> list[Group]:
    """Assign packets to the keyframes, given by time stamp and number."""
    starts = dict(sorted(keys))  # the last of several with one time stamp
    key_times = np.array(list(starts), np.int64)
    times = packets[:, 0]
    group = np.searchsorted(key_times, times, "right") - 1
    last = np.array(list(starts.values()), np.int64)
    inside = group >= 0
    np.maximum.at(last, group[inside], np.flatnonzero(inside))
    return [
        Group(pts, first, int(end))
        for (pts, first), end in zip(starts.items(), last, strict=True)
    ]
