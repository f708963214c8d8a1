"""Scan of a movie file before its frames are decoded."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.movie.container import (
    open_movie,
    other_streams,
    read_error_message,
    video_stream,
)
from napari_gnn_vos.io.readers.movie.decoding import (
    DecoderSettings,
    decode,
    decode_counted,
)
from napari_gnn_vos.io.readers.movie.images import Matrix, display_matrix
from napari_gnn_vos.io.readers.movie.missing_times import (
    declared_frames,
    lost_packets,
)
from napari_gnn_vos.io.readers.movie.packet_index import MovieIndex, scan_packets

PROBED_FRAMES = 48
"""Frames that are decoded to find the order of time stamps."""


@dataclass(frozen=True)
class MovieScan:
    """Properties of a movie that are read before its frames.

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
    lost : list of int
        Result of `lost_packets` if the frames are counted.
    others : list of str
        Sizes of video streams that are not read.
    are_keys : bool
        Whether the packets that are marked as keyframes are some. They are not if all
        packets are marked, and the codec predicts frames.
    """

    index: MovieIndex | None
    count: int
    settings: DecoderSettings
    format: str
    matrix: Matrix | None
    declared: int
    lost: list[int]
    others: list[str]
    are_keys: bool


def scan_movie(path: Path) -> MovieScan:
    """Read the packets of a movie; if they have no time stamps, count its frames."""
    with open_movie(path) as container:
        if not container.streams.video:
            raise ReadError(read_error_message(path, "it has no video stream"))
        stream = video_stream(container)
        if stream.codec_context is None:
            raise ReadError(read_error_message(path, "its codec is not known"))
        settings, name = DecoderSettings.of(stream), container.format.name
        others = other_streams(container)
        index, count, lost = scan_packets(container), 0, list[int]()
        declared = 0 if index is None else declared_frames(container, index.times)
    if index is not None and index.is_sorted and settings.reorder_depth:
        with open_movie(path) as container:
            index = None if _has_decoding_times(container) else index
    if index is None:
        with open_movie(path) as container:
            lost = lost_packets(container)
        with open_movie(path) as container:
            count = sum(1 for _ in decode_counted(container, lost))
    matrix = _stream_matrix(path)
    are_keys = (
        settings.codec.intra_only
        or index is None
        or len(index.groups) < len(index.packets)
    )
    return MovieScan(
        index, count, settings, name, matrix, declared, lost, others, are_keys
    )


def _has_decoding_times(container: Any) -> bool:
    """Return whether packets have the time at which they are decoded, not displayed.

    The decoder then outputs many frames out of the order of their time stamps.
    """
    stream = video_stream(container)
    times: list[int] = []
    for packet in container.demux(stream):
        for frame in decode(stream.codec_context, packet) or ():
            times += [] if frame.pts is None else [frame.pts]
        if len(times) >= PROBED_FRAMES:
            break
    reversals = sum(later < earlier for earlier, later in pairwise(times))
    return reversals > max(1, len(times) // 10)


def _stream_matrix(path: Path) -> Matrix | None:
    """Return the display matrix of a stream, which its own decoder adds to frames."""
    with open_movie(path) as container, suppress(av.FFmpegError):
        stream = video_stream(container)
        for packet in container.demux(stream):
            for frame in decode(stream.codec_context, packet) or ():
                return display_matrix(frame)
    return None


def has_gif_trailer(path: Path) -> bool:
    """Return whether a GIF ends with its trailer, which zeros may follow."""
    with path.open("rb") as file:
        file.seek(-min(1024, file.seek(0, 2)), 2)
        return file.read().rstrip(b"\0").endswith(b";")
