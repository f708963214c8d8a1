"""Movies of the corpus; the number of each frame is drawn as eight stripes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.corpus.sample import Sample

COUNT = 30


def numbered(t: int, height: int = 32, width: int = 64) -> NDArray[np.uint8]:
    """Draw the bits of a frame number as black or white stripes, (H, W, 3)."""
    image = np.zeros((height, width, 3), np.uint8)
    for bit in range(8):
        image[:, width // 8 * bit : width // 8 * (bit + 1)] = 255 * (t >> bit & 1)
    return image


CODECS = {
    "h264.mp4": ("libx264", "yuv420p", {"g": "10", "bf": "2"}),
    "h264.mov": ("libx264", "yuv420p", {"g": "10", "bf": "2"}),
    "h264.m4v": ("libx264", "yuv420p", {"g": "10"}),
    "h264.mkv": ("libx264", "yuv444p", {"g": "10", "bf": "3"}),
    "h264-10.mkv": ("libx264", "yuv420p10le", {"g": "10"}),
    "hevc.mp4": ("libx265", "yuv420p", {"x265-params": "keyint=10:log-level=none"}),
    "hevc-10.mp4": ("libx265", "yuv420p10le", {"x265-params": "log-level=none"}),
    "mpeg4.avi": ("mpeg4", "yuv420p", {"g": "10", "bf": "2"}),
    "mjpeg.avi": ("mjpeg", "yuvj420p", {}),
    "mjpeg.mov": ("mjpeg", "yuvj444p", {}),
    "mpeg1.mpg": ("mpeg1video", "yuv420p", {"g": "10", "bf": "2"}),
    "mpeg2.mpeg": ("mpeg2video", "yuv420p", {"g": "10", "bf": "2"}),
    "interlaced.mpg": ("mpeg2video", "yuv420p", {"g": "10", "flags": "+ildct+ilme"}),
    "vp8.webm": ("libvpx", "yuv420p", {"g": "10"}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {"g": "10"}),
    "vp9-alpha.webm": ("libvpx-vp9", "yuva420p", {"g": "10"}),
    "av1.mkv": ("libsvtav1", "yuv420p", {"g": "10"}),
    "ffv1.mkv": ("ffv1", "yuv420p", {}),
    "ffv1-grey.mkv": ("ffv1", "gray", {}),
    "ffv1-16.mkv": ("ffv1", "gray16le", {}),
    "png.mov": ("png", "rgba", {}),
    "raw.avi": ("rawvideo", "bgr24", {}),
    "prores.mov": ("prores_ks", "yuv422p10le", {}),
    "qtrle.mov": ("qtrle", "rgb24", {}),
    "huffyuv.avi": ("huffyuv", "yuv422p", {}),
}


def samples() -> Iterator[Sample]:
    """Yield valid and unusual movies."""
    usual = np.stack([numbered(t) for t in range(COUNT)])
    for name, (codec, pixels, options) in CODECS.items():
        expected = usual
        if pixels.startswith("gray16"):
            expected = usual[..., 0].astype(np.uint16) * 257
        elif "10" in pixels:
            expected = usual.astype(np.uint16) * 257
        write = _write(codec, pixels, options)
        yield Sample(name, write, expected, 12 * int(expected.max()) / 255)
    for height, width in ((33, 65), (16, 400), (17, 16), (400, 16)):
        images = np.stack([numbered(t, height, width) for t in range(COUNT)])
        write = _write("libx264", "yuv444p", {}, images)
        yield Sample(f"{height}x{width}.mkv", write, images, 12)
    times = np.random.default_rng(0).integers(10, 120, COUNT).cumsum().tolist()
    write = _write("libx264", "yuv420p", {"g": "10", "bf": "2"}, times=times)
    yield Sample("variable.mp4", write, usual, 12)
    yield Sample("film.gif", _gif, usual, 12)
    yield Sample("cover.mkv", _with_cover, usual, 12)
    write = _write("libx264", "yuv420p", {"g": "10"})
    yield Sample("a:b%20#?.mp4", write, usual, 12)
    write = _write("libx264", "yuv420p", {}, usual[:1])
    yield Sample("one-frame.mp4", write, usual[:1], 12)
    yield Sample("audio.mp4", _audio_only)
    yield Sample("text.mp4", lambda path: path.write_text("no movie"))
    yield Sample("nothing.avi", lambda path: path.write_bytes(b""))


def _write(
    codec: str,
    pixels: str,
    options: dict[str, str],
    images: NDArray[np.uint8] | None = None,
    times: Sequence[int] | None = None,
) -> Any:
    if images is None:
        images = np.stack([numbered(t) for t in range(COUNT)])

    def write(path: Path) -> None:
        with (
            _scheduling_restored(),
            av.open(f"file:{path}", "w") as container,
        ):
            stream = container.add_stream(codec, rate=25, options=options)
            stream.height, stream.width = images.shape[1:3]
            stream.pix_fmt = pixels
            if times is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            for t, image in enumerate(images):
                frame = av.VideoFrame.from_ndarray(image, "rgb24")
                if times is not None:
                    frame.pts, frame.time_base = times[t], Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    return write


@contextmanager
def _scheduling_restored() -> Iterator[None]:
    """Restore the scheduling policy of this thread.

    For root, SVT-AV1 leaves the encoding thread at the highest real-time priority. Its
    later threads and processes inherit it, and starve all others.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def _gif(path: Path) -> None:
    from PIL import Image

    first, *rest = [Image.fromarray(numbered(t)) for t in range(COUNT)]
    first.save(path, save_all=True, append_images=rest, duration=40)


def _with_cover(path: Path) -> None:
    """Write a movie whose first video stream is a single picture."""
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=25)
        cover.height, cover.width, cover.pix_fmt = 200, 200, "yuvj420p"
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 64, "yuv420p"
        picture = np.full((200, 200, 3), 90, np.uint8)
        container.mux(cover.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        for t in range(COUNT):
            frame = av.VideoFrame.from_ndarray(numbered(t), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(cover.encode(None))
        container.mux(stream.encode(None))


def _audio_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for k in range(10):
            sound = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(sound, "fltp", "mono")
            frame.sample_rate, frame.pts = 44100, 1024 * k
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
