"""Open movie files by FFmpeg, and report its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from napari_gnn_vos.errors import ReadError


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
    """Return the best video stream that can be decoded, not a cover picture."""
    streams = container.streams.video
    best = container.streams.best("video") or streams[0]
    if best.codec_context is None:
        known = (
            stream
            for stream in streams
            if stream.codec_context is not None
            and Disposition.attached_pic not in stream.disposition
        )
        return next(known, best)
    return best


def other_streams(container: Any) -> list[str]:
    """Describe the video streams that are not read, except cover pictures."""
    selected = video_stream(container).index
    return [
        "an unknown codec"
        if stream.codec_context is None
        else f"{stream.width} x {stream.height}"
        for stream in container.streams.video
        if stream.index != selected
        and Disposition.attached_pic not in stream.disposition
    ]


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Raise errors of FFmpeg and of the file system as ReadError."""
    try:
        yield
    except ReadError:
        raise
    except (av.FFmpegError, OSError) as error:
        raise ReadError(read_error_message(path, str(error))) from error
    except IndexError as error:  # of PyAV, for a packet of a stream that it has not
        reason = "a stream begins within the file"
        raise ReadError(read_error_message(path, reason)) from error


def read_error_message(path: Path, reason: str) -> str:
    """Describe why a movie cannot be read, and what to do."""
    if not path.exists():
        return f"{path} was moved or deleted. Open the movie at its new path."
    return (
        f"Expected a movie that FFmpeg can decode; {path} cannot be read: {reason}. "
        "Convert it first, for example with ffmpeg -i in.mov -c:v libx264 out.mp4."
    )
