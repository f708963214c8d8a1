"""Decoding of the packets of a movie file, also of damaged ones."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from itertools import chain
from typing import Any

import av
from av.video.frame import PictureType

from napari_gnn_vos.io.movie_packets import video_stream

PARALLEL_DECODERS = ("hevc", "vp9", "libdav1d", "av1", "prores")
"""Decoders that are slow in one thread. Others depend on the number of threads where a
file is damaged."""

DELAYED_FRAMES = 2
"""Number of frames by which the output of a decoder is sorted."""

MOST_LOST = 1000
"""Number of consecutive lost packets above which time stamps are considered wrong."""


def configure_decoder(stream: Any) -> None:
    """Let the decoder report damage, and use one thread if it conceals it otherwise."""
    context = stream.codec_context
    context.options = {"err_detect": "explode"}
    if context.name not in PARALLEL_DECODERS:
        context.thread_count = 1


def decode(stream: Any, packet: Any) -> list[Any] | None:
    """Decode a packet, or the frames that are still in the decoder if it is None.

    Damaged frames, which the decoder conceals, are left out: what they show depends on
    the frames that were decoded before.

    Parameters
    ----------
    stream : av.video.VideoStream
    packet : av.Packet or None

    Returns
    -------
    frames : list of av.VideoFrame, or None for a damaged packet
    """
    context = stream.codec_context
    try:
        try:
            frames = context.decode(packet)
        except BlockingIOError:  # the decoder still has an earlier, damaged packet
            context.flush_buffers()
            frames = context.decode(packet)
    except av.FFmpegError:
        return None
    return [frame for frame in frames if not frame.is_corrupt]


def decode_counted(container: Any) -> Iterator[Any]:
    """Yield all frames from the first packet, and None for each missing picture.

    A picture is missing if its packet is damaged, and in AVI files if the packet is
    empty: their time stamps are the numbers of the packets.
    """
    stream = video_stream(container)
    has_frames, last_dts = False, None
    for packet in container.demux(stream):
        is_end = packet.dts is None and not packet.size
        if not packet.size and not is_end:
            continue
        if container.format.name == "avi" and packet.dts is not None:
            lost = 0 if last_dts is None else packet.dts - last_dts - 1
            last_dts = packet.dts
            yield from [None] * min(lost, MOST_LOST) * has_frames
        frames = decode(stream, None if is_end else packet)
        has_frames = has_frames or bool(frames)
        yield from [None] * has_frames if frames is None else frames


def ascending(frames: Iterator[Any]) -> Iterator[Any]:
    """Sort frames by time stamp: after lost packets, decoders output some too late."""
    waiting: list[Any] = []
    last = None
    for frame in chain(frames, [None] * DELAYED_FRAMES):
        if frame is not None and frame.pts is not None:
            insort(waiting, frame, key=lambda frame: frame.pts)
        if waiting and (frame is None or len(waiting) > DELAYED_FRAMES):
            first = waiting.pop(0)
            if last is None or first.pts > last:
                last = first.pts
                yield first


def is_keyframe(frame: Any, pts: int) -> bool:
    """Whether a frame has a time stamp and is not predicted from other frames."""
    is_predicted = frame.pict_type in (PictureType.P, PictureType.B)
    return bool(frame.pts == pts and (frame.key_frame or not is_predicted))
