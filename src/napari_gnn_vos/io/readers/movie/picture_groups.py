"""Decoding of the groups of pictures of a movie, independent of the order of access."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from napari_gnn_vos.io.readers.movie.decoding import DecodedFrames, DecoderSettings
from napari_gnn_vos.io.readers.movie.images import FrameConverter, Picture
from napari_gnn_vos.io.readers.movie.packet_index import MovieIndex
from napari_gnn_vos.io.readers.movie.packet_reader import PacketReader


class MovieGroups:
    """Decode frames by their time stamp.

    A frame is decoded from the keyframe of its group, by a new decoder, up to the next
    keyframe. A keyframe that cannot be decoded, or is only marked as one, does not
    start a group: its packets continue the group before, as in movies that are
    refreshed gradually. So a frame does not depend on the order of access, even if the
    file is damaged. Frames that follow each other are decoded once.

    Parameters
    ----------
    path : Path
    index : MovieIndex
    settings : DecoderSettings
    converter : FrameConverter
    """

    def __init__(
        self,
        path: Path,
        index: MovieIndex,
        settings: DecoderSettings,
        converter: FrameConverter,
    ) -> None:
        self._index, self._settings, self._converter = index, settings, converter
        self._reader = PacketReader(path, index)
        self._is_start = {0: True}
        self._current: _Decoding | None = None
        self._prepared: _Decoding | None = None

    def dependent_on(self, pts: int) -> tuple[int, int] | None:
        """Return the time stamps between which frames may be predicted from one.

        Returns
        -------
        start, end : int
            Time stamps of the keyframes before and after it; the end is that of the
            last packet plus 1 if there is none. None if all packets are keyframes.
        """
        groups = self._index.groups
        if len(groups) == len(self._index.packets):
            return None
        group = self._index.group_at(pts)
        following = groups[group + 1 : group + 2]
        end = following[0].pts if following else self._index.times[-1] + 1
        return groups[group].pts, end

    def close(self) -> None:
        """Close the file. It is opened again on the next access."""
        self._current, self._prepared = None, None
        self._reader.close()

    def find(self, pts: int) -> Picture | None:
        """Decode the picture of a time stamp; None if the decoder does not output it.

        Raises
        ------
        ReadError, av.FFmpegError
            If the file cannot be read any more.
        """
        start = self._start_of(self._index.group_at(pts))
        current = self._current
        if current is None or current.start != start or not current.is_before(pts):
            current = self._current = self._decoding_from(start)
        return current.frames.find(pts)

    def last_before(self, pts: int, times: Sequence[int]) -> Picture | None:
        """Decode the last picture before a time stamp that can be decoded, if any.

        Parameters
        ----------
        pts : int
        times : sequence of int
            Time stamps of the frames that are displayed, in ascending order.
        """
        group, end = self._index.group_at(pts), bisect_left(times, pts)
        while True:
            start = self._start_of(group)
            pts = self._index.groups[start].pts
            first = bisect_left(times, pts, 0, end) if start else 0
            self._current = None
            frames = self._decoding_from(start).frames
            best = frames.last_in(frozenset(times[first:end]))
            if best is not None or not start:
                return best
            group, end = start - 1, first

    def _start_of(self, group: int) -> int:
        """Return the group from which a group is decoded."""
        while not self._can_start(group):
            group -= 1
        return group

    def _can_start(self, group: int) -> bool:
        """Return whether a new decoder decodes the keyframe of a group as one."""
        if group not in self._is_start:
            pts = self._index.groups[group].pts
            decoding = self._new_decoding(group, is_test=True)
            first = decoding.frames.first_from(pts)
            self._is_start[group] = (
                first is not None and first.pts == pts and first.is_key
            )
            if self._is_start[group] and not decoding.is_flushed:
                self._prepared = decoding
        return self._is_start[group]

    def _decoding_from(self, start: int) -> _Decoding:
        """Decode from a keyframe up to the next one that can be decoded."""
        decoding, self._prepared = self._prepared, None
        if decoding is None or decoding.start != start:
            decoding = self._new_decoding(start)
        decoding.is_test = False
        self._keep_group(start + 1)
        return decoding

    def _new_decoding(self, group: int, *, is_test: bool = False) -> _Decoding:
        number = self._index.groups[group].first
        decoder = self._settings.new_decoder(self._index.header_at(number))
        decoding = _Decoding(group, is_test)
        decoding.frames = DecodedFrames(
            decoder, self._packets_from(decoding), self._converter.picture
        )
        return decoding

    def _packets_from(self, decoding: _Decoding) -> Iterator[Any]:
        """Yield the packets of a group and of those that continue it."""
        groups = self._index.groups
        number, last = groups[decoding.start].first, groups[decoding.start].last
        for following in range(decoding.start + 1, len(groups) + 1):
            yield from self._packets(number, last)
            if decoding.is_test:
                decoding.is_flushed = True
                return
            if following == len(groups) or self._can_start(following):
                return
            self._keep_group(following + 1)
            number, last = last + 1, max(last, groups[following].last)

    def _keep_group(self, group: int) -> None:
        """Keep packets that are also needed by the following group."""
        groups = self._index.groups
        is_last = group >= len(groups)
        self._reader.keep_from(groups[-1].last + 1 if is_last else groups[group].first)

    def _packets(self, first: int, last: int) -> Iterator[Any]:
        for number in range(first, last + 1):
            yield self._reader.read(number)


class _Decoding:
    """Frames decoded from a group on.

    Parameters
    ----------
    start : int
        The group.
    is_test : bool
        Whether to stop after the group.
    """

    frames: DecodedFrames

    def __init__(self, start: int, is_test: bool) -> None:
        self.start, self.is_test, self.is_flushed = start, is_test, False

    def is_before(self, pts: int) -> bool:
        """Return whether a time stamp is after those of all frames that were read."""
        return self.frames.last is None or self.frames.last < pts
