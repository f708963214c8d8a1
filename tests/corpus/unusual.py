"""More valid and unusual files of the corpus: one class of faults for each sample."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import tifffile
from PIL import Image

from tests.corpus.movies import COUNT, numbered
from tests.corpus.sample import Sample, frames

grey, deep, colour = frames(), frames(np.uint16), frames(channels=(3,))
usual = np.stack([numbered(t) for t in range(COUNT)])


def movies() -> Iterator[Sample]:
    """Yield movies of unusual streams, formats and times."""
    for pixels in ("yuv422p", "yuv444p", "bgra", "yuv410p"):
        yield Sample(f"ffv1-{pixels}.mkv", _movie("ffv1", pixels), usual, 12)
    yield Sample("h264-grey.mkv", _movie("libx264", "gray"), usual, 12)
    for pixels in ("yuv422p10le", "yuv444p12le", "gbrp12le"):
        expected = usual.astype(np.uint16) * 257
        yield Sample(f"ffv1-{pixels}.mkv", _movie("ffv1", pixels), expected, 3000)
    for pixels in ("gray10le", "gray12le"):
        depth = usual[..., 0].astype(np.uint16) * 257
        yield Sample(f"ffv1-{pixels}.mkv", _movie("ffv1", pixels), depth, 3000)
    yield Sample("sound-first.mp4", _with_sound, usual, 12)
    for suffix in ("mkv", "webm", "mov"):
        codec = "libvpx-vp9" if suffix == "webm" else "libx264"
        write = _movie(codec, "yuv420p", {"g": "10"}, _irregular())
        yield Sample(f"variable.{suffix}", write, usual, 12)
    yield Sample("hour-later.mkv", _movie("libx264", "yuv420p", start=3600), usual, 12)
    yield Sample("two-frames.mp4", _movie("libx264", "yuv420p", count=2), usual[:2], 12)
    yield Sample("x" * 200 + ".mp4", _movie("libx264", "yuv420p"), usual, 12)
    yield Sample("new\nline %d.mkv", _movie("libx264", "yuv420p"), usual, 12)


def _irregular() -> list[int]:
    return np.random.default_rng(3).integers(20, 90, COUNT).cumsum().tolist()


def _encode(stream: Any, container: Any, times: list[int]) -> None:
    stream.codec_context.time_base = Fraction(1, 1000)
    for t, time in enumerate(times):
        frame = av.VideoFrame.from_ndarray(numbered(t), "rgb24")
        frame.pts, frame.time_base = time, Fraction(1, 1000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _movie(
    codec: str,
    pixels: str,
    options: dict[str, str] | None = None,
    times: list[int] | None = None,
    start: int = 0,
    count: int = COUNT,
) -> Any:
    if times is None:
        times = [1000 * start + 40 * t for t in range(count)]

    def write(path: Path) -> None:
        with av.open(f"file:{path}", "w") as container:
            stream = container.add_stream(codec, rate=25, options=options or {})
            stream.width, stream.height, stream.pix_fmt = 64, 32, pixels
            _encode(stream, container, times)

    return write


def _with_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=44100)
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        for k in range(50):
            silence = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, "fltp", "mono")
            frame.sample_rate, frame.pts = 44100, 1024 * k
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        _encode(stream, container, [40 * t for t in range(COUNT)])


def tiffs() -> Iterator[Sample]:
    """Yield TIFF files of unusual layouts, types and compressions."""
    for name in ("float16", "float64", "uint32", "int32", "int8", ">u4", ">f8"):
        data = frames(name)
        native = data.astype(data.dtype.newbyteorder("="))
        yield Sample(f"type-{native.dtype}-{name[0] == '>'}.tif", _tiff(data), native)
    for name in ("jpegxl", "lerc", "png", "zstd", "lzma"):
        yield Sample(f"compressed-{name}.tif", _tiff(grey, compression=name), grey)
    predicted = _tiff(deep, compression="lzw", predictor=True)
    yield Sample("predictor.tif", predicted, deep)
    tiled = _tiff(deep, tile=(16, 16), compression="zlib")
    yield Sample("tiled.tif", tiled, deep)
    yield Sample("big.tif", _tiff(deep, bigtiff=True), deep)
    planes = np.moveaxis(colour, -1, 1)
    planar = _tiff(planes, photometric="rgb", planarconfig="separate")
    yield Sample("planar.tif", planar, colour)
    yield Sample("complex.tif", _tiff(frames(np.complex64)))
    for order in ("TYX", "ZYX"):
        write = _tiff(deep, imagej=True, metadata={"axes": order})
        yield Sample(f"imagej-{order}.tif", write, deep)
    pair = np.stack([deep, deep // 2], 1)
    write = _tiff(pair, imagej=True, metadata={"axes": "TCYX"})
    yield Sample("imagej-channels.tif", write, np.moveaxis(pair, 1, -1))
    volume = np.stack([deep, deep // 2], 1)
    write = _tiff(volume, imagej=True, metadata={"axes": "TZYX"})
    yield Sample("imagej-volume.tif", write)


def _tiff(data: Any, **options: Any) -> Any:
    options = {"photometric": "minisblack"} | options
    return lambda path: tifffile.imwrite(path, data, **options)


def folders() -> Iterator[Sample]:
    """Yield folders of images in unusual modes and with unusual names."""
    yield Sample("natural-order", _images(lambda t: f"frame{t + 8}.png"), grey)
    yield Sample("gaps", _images(lambda t: f"{3 * t:04d}.png"), grey)
    yield Sample("ünïcödé 日本", _images(lambda t: f"é {t}%d.png"), grey)
    yield Sample("cmyk", _images(lambda t: f"{t}.jpg", "CMYK", colour), colour, 12)
    for orientation, turn in ((3, 2), (6, -1), (8, 1)):
        expected = np.rot90(colour, turn, (1, 2))
        write = _exif(orientation)
        yield Sample(f"exif-{orientation}", write, expected, 8)
    alpha = np.where(grey == 0, 0, 255).astype(np.uint8)
    yield Sample("palette-alpha", _palette_alpha, np.stack([grey] * 3 + [alpha], -1))
    yield Sample("one-image", lambda path: _save(path, "0.png", grey[0]), grey[:1])
    yield Sample("two-sizes", _two_sizes)


def _images(name: Any, mode: str | None = None, data: Any = grey) -> Any:
    def write(folder: Path) -> None:
        folder.mkdir()
        for t, image in enumerate(data):
            picture = Image.fromarray(image)
            picture = picture.convert(mode) if mode else picture
            options = {"quality": 100} if mode else {}
            picture.save(folder / name(t), **options)

    return write


def _exif(orientation: int) -> Any:
    def write(folder: Path) -> None:
        folder.mkdir()
        for t, image in enumerate(colour):
            picture = Image.fromarray(image)
            exif = picture.getexif()
            exif[274] = orientation
            picture.save(folder / f"{t}.jpg", exif=exif, quality=98)

    return write


def _palette_alpha(folder: Path) -> None:
    """Write palette images with a transparent colour."""
    folder.mkdir()
    for t, image in enumerate(grey):
        picture = Image.fromarray(image, "L").convert("P")
        picture.save(folder / f"{t}.png", transparency=0)


def _two_sizes(folder: Path) -> None:
    _images(lambda t: f"{t}.png")(folder)
    Image.fromarray(grey[0, :-2]).save(folder / "9.png")


def _save(folder: Path, name: str, image: Any) -> None:
    folder.mkdir()
    Image.fromarray(image).save(folder / name)
