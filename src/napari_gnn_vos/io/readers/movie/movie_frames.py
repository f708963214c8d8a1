"""Read videos from movie files (MP4, AVI, MOV, MKV ...)."""

from __future__ import annotations

import logging
from bisect import bisect_left
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError, abbreviated_list
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.io.readers.movie.container import read_error_message, read_errors
from napari_gnn_vos.io.readers.movie.counted_frames import CountedFrames
from napari_gnn_vos.io.readers.movie.images import (
    FrameConverter,
    is_axis_aligned,
)
from napari_gnn_vos.io.readers.movie.missing_times import missing_times
from napari_gnn_vos.io.readers.movie.movie_scan import has_gif_trailer, scan_movie
from napari_gnn_vos.io.readers.movie.picture_groups import MovieGroups

log = logging.getLogger(__name__)

VARIABLE_RATE_FORMATS = ("gif",)
"""Containers in which a long interval between frames is not a gap."""


class MovieFrames(LazyFrames):
    """Frames of a movie by index: RGB, or greyscale above 8 bits.

    The frames are indexed by the presentation time stamps of their packets and decoded
    in groups of pictures, see `MovieGroups`. If the packets do not have unique time
    stamps of the display, or there is no keyframe, the movie is decoded from its first
    packet and the frames are counted. In both cases a frame does not depend on the
    order of access.

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
    has_merged_images : bool
        Whether it is a GIF of which FFmpeg does not separate all images, as they have
        no delay.

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
            scan = scan_movie(path)
            index = scan.index
            times = list(range(scan.count)) if index is None else index.times
            converter = FrameConverter(scan.matrix, scan.are_keys)
            self._source: MovieGroups | CountedFrames = (
                CountedFrames(path, converter, scan.lost)
                if index is None
                else MovieGroups(path, index, scan.settings, converter)
            )
            self._times, image = self._decodable(times)
        if scan.others:
            sizes = f"{image.shape[1]} x {image.shape[0]}"
            self._report(
                f"The file has other video streams of {abbreviated_list(scan.others)}. "
                f"The one of {sizes} is read."
            )
        if scan.matrix is not None and not is_axis_aligned(scan.matrix):
            self._report(
                "The movie is to be displayed sheared, or rotated by an angle that is "
                "no multiple of 90 degrees. It is read with the nearest multiple."
            )
        self._displayed = self._times
        if index is not None and scan.format not in VARIABLE_RATE_FORMATS:
            self._insert_missing_frames()
        available = 0 if index is None else max(len(self._times), len(index.packets))
        is_complete = scan.format != "gif" or has_gif_trailer(path)
        self.has_merged_images = (
            scan.format == "gif" and is_complete and available < scan.declared
        )
        if not is_complete:
            self._report("The file ends early. Its last frame may be incomplete.")
        if index is not None and not self.has_merged_images:
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
                f"{abbreviated_list(frames)}.{self._doubt(frames)}"
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
            f"{abbreviated_list(ranges)}."
        )

    def _report_once(self, t: int, note: str) -> None:
        if t not in self._reported:
            self._reported.add(t)
            self._report(note)

    def _report(self, note: str) -> None:
        self.notes.append(note)
        log.warning("%s: %s", self.path, note)
