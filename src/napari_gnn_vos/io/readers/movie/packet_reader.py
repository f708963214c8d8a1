"""Packets of a movie file by number, independent of the order of access."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.movie.container import (
    open_movie,
    read_error_message,
    video_stream,
)
from napari_gnn_vos.io.readers.movie.packet_index import MovieIndex, packet_identity

INDEXED_FORMATS = ("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "avi")
"""Containers with an index. In others, the time stamps of a packet may change after a
seek."""


class PacketReader:
    """Read packets by their number in the index.

    The file is read forward; a seek leads to a keyframe that is not the next one. Each
    packet after a seek is compared with the index, and the file is read from its start
    if one differs, as in damaged files. So a packet does not depend on the order of
    access.

    Parameters
    ----------
    path : Path
    index : MovieIndex
        Read from the same file.
    """

    def __init__(self, path: Path, index: MovieIndex) -> None:
        self._path, self._index = path, index
        self._starts = sorted(group.first for group in index.groups)
        self._container: Any = None
        self._demuxer: Iterator[Any] = iter(())
        self._next = 0
        self._kept: deque[tuple[int, Any]] = deque()
        self._kept_from = 0
        self._is_compared, self._can_seek = False, True

    def close(self) -> None:
        """Close the file. It is opened again on the next access."""
        if self._container is not None:
            self._container.close()
        self._container, self._demuxer = None, iter(())
        self._kept.clear()

    def keep_from(self, number: int) -> None:
        """Keep packets from `number` on in memory once they are read, and no others."""
        self._kept_from = number
        while self._kept and self._kept[0][0] < number:
            self._kept.popleft()

    def read(self, number: int) -> Any:
        """Read a packet.

        Raises
        ------
        ReadError
            If the file ends before it.
        """
        if self._kept and self._kept[0][0] <= number < self._next:
            return self._kept[number - self._kept[0][0]][1]
        if not self._is_ahead(number):
            self._position(number)
        while True:
            packet, current = self._advance(), self._next - 1
            if current >= self._kept_from:
                self._kept.append((current, packet))
            if current == number:
                return packet

    def _is_ahead(self, number: int) -> bool:
        """Return whether reading forward to a packet is not longer than a seek."""
        if self._container is None or number < self._next:
            return False
        following = bisect_left(self._starts, self._next)
        is_last = following == len(self._starts)
        is_near = number == self._next or is_last or number <= self._starts[following]
        return is_near or not self._is_seekable()

    def _is_seekable(self) -> bool:
        return self._can_seek and self._container.format.name in INDEXED_FORMATS

    def _position(self, number: int) -> None:
        """Move the reader to packet `number`, or to one before it."""
        self._kept.clear()
        if self._container is None:
            self._container = open_movie(self._path)
        if not (number and self._is_seekable() and self._seek(number)):
            self._restart()

    def _seek(self, number: int) -> bool:
        """Seek to a packet; return False if that fails."""
        stream = video_stream(self._container)
        pts = int(self._index.packets[number, 0])
        with suppress(av.FFmpegError):
            self._container.seek(pts, stream=stream)
            self._demuxer = self._container.demux(stream)
            for packet in self._demuxer:
                if self._is_same(packet, number):
                    self._demuxer = _chain(packet, self._demuxer)
                    self._next, self._is_compared = number, True
                    return True
                if packet.is_keyframe and packet.pts is not None and packet.pts > pts:
                    break
        return False

    def _restart(self) -> None:
        self.close()
        self._container = open_movie(self._path)
        self._demuxer = self._container.demux(video_stream(self._container))
        self._next, self._is_compared = 0, False

    def _advance(self) -> Any:
        """Read the next packet that has data."""
        number = self._next
        try:
            packet = self._next_packet()
        except av.FFmpegError:
            if not self._is_compared:
                raise
            packet = None
        if self._is_compared and not (packet and self._is_same(packet, number)):
            packet = self._read_from_start(number)
        if packet is None:
            self.close()
            reason = f"it ends before packet {number}"
            raise ReadError(read_error_message(self._path, reason))
        self._next = number + 1
        return packet

    def _read_from_start(self, number: int) -> Any:
        """Read a packet without a seek, and do not seek any more."""
        self._can_seek, kept = False, self._kept.copy()
        self._restart()
        self._kept = kept
        packet = None
        for _ in range(number + 1):
            packet = self._next_packet()
        return packet

    def _next_packet(self) -> Any:
        return next((packet for packet in self._demuxer if packet.size), None)

    def _is_same(self, packet: Any, number: int) -> bool:
        return packet_identity(packet) == tuple(self._index.packets[number].tolist())


def _chain(packet: Any, packets: Iterator[Any]) -> Iterator[Any]:
    """Yield a packet, then the others; their iterator stays open with this one."""
    yield packet
    while (following := next(packets, None)) is not None:
        yield following
