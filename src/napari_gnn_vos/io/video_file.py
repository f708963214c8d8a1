"""Frames of a movie file (MP4, AVI, MOV, MKV ...), decoded one at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.lazy_frames import LazyFrames


class MovieFrames(LazyFrames):
    """The frames of a movie by number, as RGB.

    The decoder stays open and walks forward; it seeks to the keyframe before a frame
    only when that is shorter. Where a file's timestamps cannot be trusted it starts
    again at the first frame and counts, so that a number always means the same frame.

    Parameters
    ----------
    path : Path
        Anything FFmpeg reads; the first video stream is taken.

    Raises
    ------
    ReadError
        If there is no video in the file or it cannot be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container: Any = None
        self._decoder: Iterator[Any] = iter(())
        self._next = 0
        self._times, self._keys = _timestamps(path)
        if not self._times:
            raise ReadError(_broken(path, "there is no frame in it"))
        first = self._read(0)
        super().__init__((len(self._times), *first.shape), first.dtype)

    def close(self) -> None:
        """Close the file; it is opened again when a frame is asked for."""
        if self._container is not None:
            self._container.close()
        self._container = None

    def _read(self, t: int) -> NDArray[Any]:
        try:
            self._approach(t)
            frame = next(self._decoder)
            while self._next < t:
                frame = next(self._decoder)
                self._next += 1
            self._next += 1
            return _upright(frame)
        except StopIteration:
            self.close()
            raise ReadError(_broken(self.path, f"it ends before frame {t}")) from None
        except (av.FFmpegError, OSError) as error:
            self.close()
            raise ReadError(_broken(self.path, str(error))) from error

    def _approach(self, t: int) -> None:
        """Place the decoder so that its next frame is `t` or one before it."""
        key = self._keys[bisect_right(self._keys, t) - 1] if self._keys else 0
        walk_on = self._container is not None and key <= self._next <= t
        if not walk_on and (key == 0 or not self._jump(t)):
            self._restart()

    def _jump(self, t: int) -> bool:
        """Seek to the keyframe before frame `t`; false if that leads elsewhere."""
        self._open()
        stream = self._container.streams.video[0]
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
        self._decoder, self._next = self._container.decode(video=0), 0

    def _open(self) -> None:
        if self._container is None:
            self._container = av.open(str(self.path))
            self._container.streams.video[0].thread_type = "AUTO"


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _timestamps(path: Path) -> tuple[list[int], list[int]]:
    """When every frame is shown, and which frames are keyframes.

    Only the packets are read. Should they not carry a time each, the frames are
    decoded and counted once, and none is called a keyframe.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ReadError(_broken(path, "there is no video stream in it"))
            packets = [
                (packet.pts, bool(packet.is_keyframe))
                for packet in container.demux(video=0)
                if packet.size and not packet.is_discard
            ]
        times = [pts for pts, _ in packets if pts is not None]
        if not len(set(times)) == len(times) == len(packets):
            with av.open(str(path)) as container:
                return list(range(sum(1 for _ in container.decode(video=0)))), []
    except (av.FFmpegError, OSError) as error:
        raise ReadError(_broken(path, str(error))) from error
    times.sort()
    number = {pts: t for t, pts in enumerate(times)}
    return times, sorted(number[pts] for pts, is_key in packets if is_key)


def _upright(frame: Any) -> NDArray[np.uint8]:
    """RGB, turned as the camera was held."""
    turns = round(getattr(frame, "rotation", 0) / 90)
    rgb: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns % 4 else rgb


def _broken(path: Path, why: str) -> str:
    if not path.exists():
        return f"{path} is gone. Put it back, or open the movie where it is now."
    return (
        f"Expected a movie that FFmpeg can decode; {path} cannot be read: {why}. "
        "Convert it first, for example with ffmpeg -i in.mov -c:v libx264 out.mp4."
    )
