"""Read videos from movie files (MP4, AVI, MOV, MKV ...)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.lazy_frames import LazyFrames


class MovieFrames(LazyFrames):
    """Frames of a movie by index: RGB, or greyscale above 8 bits.

    The decoder stays open and reads forward. It seeks to the keyframe before the
    requested frame only if that saves decoding. If the timestamps of the file are not
    reliable, it decodes from the first frame and counts, so that an index always
    refers to the same frame.

    Parameters
    ----------
    path : Path
        Any file that FFmpeg decodes. The best video stream is used,
        as selected by FFmpeg. More than 8 bits per channel are read as uint16.

    Raises
    ------
    ReadError
        If the file has no video stream or cannot be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container: Any = None
        self._decoder: Iterator[Any] = iter(())
        self._next = 0
        self._times, self._keys = _timestamps(path)
        if not self._times:
            raise ReadError(_read_error_message(path, "it has no frames"))
        first = self._read(0)
        super().__init__((len(self._times), *first.shape), first.dtype)

    def close(self) -> None:
        """Close the file. It is opened again on the next access."""
        if self._container is not None:
            self._container.close()
        self._container = None

    def _read(self, t: int) -> NDArray[Any]:
        try:
            self._position_decoder(t)
            frame = next(self._decoder)
            while self._next < t:
                frame = next(self._decoder)
                self._next += 1
            self._next += 1
            return _display_image(frame)
        except StopIteration:
            self.close()
            raise ReadError(
                _read_error_message(self.path, f"it ends before frame {t}")
            ) from None
        except (av.FFmpegError, OSError) as error:
            self.close()
            raise ReadError(_read_error_message(self.path, str(error))) from error

    def _position_decoder(self, t: int) -> None:
        """Position the decoder at frame `t` or an earlier frame."""
        key = self._keys[bisect_right(self._keys, t) - 1] if self._keys else 0
        reads_forward = self._container is not None and key <= self._next <= t
        if not reads_forward and (key == 0 or not self._seek(t)):
            self._restart()

    def _seek(self, t: int) -> bool:
        """Seek to the keyframe before frame `t`; return False if that fails."""
        self._open()
        stream = _video_stream(self._container)
        with suppress(av.FFmpegError, StopIteration):
            self._container.seek(self._times[t], stream=stream)
            decoder = self._container.decode(stream)
            frame = next(decoder)
            number = (
                bisect_right(self._times, frame.pts) - 1
                if frame.pts is not None
                else -1
            )
            if 0 <= number <= t and self._times[number] == frame.pts:
                self._decoder, self._next = _chain(frame, decoder), number
                return True
        return False

    def _restart(self) -> None:
        self.close()
        self._open()
        self._decoder, self._next = (
            self._container.decode(_video_stream(self._container)),
            0,
        )

    def _open(self) -> None:
        if self._container is None:
            self._container = _open_movie(self.path)
            _video_stream(self._container).thread_type = "AUTO"


class _MovieFile(FileIO):
    """File that is closed with its last reference: containers do not close files."""

    def __del__(self) -> None:
        self.close()


def _open_movie(path: Path) -> Any:
    """Open a file by its absolute path: FFmpeg reads ``a:b.mp4`` as a protocol."""
    name = f"file:{path.absolute()}"
    try:
        name.encode()
    except UnicodeEncodeError:  # a name in another encoding than UTF-8
        return av.open(_MovieFile(path))
    return av.open(name)


def _video_stream(container: Any) -> Any:
    """Return the best video stream, not a cover picture."""
    return container.streams.best("video") or container.streams.video[0]


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _timestamps(path: Path) -> tuple[list[int], list[int]]:
    """Read the sorted presentation timestamps and the indices of the keyframes.

    Only packets are read. If the packets have no unique timestamps, the frames are
    decoded and counted once, and no keyframes are returned.
    """
    try:
        with _open_movie(path) as container:
            if not container.streams.video:
                raise ReadError(_read_error_message(path, "it has no video stream"))
            packets = [
                (packet.pts, bool(packet.is_keyframe))
                for packet in container.demux(_video_stream(container))
                if packet.size and not packet.is_discard
            ]
        times = [pts for pts, _ in packets if pts is not None]
        if not len(set(times)) == len(times) == len(packets):
            with _open_movie(path) as container:
                return list(
                    range(sum(1 for _ in container.decode(_video_stream(container))))
                ), []
    except (av.FFmpegError, OSError) as error:
        raise ReadError(_read_error_message(path, str(error))) from error
    times.sort()
    number = {pts: t for t, pts in enumerate(times)}
    return times, sorted(number[pts] for pts, is_key in packets if is_key)


def _display_image(frame: Any) -> NDArray[Any]:
    """Convert to RGB or 16-bit greyscale, and apply the display rotation."""
    quarter_turns = round(getattr(frame, "rotation", 0) / 90)
    components = frame.format.components
    if max(component.bits for component in components) <= 8:
        pixel_format = "rgb24"
    else:
        pixel_format = "gray16le" if len(components) == 1 else "rgb48le"
    rgb: NDArray[Any] = frame.to_ndarray(format=pixel_format)
    return (
        np.ascontiguousarray(np.rot90(rgb, quarter_turns)) if quarter_turns % 4 else rgb
    )


def _read_error_message(path: Path, reason: str) -> str:
    if not path.exists():
        return f"{path} was moved or deleted. Open the movie at its new path."
    return (
        f"Expected a movie that FFmpeg can decode; {path} cannot be read: {reason}. "
        "Convert it first, for example with ffmpeg -i in.mov -c:v libx264 out.mp4."
    )
