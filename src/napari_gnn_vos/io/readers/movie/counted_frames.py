"""Decoding of movies without time stamps: frames are counted from the start."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.movie.container import open_movie, read_error_message
from napari_gnn_vos.io.readers.movie.decoding import DecodedFrame, decode_counted
from napari_gnn_vos.io.readers.movie.images import FrameConverter, Picture

MAX_DEPENDENT = 2**31
KEPT_BYTES = 2**26
"""Size of the pictures that are kept while frames are read backwards."""


class CountedFrames:
    """Pictures of a movie by their number, with the methods of `MovieGroups`.

    Parameters
    ----------
    path : Path
    converter : FrameConverter
    lost : sequence of int
        For `decode_counted`.
    """

    def __init__(
        self, path: Path, converter: FrameConverter, lost: Sequence[int]
    ) -> None:
        self._path, self._converter, self._lost = path, converter, lost
        self._container: Any = None
        self._frames: Iterator[DecodedFrame] = iter(())
        self._last = -1
        self._kept: dict[int, Picture | None] = {}
        self._bytes = KEPT_BYTES

    def dependent_on(self, t: int) -> tuple[int, int]:
        """Return the range of frames that may be predicted from one: all later ones."""
        return t, t + MAX_DEPENDENT

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
        self._container, self._last = None, -1
        self._kept.clear()

    def find(self, t: int) -> Picture | None:
        """Decode frame `t`; None if it is damaged.

        If a later frame was read before, the frames before `t` are kept, because the
        movie is decoded from its start to read backwards.
        """
        if t in self._kept:
            return self._kept[t]
        first = t
        if self._container is None or self._last >= t:
            first -= KEPT_BYTES // self._bytes if self._last >= t else 0
            self.close()
            self._container = open_movie(self._path)
            frames = decode_counted(self._container, self._lost)
            self._frames = DecodedFrame.of_each(frames)
        for decoded in self._frames:
            self._last += 1
            if self._last == t:
                return self._picture(decoded.frame)
            if self._last >= first:
                self._kept[self._last] = self._picture(decoded.frame)
        self.close()
        raise ReadError(read_error_message(self._path, f"it ends before frame {t}"))

    def _picture(self, frame: Any) -> Picture | None:
        picture = None if frame is None else self._converter.picture(frame)
        if picture is not None:
            self._bytes = picture.image.nbytes
        return picture

    def last_before(self, t: int, times: Sequence[int]) -> Picture | None:
        """Decode the last frame in `times` before frame `t` that is not damaged."""
        for number in reversed(times[: bisect_left(times, t)]):
            if (picture := self.find(number)) is not None:
                return picture
        return None
