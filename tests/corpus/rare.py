"""Further valid files of the corpus that programs and users produce."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import tifffile
from PIL import Image

from napari_gnn_vos.vision import cv2
from tests.corpus.movies import COUNT, numbered
from tests.corpus.sample import FRAMES, Sample, frames

grey, deep, colour = frames(), frames(np.uint16), frames(channels=(3,))
deep_colour = frames(np.uint16, (3,))
usual = np.stack([numbered(t) for t in range(COUNT)])


def movies() -> Iterator[Sample]:
    """Yield movies with edit lists, late starts, fragments and repeated times."""
    start = 10
    shifted = [40 * (t - start) for t in range(COUNT)]
    yield Sample("edit-list.mp4", _movie(shifted), usual[start:], 12)
    yield Sample("edit-list.mov", _movie(shifted, {"bf": "3"}), usual[start:], 12)
    late = [7_200_000 + 40 * t for t in range(COUNT)]
    yield Sample("late-start.mp4", _movie(late), usual, 12)
    fragments = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    on_time = [40 * t for t in range(COUNT)]
    yield Sample("fragments.mp4", _movie(on_time, container=fragments), usual, 12)
    yield Sample(
        "fast-start.mp4",
        _movie(on_time, container={"movflags": "+faststart"}),
        usual,
        12,
    )
    long_delay = [t + 3_600_000 * (t > 20) for t in on_time]
    yield Sample("pause-of-an-hour.mkv", _movie(long_delay), usual, 12)
    yield Sample(
        "hidden-frames.mkv",
        _movie(
            on_time, {"auto-alt-ref": "1", "lag-in-frames": "16"}, codec="libvpx-vp9"
        ),
        usual,
        12,
    )
    yield Sample(
        "open-gop.mkv",
        _movie(on_time, {"x264-params": "open-gop=1:keyint=8:bframes=3"}),
        usual,
        12,
    )
    yield Sample(
        "pyramid.mp4",
        _movie(on_time, {"x264-params": "b-pyramid=strict:bframes=5:keyint=250"}),
        usual,
        12,
    )
    yield Sample(
        "intra-refresh.mkv",
        _movie(on_time, {"x264-params": "intra-refresh=1:keyint=20"}),
        usual,
        12,
    )


def _movie(
    times: list[int],
    options: dict[str, str] | None = None,
    codec: str = "libx264",
    container: dict[str, str] | None = None,
) -> Any:
    def write(path: Path) -> None:
        settings = {"avoid_negative_ts": "disabled"} | (container or {})
        with av.open(str(path), "w", options=settings) as output:
            stream = output.add_stream(
                codec, rate=25, options={"g": "30"} | (options or {})
            )
            stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            for t, time in enumerate(times):
                frame = av.VideoFrame.from_ndarray(numbered(t), "rgb24")
                frame.pts, frame.time_base = time, Fraction(1, 1000)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))

    return write


def tiffs() -> Iterator[Sample]:
    """Yield TIFF files with unusual bit depths, pages and headers."""
    bits = grey[..., :43] > 100
    for photometric, stored in (("minisblack", bits), ("miniswhite", ~bits)):
        write = _tiff(stored, photometric=photometric, metadata=None)
        yield Sample(f"bits-{photometric}.tif", write, bits * np.uint8(255))
    signed = deep.astype(np.int16) - 12_000
    for predictor in (False, True):
        write = _tiff(signed, compression="lzw", predictor=predictor)
        yield Sample(f"negative-{predictor}.tif", write, signed)
    yield Sample(
        "int64.tif", _tiff(deep.astype(np.int64) - 2**40), deep.astype(np.int64) - 2**40
    )
    yield Sample(
        "uint64.tif",
        _tiff(deep.astype(np.uint64) + 2**63),
        deep.astype(np.uint64) + 2**63,
    )
    real = frames(np.float32, (3,))
    yield Sample("float-rgb.tif", _tiff(real, photometric="rgb"), real)
    big = {"byteorder": ">", "compression": "zlib", "predictor": True, "tile": (16, 32)}
    single = frames(np.float32)
    yield Sample("big-endian-float-predictor.tif", _tiff(single, **big), single)
    yield from _layouts()
    yield from _pages_and_headers()


def _layouts() -> Iterator[Sample]:
    planes = np.ascontiguousarray(np.moveaxis(deep_colour, -1, 1))
    separate = {"photometric": "rgb", "planarconfig": "separate", "tile": (16, 16)}
    yield Sample(
        "planar-tiles.tif", _tiff(planes, compression="zlib", **separate), deep_colour
    )
    jpeg = {
        "photometric": "rgb",
        "compression": "jpeg",
        "subsampling": (2, 2),
        "tile": (16, 16),
    }
    yield Sample("subsampled.tif", _tiff(colour, **jpeg), colour, 12)


def _pages_and_headers() -> Iterator[Sample]:
    truncated = {"imagej": True, "metadata": {"axes": "TYX"}, "truncate": True}
    yield Sample("one-directory.tif", _tiff(deep, **truncated), deep)
    hyperstack = np.stack([deep, deep // 2], 1)
    options = {"imagej": True, "metadata": {"axes": "TCYX"}, "truncate": True}
    yield Sample(
        "one-directory-channels.tif",
        _tiff(hyperstack, **options),
        np.moveaxis(hyperstack, 1, -1),
    )
    yield Sample("cut-hyperstack.tif", _cut(_tiff(deep, **truncated), 4000))
    yield Sample(
        "compressions.tif",
        _pages(
            [
                {"compression": c}
                for c in ("lzw", "zlib", None, "packbits", None, "zstd")
            ]
        ),
        grey,
    )
    yield Sample("polarities.tif", _polarities, grey)
    yield Sample(
        "strips-per-page.tif",
        _pages([{"rowsperstrip": r} for r in (1, 3, 32, 8, 5, 7)]),
        grey,
    )
    invalid = _tiff(deep, description="<OME>not closed", metadata=None)
    yield Sample("invalid-xml.ome.tif", invalid, deep)
    yield Sample(
        "invalid-imagej.tif",
        _tiff(deep, description="ImageJ=1.53\nimages=x\nslices=-3\n", metadata=None),
    )
    yield Sample(
        "json-description.tif",
        _tiff(deep, description='{"shape": [9, 9]}', metadata=None),
        deep,
    )


def _tiff(data: Any, **options: Any) -> Any:
    options = {"photometric": "minisblack"} | options
    return lambda path: tifffile.imwrite(path, data, **options)


def _cut(write: Any, count: int) -> Any:
    def write_part(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[:-count])

    return write_part


def _pages(options: list[dict[str, Any]]) -> Any:
    def write(path: Path) -> None:
        with tifffile.TiffWriter(path) as writer:
            for frame, each in zip(grey, options, strict=True):
                writer.write(frame, metadata=None, contiguous=False, **each)

    return write


def _polarities(path: Path) -> None:
    """Write pages of which every second one has white as zero."""
    with tifffile.TiffWriter(path) as writer:
        for t, frame in enumerate(grey):
            stored, name = (
                (255 - frame, "miniswhite") if t % 2 else (frame, "minisblack")
            )
            writer.write(stored, photometric=name, metadata=None, contiguous=False)


def folders() -> Iterator[Sample]:
    """Yield folders with files of other programs, and PNGs of unusual kinds."""
    yield Sample("hidden-files", _hidden_files, grey)
    yield Sample("upper-case", _images("{t}.PNG"), grey)
    yield Sample("suffixes", _two_suffixes, colour, 8)
    yield Sample("both-tiff-suffixes", _tiff_suffixes, deep)
    yield Sample("brackets [0-9] %d *", _images("[{t}]%d.png"), grey)
    yield Sample("negative-numbers", _images("x-{t:03d}.png"), grey)
    yield Sample("long-numbers", _images("{t:0180d}.png"), grey)
    yield Sample("other-digits", _images("\u0661\u00b2-{t}.png"), grey)
    yield Sample("folder-with-image-suffix", _inner_folder, grey)
    yield Sample("broken-link", _broken_link)
    for bits in (2, 4):
        levels = (grey // (256 >> bits)).astype(np.uint8)
        scaled = levels * np.uint8(255 // (2**bits - 1))
        yield Sample(f"png-{bits}-bits", _few_bits(levels, bits), scaled)
    deep_alpha = np.concatenate([deep_colour, deep_colour[..., :1]], -1)
    yield Sample("deep-alpha", _deep_alpha(deep_alpha), deep_alpha)
    yield Sample("palettes", _palettes, np.repeat(grey[..., None], 3, -1))
    yield Sample("transparent-grey", _transparent_grey, grey)
    yield Sample("bmp-palette", _bmp_palette, np.stack([grey, 255 - grey, grey], -1))
    yield Sample(
        "progressive",
        _images("{t}.jpg", colour, progressive=True, quality=98),
        colour,
        8,
    )
    yield Sample(
        "rgb-jpeg", _images("{t}.jpg", colour, keep_rgb=True, quality=98), colour, 8
    )
    yield Sample(
        "lossless-webp-alpha",
        _images("{t}.webp", frames(channels=(4,)), lossless=True, exact=True),
        frames(channels=(4,)),
    )
    signed = deep.astype(np.int16) - 12_000
    yield Sample("negative-tiffs", _each_tiff(signed), signed)
    yield Sample("compressions", _each_tiff(deep, ["lzw", None, "zlib"]), deep)


def _images(name: str, data: Any = grey, **options: Any) -> Any:
    def write(folder: Path) -> None:
        folder.mkdir()
        for t, image in enumerate(data):
            Image.fromarray(image).save(folder / name.format(t=t), **options)

    return write


def _hidden_files(folder: Path) -> None:
    """Write images beside the files of macOS and Windows."""
    _images("img{t}.png")(folder)
    for name in ("._img0.png", ".DS_Store", "Thumbs.db", "desktop.ini", "notes.txt"):
        (folder / name).write_bytes(b"\x00\x05\x16\x07")


def _two_suffixes(folder: Path) -> None:
    folder.mkdir()
    for t, image in enumerate(colour):
        suffix = "jpeg" if t % 2 else "JPG"
        Image.fromarray(image).save(folder / f"{t}.{suffix}", "JPEG", quality=98)


def _tiff_suffixes(folder: Path) -> None:
    folder.mkdir()
    for t, image in enumerate(deep):
        tifffile.imwrite(folder / f"{t}.{'tif' if t % 2 else 'TIFF'}", image)


def _inner_folder(folder: Path) -> None:
    _images("{t}.png")(folder)
    (folder / "9.png").mkdir()


def _broken_link(folder: Path) -> None:
    _images("{t}.png")(folder)
    (folder / "9.png").symlink_to(folder / "missing.png")


def _few_bits(levels: Any, bits: int) -> Any:
    def write(folder: Path) -> None:
        folder.mkdir()
        for t, image in enumerate(levels):
            _write_png(folder / f"{t}.png", image, bits)

    return write


def _write_png(path: Path, image: Any, bits: int) -> None:
    """Write a greyscale PNG of 2 or 4 bits, which Pillow does not write."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    height, width = image.shape
    shifts = np.arange(8 // bits)[::-1] * bits
    packed = (image.reshape(height, -1, 8 // bits) << shifts).sum(-1).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    parts = (
        chunk(b"IHDR", header),
        chunk(b"IDAT", zlib.compress(rows)),
        chunk(b"IEND", b""),
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def _deep_alpha(data: Any) -> Any:
    def write(folder: Path) -> None:
        folder.mkdir()
        for t, image in enumerate(data):
            cv2.imwrite(str(folder / f"{t}.png"), image[..., [2, 1, 0, 3]])

    return write


def _palettes(folder: Path) -> None:
    """Write each image with a palette of its own, in another order."""
    folder.mkdir()
    for t, image in enumerate(grey):
        order = np.random.default_rng(t).permutation(256).astype(np.uint8)
        picture = Image.fromarray(np.argsort(order).astype(np.uint8)[image], "P")
        picture.putpalette(np.repeat(order, 3).tolist())
        picture.save(folder / f"{t}.png")


def _transparent_grey(folder: Path) -> None:
    folder.mkdir()
    for t, image in enumerate(grey):
        Image.fromarray(image).save(folder / f"{t}.png", transparency=7)


def _bmp_palette(folder: Path) -> None:
    folder.mkdir()
    values = np.arange(256, dtype=np.uint8)
    for t, image in enumerate(grey):
        picture = Image.fromarray(image, "P")
        picture.putpalette(np.stack([values, 255 - values, values], 1).ravel().tolist())
        picture.save(folder / f"{t}.bmp")


def _each_tiff(data: Any, compressions: list[str | None] | None = None) -> Any:
    names = (compressions or [None]) * FRAMES

    def write(folder: Path) -> None:
        folder.mkdir()
        for t, image in enumerate(data):
            tifffile.imwrite(folder / f"{t}.tif", image, compression=names[t])

    return write


def zarrs() -> Iterator[Sample]:
    """Yield zarr stores with missing chunks, named axes, wells and fields."""
    for form in (2, 3):
        filled = deep.copy()
        filled[4:] = 7
        yield Sample(f"v{form}-missing-chunk.zarr", _missing_chunk(form), filled)
        unset = np.where(np.arange(FRAMES)[:, None, None] < 4, deep, np.nan)
        yield Sample(f"v{form}-not-a-number.zarr", _missing_chunk(form, np.nan), unset)
        yield Sample(f"v{form}-damaged-chunk.zarr", _damaged_chunk(form))
        for fields in (1, 2):
            expected = deep if fields == 1 else None
            name = f"v{form}-plate-{fields}.zarr"
            yield Sample(name, _plate(form, ["A/1"], fields), expected)
        yield Sample(f"v{form}-wells.zarr", _plate(form, ["A/1", "A/2"], 1))
        yield Sample(f"v{form}-rows.zarr", _plate(form, ["A/1", "B/1"], 1))
        yield Sample(
            f"v{form}-p.zarr/A/2/1", _plate(form, ["A/1", "A/2"], 2, depth=3), deep // 4
        )
        yield Sample(f"v{form}-w.zarr/A/2", _plate(form, ["A/1", "A/2"], 2, depth=2))
        yield Sample(
            f"v{form}-a.zarr/B/1/0/0",
            _plate(form, ["A/1", "B/1"], 1, depth=4),
            deep // 2,
        )
    yield Sample(
        "time-last.zarr", _named(np.moveaxis(deep, 0, -1), ("y", "x", "time")), deep
    )
    yield Sample(
        "columns-first.zarr", _named(deep.swapaxes(1, 2), ("t", "x", "y")), deep
    )
    pair = np.stack([deep, deep // 2])
    yield Sample(
        "channels-first.zarr",
        _named(pair, ("c", "t", "y", "x")),
        np.moveaxis(pair, 0, -1),
    )
    yield Sample("volume.zarr", _named(np.stack([deep] * 3, 1), ("t", "z", "y", "x")))


def _missing_chunk(form: int, fill: float = 7) -> Any:
    def write(path: Path) -> None:
        import zarr

        dtype = deep.dtype if fill == 7 else np.float64
        options = {"shape": deep.shape, "chunks": (1, 32, 48), "dtype": dtype}
        array = zarr.create_array(
            str(path), zarr_format=form, fill_value=fill, **options
        )
        array[:4] = deep[:4]

    return write


def _damaged_chunk(form: int) -> Any:
    def write(path: Path) -> None:
        import zarr

        zarr.create_array(str(path), data=deep, chunks=(1, 32, 48), zarr_format=form)
        chunk = next(path.rglob("3.0.0" if form == 2 else "3/0/0"))
        chunk.write_bytes(chunk.read_bytes()[:20])

    return write


def _named(data: Any, names: tuple[str, ...]) -> Any:
    def write(path: Path) -> None:
        import zarr

        zarr.create_array(str(path), data=data, dimension_names=names, zarr_format=3)

    return write


def _plate(form: int, wells: list[str], fields: int, depth: int = 0) -> Any:
    """Write a plate; each field has other pixels. `depth` parts of the path are inside."""

    def write(path: Path) -> None:
        import zarr

        root = path.parents[depth - 1] if depth else path
        plate = zarr.open_group(str(root), mode="w", zarr_format=form)
        _describe(plate, form, {"plate": {"wells": [{"path": well} for well in wells]}})
        for number, name in enumerate(wells):
            well = plate.create_group(name)
            images = [{"path": str(k)} for k in range(fields)]
            _describe(well, form, {"well": {"images": images}})
            for k in range(fields):
                field = well.create_group(str(k))
                data = deep // (1 << (number + k))
                field.create_array("0", data=data[:, None, None])
                axes = [{"name": axis} for axis in "tczyx"]
                multiscale = {"axes": axes, "datasets": [{"path": "0"}]}
                _describe(field, form, {"multiscales": [multiscale]})

    return write


def _describe(group: Any, form: int, metadata: Any) -> None:
    metadata = json.loads(json.dumps(metadata))
    group.attrs.update(
        metadata if form == 2 else {"ome": {"version": "0.5", **metadata}}
    )
