"""Read videos from movie files (MP4, AVI, MOV, MKV ...)."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import av
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.lazy_frames import LazyFrames
from napari_gnn_vos.io.movie_decoding import (
    ascending,
    configure_decoder,
    decode,
    decode_counted,
    is_keyframe,
)
from napari_gnn_vos.io.movie_image import display_image
from napari_gnn_vos.io.movie_packets import (
    KeyFrame,
    missing_times,
    open_movie,
    scan_packets,
    video_stream,
)

log = logging.getLogger(__name__)

INDEXED_FORMATS = ("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "avi")
"""Containers with an index. In others, a packet has other time stamps after a seek."""

VARIABLE_RATE_FORMATS = ("gif",)
"""Containers in which a long interval between frames is not a gap."""


class MovieFrames(LazyFrames):
    """Frames of a movie by index: RGB, or greyscale above 8 bits.

    The frames are indexed by the presentation time stamps of their packets. Each group
    of pictures is decoded separately, from its keyframe and with a decoder without
    state, so that a frame does not depend on the order of access. The decoder stays
    open and reads forward; it seeks to another group only if that saves decoding.

    If the packets do not have unique time stamps, or there is no keyframe, the movie is
    decoded from its first packet and the frames are counted.

    Parameters
    ----------
    path : Path
        Any file that FFmpeg decodes. The best video stream is used,
        as selected by FFmpeg. More than 8 bits per channel are read as uint16.

    Attributes
    ----------
    notes : list of str
        Differences from an undamaged movie: frames at the start that cannot be decoded
        and are left out, frames that are missing according to the time stamps, and
        frames that cannot be decoded. Both are replaced by the last frame before them.
        The latter are appended when they are read. Each note is also logged as a
        warning.

    Raises
    ------
    ReadError
        If the file has no video stream or cannot be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._container: Any = None
        self._demuxer: Iterator[Any] = iter(())
        self._queue: deque[Any] = deque()
        self._next_packets: list[Any] = []
        self._next_key = 0
        self._frames: Iterator[Any] = iter(())
        self._group: int | None = None
        self._pending: Any = None
        self._last = -1
        self._end = 0
        self._gaps: set[int] = set()
        self._reported: set[int] = set()
        self._times, self._keys = _timestamps(path)
        self._end = self._times[-1] if self._times else 0
        first = self._first_image()
        self._insert_missing_frames()
        super().__init__((len(self._times), *first.shape), first.dtype)

    def close(self) -> None:
        """Close the file. It is opened again on the next access."""
        if self._container is not None:
            self._container.close()
        self._container, self._group, self._pending = None, None, None
        self._queue.clear()
        self._next_packets = []

    def _read(self, t: int) -> NDArray[Any]:
        """Read frame `t`, or the last frame before it that can be decoded."""
        with _read_errors(self.path, self.close):
            for number in range(t, -1, -1):
                if number < t and number in self._cache:
                    image = self._cache[number]
                elif (frame := self._decoded(number)) is not None:
                    image = display_image(frame)
                else:
                    continue
                if number < t:
                    self._report_repeated_frame(t)
                return image
        raise self._ends_before(t)

    def _first_image(self) -> NDArray[Any]:
        """Read frame 0, after frames that cannot be decoded are removed from the index.

        A movie that was cut without encoding it again starts with frames that depend on
        pictures before the cut.
        """
        count = len(self._times)
        if self._keys:
            del self._times[: bisect_left(self._times, self._keys[0].pts)]
        with _read_errors(self.path, self.close):
            frame = None
            while self._times and (frame := self._decoded(0)) is None:
                del self._times[0]
                self._gaps.clear()
                self._last = -1
        if frame is None:
            self.close()
            raise ReadError(_read_error_message(self.path, "it has no frames"))
        if removed := count - len(self._times):
            self._report(
                f"The first {removed} frames depend on pictures before the start of "
                "the file. They are left out."
            )
        return display_image(frame)

    def _decoded(self, t: int) -> Any:
        """Decode frame `t`; return None if the decoder does not output it."""
        if not self._keys:
            return self._counted(t)
        if t in self._gaps:
            return None
        while self._group != self._group_of(t) or self._last >= t:
            self._start_group(self._group_of(t))
        frame = self._next_frame(t)
        if frame is None:
            self._gaps.add(t)
        return frame

    def _group_of(self, t: int) -> int:
        group = bisect_right(self._keys, self._times[t], key=lambda key: key.pts) - 1
        return max(0, group)

    def _next_frame(self, t: int) -> Any:
        """Read forward to frame `t` of the current group; None if it is not there."""
        target = self._times[t]
        self._last = t
        while True:
            frame = self._pending or next(self._frames, None)
            self._pending = None
            if frame is None and target > self._end:
                raise self._ends_before(t)
            if frame is None or frame.pts == target:
                return frame
            if frame.pts > target:
                self._pending = frame
                return None

    def _start_group(self, group: int) -> None:
        """Decode from a keyframe on, or remove it if that is not possible."""
        self._position_packets(group)
        stream = video_stream(self._container)
        stream.codec_context.flush_buffers()
        frames = ascending(
            chain.from_iterable(
                decode(stream, packet) or []
                for packet in chain(self._packets_of_group(group), [None])
            )
        )
        start = self._keys[group].pts
        frames = (frame for frame in frames if group == 0 or frame.pts >= start)
        first = next(frames, None)
        if group == 0 or (first is not None and is_keyframe(first, start)):
            self._frames, self._pending, self._last = frames, first, -1
            self._group = group
        else:
            self._remove_key(group)

    def _packets_of_group(self, group: int) -> Iterator[Any]:
        """Yield packets up to the last one of a group.

        Packets from the next keyframe on are also kept for the next group: frames
        displayed before a keyframe may be stored after it.
        """
        last, following = self._keys[group].last_pts, None
        self._next_key, self._next_packets = group + 1, []
        if group + 1 < len(self._keys):
            following = self._keys[group + 1].pts
        end = None
        for packet in self._demuxed():
            if self._next_packets or (packet.pts == following and packet.is_keyframe):
                self._next_packets.append(packet)
            if packet.size and packet.pts is not None:
                end = packet.pts
                yield packet
            if end == last:
                return
        raise self._ends_before(bisect_right(self._times, self._keys[group].pts))

    def _demuxed(self) -> Iterator[Any]:
        """Yield the packets that were put back into the queue, then those of the file.

        Every caller makes a new iterator: chained ones would become deeply nested.
        """
        while True:
            if self._queue:
                yield self._queue.popleft()
            elif (packet := next(self._demuxer, None)) is not None:
                yield packet  # "yield from" would close the demuxer with this iterator
            else:
                return

    def _remove_key(self, key: int) -> None:
        """Merge a group with the one before.

        The keyframe is damaged, is only marked as one, or the movie is refreshed
        gradually from there on.
        """
        last_pts = self._keys.pop(key).last_pts
        self._keys[key - 1] = self._keys[key - 1]._replace(last_pts=last_pts)
        self._group, self._next_key = None, len(self._keys)

    def _position_packets(self, start: int) -> None:
        """Let the next packet be keyframe `start`."""
        forward = self._container is not None and (
            self._next_key == start
            or (self._next_key < start and not self._is_indexed())
        )
        if forward:
            self._queue.extendleft(reversed(self._next_packets))
            if self._skip_to_key(start):
                return
        self._open()
        if start == 0 or not self._is_indexed() or not self._seek(start):
            self._restart()
            if not self._skip_to_key(start):
                raise self._ends_before(bisect_left(self._times, self._keys[start].pts))

    def _skip_to_key(self, start: int) -> bool:
        """Read packets up to a keyframe; return False if it does not come."""
        key = self._keys[start]
        self._next_packets = []
        for packet in self._demuxed():
            if not packet.size or not packet.is_keyframe or packet.pts is None:
                continue
            if (packet.pts, packet.size, packet.pos) == key[:3]:
                self._queue.appendleft(packet)
                return True
            if packet.pts > key.pts:
                return False
        return False

    def _seek(self, start: int) -> bool:
        """Seek to keyframe `start`; return False if that fails."""
        stream = video_stream(self._container)
        with suppress(av.FFmpegError):
            self._container.seek(self._keys[start].pts, stream=stream)
            self._demuxer = self._container.demux(stream)
            self._queue.clear()
            return self._skip_to_key(start)
        return False

    def _restart(self) -> None:
        self.close()
        self._open()
        self._demuxer = self._container.demux(video_stream(self._container))

    def _open(self) -> None:
        if self._container is None:
            self._container = open_movie(self.path)
            configure_decoder(video_stream(self._container))

    def _is_indexed(self) -> bool:
        return self._container is not None and (
            self._container.format.name in INDEXED_FORMATS
        )

    def _counted(self, t: int) -> Any:
        """Decode frame `t` of a movie without time stamps, counted from the start."""
        if self._container is None or self._last >= t:
            self.close()
            self._open()
            self._frames, self._last = decode_counted(self._container), -1
        for frame in self._frames:
            self._last += 1
            if self._last == t:
                return frame
        raise self._ends_before(t)

    def _ends_before(self, t: int) -> ReadError:
        self.close()
        return ReadError(_read_error_message(self.path, f"it ends before frame {t}"))

    def _insert_missing_frames(self) -> None:
        """Add the times of lost pictures to the index; they repeat the frame before."""
        if not self._keys or self._container.format.name in VARIABLE_RATE_FORMATS:
            return
        if missing := missing_times(self._times):
            self._times = sorted([*self._times, *missing])
            frames = [bisect_left(self._times, time) for time in missing]
            self._gaps = set(frames)
            self._reported.update(frames)
            self._report(
                f"{len(missing)} frames are missing in the file according to its time "
                "stamps. The last frame before them is repeated: frame "
                f"{_listed(frames)}."
            )

    def _report_repeated_frame(self, t: int) -> None:
        if t not in self._reported:
            self._reported.add(t)
            self._report(
                f"Frame {t} cannot be decoded. The last frame before it is repeated."
            )

    def _report(self, note: str) -> None:
        self.notes.append(note)
        log.warning("%s: %s", self.path, note)


def _timestamps(path: Path) -> tuple[list[int], list[KeyFrame]]:
    """Read the sorted presentation timestamps and the keyframes.

    Only packets are read. If the packets have no unique timestamps, the frames are
    decoded and counted once, and no keyframes are returned.
    """
    with _read_errors(path):
        with open_movie(path) as container:
            if not container.streams.video:
                raise ReadError(_read_error_message(path, "it has no video stream"))
            if video_stream(container).codec_context is None:
                raise ReadError(_read_error_message(path, "its codec is not known"))
            index = scan_packets(container)
        if index is not None:
            return index
        with open_movie(path) as container:
            return list(range(sum(1 for _ in decode_counted(container)))), []


@contextmanager
def _read_errors(path: Path, close: Callable[[], None] | None = None) -> Iterator[None]:
    """Raise errors of FFmpeg and of the file system as ReadError."""
    try:
        yield
    except ReadError:
        raise
    except (av.FFmpegError, OSError) as error:
        if close is not None:
            close()
        raise ReadError(_read_error_message(path, str(error))) from error


def _listed(frames: list[int], limit: int = 10) -> str:
    more = f" and {len(frames) - limit} more" if len(frames) > limit else ""
    return ", ".join(map(str, frames[:limit])) + more


def _read_error_message(path: Path, reason: str) -> str:
    if not path.exists():
        return f"{path} was moved or deleted. Open the movie at its new path."
    return (
        f"Expected a movie that FFmpeg can decode; {path} cannot be read: {reason}. "
        "Convert it first, for example with ffmpeg -i in.mov -c:v libx264 out.mp4."
    )
