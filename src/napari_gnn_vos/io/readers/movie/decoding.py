"""Decoding of the packets of a movie file, also of damaged ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappush, heappushpop
from itertools import chain
from typing import Any

import av

from napari_gnn_vos.io.readers.movie.container import video_stream
from napari_gnn_vos.io.readers.movie.images import Picture
from napari_gnn_vos.io.readers.movie.packet_index import UNKNOWN

PARALLEL_DECODERS = ("hevc", "vp9", "libdav1d", "av1", "prores")
"""Decoders that are slow in one thread. The output of others depends on the number of
threads where a file is damaged."""

DELAYED_FRAMES = 2
"""Number of later frames that a decoder may output before a frame."""

COLOURS = ("color_range", "color_primaries", "color_trc", "colorspace")


def configure_decoder(context: Any) -> None:
    """Let the decoder report damage, and use one thread if it conceals it otherwise."""
    context.options |= {"err_detect": "explode"}
    if context.name not in PARALLEL_DECODERS:
        context.thread_count = 1


@dataclass(frozen=True)
class DecoderSettings:
    """Parameters of a stream that its container passes to the decoder.

    A new decoder is made from it instead of flushing one, because a flushed decoder may
    conceal damage by what it decoded before.

    Parameters
    ----------
    codec : av.codec.Codec
    header : bytes or None
        Header data, such as parameter sets.
    attributes : tuple of (str, object)
        Attributes of the context: size, pixel format, colours.
    reorder_depth : int
        Number of frames by which the output is delayed to sort it.
    """

    codec: Any
    header: bytes | None
    attributes: tuple[tuple[str, Any], ...]
    reorder_depth: int

    @classmethod
    def of(cls, stream: Any) -> DecoderSettings:
        """Copy the settings of a stream of an open container."""
        context = stream.codec_context
        names = ["codec_tag", "bits_per_coded_sample", *COLOURS]
        if context.width:
            names += ["width", "height"]
        if context.pix_fmt:
            names.append("pix_fmt")
        attributes = tuple((name, getattr(context, name)) for name in names)
        # PyAV before 18 does not have the depth
        depth = getattr(context, "reorder_depth", 2 * context.has_b_frames)
        return cls(context.codec, context.extradata, attributes, depth)

    def new_decoder(self, header: bytes | None = None) -> Any:
        """Make a decoder, with other header data than those of the file if given."""
        context = av.CodecContext.create(self.codec)
        context.extradata = header or self.header
        for name, value in self.attributes:
            setattr(context, name, value)
        context.options = {"has_b_frames": str(self.reorder_depth)}
        configure_decoder(context)
        return context


def decode(context: Any, packet: Any) -> list[Any] | None:
    """Decode a packet, or the frames that are still in the decoder if it is None.

    Damaged frames, which the decoder conceals, are left out.

    Parameters
    ----------
    context : av.video.VideoCodecContext
    packet : av.Packet or None

    Returns
    -------
    frames : list of av.VideoFrame, or None for a damaged packet
    """
    try:
        try:
            frames = context.decode(packet)
        except BlockingIOError:  # the decoder still has an earlier, damaged packet
            context.flush_buffers()
            frames = context.decode(packet)
    except av.FFmpegError:
        return None
    return [frame for frame in frames if not frame.is_corrupt]


def decode_counted(container: Any, lost: Sequence[int] = ()) -> Iterator[Any]:
    """Yield all frames from the first packet, and None for each missing picture.

    A picture is missing if its packet is damaged or lost.

    Parameters
    ----------
    container : av.container.InputContainer
    lost : sequence of int
        Result of `lost_packets` for the same file.
    """
    stream = video_stream(container)
    context = stream.codec_context
    configure_decoder(context)
    has_frames, before = False, 0
    for packet in container.demux(stream):
        is_end = packet.dts is None and not packet.size
        if not packet.size and not is_end:
            continue
        if lost and packet.dts is not None:
            earlier = bisect_left(lost, packet.dts)
            yield from [None] * (earlier - before) * has_frames
            before = earlier
        frames = decode(context, None if is_end else packet)
        has_frames = has_frames or bool(frames)
        yield from [None] * has_frames if frames is None else frames


class DecodedFrame:
    """Frame of a decoder, valid until the next one is decoded.

    Decoders reuse the memory of released frames, and write only a part of a damaged
    frame. All frames are therefore released at once, so that their content does not
    depend on the order of access.
    """

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    @classmethod
    def of_each(cls, frames: Iterable[Any]) -> Iterator[DecodedFrame]:
        """Wrap frames, and release each of them before the next one is decoded."""
        for frame in frames:
            decoded = cls(frame)
            del frame
            yield decoded
            decoded.frame = None


class DecodedFrames:
    """Pictures of consecutive packets by time stamp, from a decoder without state.

    After lost packets, decoders output some frames too late. A frame is missing if
    more than `DELAYED_FRAMES` later ones come before it.

    Parameters
    ----------
    context : av.video.VideoCodecContext
        A new decoder.
    packets : iterable of av.Packet
        Read on demand.
    convert : callable
        From a frame to a picture.
    """

    def __init__(
        self,
        context: Any,
        packets: Iterable[Any],
        convert: Callable[[Any], Picture],
    ) -> None:
        self._frames = DecodedFrame.of_each(
            chain.from_iterable(
                decode(context, packet) or [] for packet in chain(packets, [None])
            )
        )
        self._convert = convert
        self._pending: dict[int, Picture] = {}
        self._latest: list[int] = []  # the latest time stamps, as a heap
        self.last: int | None = None

    def find(self, pts: int) -> Picture | None:
        """Return the picture of a time stamp, after that of the last call.

        None is returned if the decoder does not output it.
        """
        self.last = pts
        self._pending = {time: p for time, p in self._pending.items() if time >= pts}
        if pts in self._pending:
            return self._pending.pop(pts)
        while not self._is_late(pts) and (decoded := self._next()) is not None:
            if decoded.frame.pts == pts:
                return self._convert(decoded.frame)
            if decoded.frame.pts > pts:
                self._keep(decoded)
        return None

    def first_from(self, pts: int) -> Picture | None:
        """Return the first picture of the output at a time stamp or later, if any.

        It is returned by `find`, too.
        """
        while (decoded := self._next()) is not None:
            if decoded.frame.pts >= pts:
                return self._keep(decoded)
        return None

    def last_in(self, times: Collection[int]) -> Picture | None:
        """Return the latest picture of given time stamps. Used instead of `find`."""
        best, end = None, max(times, default=UNKNOWN)
        for time in times:
            best = self._pending.get(time, best)
        while not self._is_late(end) and (decoded := self._next()) is not None:
            pts = decoded.frame.pts
            if pts in times and (best is None or pts > best.pts):
                best = self._convert(decoded.frame)
        return best

    def _keep(self, decoded: DecodedFrame) -> Picture:
        """Keep a picture for a later call."""
        pts = decoded.frame.pts
        if pts not in self._pending:
            self._pending[pts] = self._convert(decoded.frame)
        return self._pending[pts]

    def _next(self) -> DecodedFrame | None:
        """Decode the next frame that is not too late; None at the end."""
        for decoded in self._frames:
            pts = decoded.frame.pts
            if pts is None or self._is_late(pts):
                continue
            if len(self._latest) <= DELAYED_FRAMES:
                heappush(self._latest, pts)
            else:
                heappushpop(self._latest, pts)
            return decoded
        return None

    def _is_late(self, pts: int) -> bool:
        return len(self._latest) > DELAYED_FRAMES and self._latest[0] > pts
