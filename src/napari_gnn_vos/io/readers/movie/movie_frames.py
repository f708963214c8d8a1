"""Read videos from movie files (MP4, AVI, MOV, MKV ...)."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.io.readers.movie.container import (
    open_movie,
    read_error_message,
    read_errors,
    video_stream,
)
from napari_gnn_vos.io.readers.movie.decoding import (
    DecodedFrame,
    DecoderSettings,
    decode_counted,
)
from napari_gnn_vos.io.readers.movie.images import (
    FrameConverter,
    Matrix,
    Picture,
    display_matrix,
)
from napari_gnn_vos.io.readers.movie.missing_times import declared_frames, missing_times
from napari_gnn_vos.io.readers.movie.packet_index import MovieIndex, scan_packets
from napari_gnn_vos.io.readers.movie.picture_groups import MovieGroups

log = logging.getLogger(__name__)

MAX_DEPENDENT = 2**31
VARIABLE_RATE_FORMATS = ("gif",)
"""Containers in which a long interval between frames is not a gap."""


class MovieFrames(LazyFrames):
    """Frames of a movie by index: RGB, or greyscale above 8 bits.

    The frames are indexed by the presentation time stamps of their packets and decoded
    in groups of pictures, see `MovieGroups`. If the packets do not have unique time
    stamps, or there is no keyframe, the movie is decoded from its first packet and the
    frames are counted. In both cases a frame does not depend on the order of access.

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
        The latter are appended when they are read, and so are frames of another size
        than the first, which are scaled. Frames between two keyframes that may be
        predicted from a missing one, and a file that ends early are noted, too. Each
        note is also logged as a warning.

    Raises
    ------
    ReadError
        If the file has no video stream or cannot be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._reported: set[int] = set()
        self._gaps: set[int] = set()
        with read_errors(path):
            scan = _scan(path)
            index = scan.index
            times = list(range(scan.count)) if index is None else index.times
            converter = FrameConverter(scan.matrix)
            self._source: MovieGroups | _CountedFrames = (
                _CountedFrames(path, converter)
                if index is None
                else MovieGroups(path, index, scan.settings, converter)
            )
            self._times, image = self._decodable(times)
        self._displayed = self._times
        if index is not None and scan.format not in VARIABLE_RATE_FORMATS:
            self._insert_missing_frames()
        if scan.format == "gif" and not _has_trailer(path):
            self._report("The file ends early. Its last frame may be incomplete.")
        if index is not None:
            available = max(len(self._times), len(index.packets))
            self._report_end(available, scan.declared)
        super().__init__((len(self._times), *image.shape), image.dtype)
        image.flags.writeable = False
        self._cache[0] = image

    def close(self) -> None:
        """Close the file. It is opened again on the next access."""
        self._source.close()

    def _decodable(self, times: list[int]) -> tuple[list[int], NDArray[Any]]:
        """Leave out frames at the start that cannot be decoded; decode the first other.

        A movie that was cut without encoding it again starts with frames that depend on
        pictures before the cut.
        """
        for t, time in enumerate(times):
            if (picture := self._source.find(time)) is not None:
                if t:
                    self._report(
                        f"The first {t} frames depend on pictures before the start of "
                        "the file. They are left out."
                    )
                return times[t:], picture.image
        self.close()
        raise ReadError(read_error_message(self.path, "it has no frames"))

    def _insert_missing_frames(self) -> None:
        """Add the times of lost pictures to the index; they repeat the frame before."""
        if missing := missing_times(self._times):
            self._times = sorted([*self._times, *missing])
            frames = [bisect_left(self._times, time) for time in missing]
            self._gaps.update(frames)
            self._reported.update(frames)
            self._report(
                f"{len(missing)} frames are missing in the file according to its time "
                "stamps. The last frame before them is repeated: frame "
                f"{_listed(frames)}.{self._doubt(frames)}"
            )

    def _report_end(self, available: int, declared: int) -> None:
        if available < declared:
            self._report(
                f"The file ends early: it has {available} of {declared} frames. It is "
                "probably incomplete."
            )

    def _read(self, t: int) -> NDArray[Any]:
        """Read frame `t`, or the last frame before it that can be decoded."""
        try:
            with read_errors(self.path):
                is_gap = t in self._gaps
                picture = None if is_gap else self._source.find(self._times[t])
                if picture is None:
                    self._gaps.add(t)
                    return self._repeated(t)
        except ReadError:
            self.close()
            raise
        if picture.is_scaled:
            self._report_once(
                t, f"Frame {t} has another size than the first one. It is scaled."
            )
        return picture.image

    def _repeated(self, t: int) -> NDArray[Any]:
        """Return the last frame before `t` that can be decoded."""
        self._report_once(
            t,
            f"Frame {t} cannot be decoded. The last frame before it is repeated."
            f"{self._doubt([t])}",
        )
        if t - 1 in self._cache:
            return self._cache[t - 1]
        picture = self._source.last_before(self._times[t], self._displayed)
        if picture is None:
            raise ReadError(read_error_message(self.path, f"it ends before frame {t}"))
        return picture.image

    def _doubt(self, frames: list[int]) -> str:
        """Name the frames that may be wrong because they are predicted from others."""
        spans = dict.fromkeys(
            span
            for t in frames
            if (span := self._source.dependent_on(self._times[t])) is not None
        )
        ranges = [
            f"{bisect_left(self._times, start)} to {bisect_left(self._times, end) - 1}"
            for start, end in spans
        ]
        if not ranges:
            return ""
        return (
            " Frames that are predicted from it may be wrong, too, within "
            f"{_listed(ranges)}."
        )

    def _report_once(self, t: int, note: str) -> None:
        if t not in self._reported:
            self._reported.add(t)
            self._report(note)

    def _report(self, note: str) -> None:
        self.notes.append(note)
        log.warning("%s: %s", self.path, note)


class _CountedFrames:
    """Pictures of a movie without time stamps, counted from the start."""

    def __init__(self, path: Path, converter: FrameConverter) -> None:
        self._path, self._converter = path, converter
        self._container: Any = None
        self._frames: Iterator[DecodedFrame] = iter(())
        self._last = -1

    def dependent_on(self, t: int) -> tuple[int, int]:
        """Return the range of frames that may be predicted from one: all later ones."""
        return t, t + MAX_DEPENDENT

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
        self._container, self._last = None, -1

    def find(self, t: int) -> Picture | None:
        """Decode frame `t`; None if it is damaged."""
        if self._container is None or self._last >= t:
            self.close()
            self._container = open_movie(self._path)
            self._frames = DecodedFrame.of_each(decode_counted(self._container))
        for decoded in self._frames:
            self._last += 1
            if self._last == t:
                frame = decoded.frame
                return None if frame is None else self._converter.picture(frame)
        self.close()
        raise ReadError(read_error_message(self._path, f"it ends before frame {t}"))

    def last_before(self, t: int, times: Sequence[int]) -> Picture | None:
        """Decode the last frame in `times` before frame `t` that is not damaged."""
        for number in reversed(times[: bisect_left(times, t)]):
            if (picture := self.find(number)) is not None:
                return picture
        return None


@dataclass(frozen=True)
class _Scan:
    """What is read of a movie before its frames.

    Parameters
    ----------
    index : MovieIndex or None
        None if the frames are counted.
    count : int
        Number of frames if they are counted.
    settings : DecoderSettings
    format : str
        Name of the container.
    matrix : (3, 3) ndarray of int32 or None
        Display matrix of the stream.
    declared : int
        Number of frames according to the header; 0 if unknown.
    """

    index: MovieIndex | None
    count: int
    settings: DecoderSettings
    format: str
    matrix: Matrix | None
    declared: int


def _scan(path: Path) -> _Scan:
    """Read the packets of a movie; if they have no time stamps, count its frames."""
    with open_movie(path) as container:
        if not container.streams.video:
            raise ReadError(read_error_message(path, "it has no video stream"))
        stream = video_stream(container)
        if stream.codec_context is None:
            raise ReadError(read_error_message(path, "its codec is not known"))
        settings, name = DecoderSettings.of(stream), container.format.name
        index, count = scan_packets(container), 0
        declared = 0 if index is None else declared_frames(container, index.times)
    if index is None:
        with open_movie(path) as container:
            count = sum(1 for _ in decode_counted(container))
    return _Scan(index, count, settings, name, _stream_matrix(path), declared)


def _stream_matrix(path: Path) -> Matrix | None:
    """Return the display matrix of a stream, which its own decoder adds to frames."""
    with open_movie(path) as container, suppress(av.FFmpegError, StopIteration):
        return display_matrix(next(container.decode(video_stream(container))))
    return None


def _has_trailer(path: Path) -> bool:
    """Whether a GIF ends with its trailer, which zeros may follow."""
    with path.open("rb") as file:
        file.seek(-min(1024, file.seek(0, 2)), 2)
        return file.read().rstrip(b"\0").endswith(b";")


def _listed(items: Sequence[int | str], limit: int = 10) -> str:
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(map(str, items[:limit])) + more
