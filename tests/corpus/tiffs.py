"""TIFF files of the corpus."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from tests.corpus.sample import HEIGHT, WIDTH, Sample, frames

grey, deep, colour = frames(), frames(np.uint16), frames(channels=(3,))
two = frames(np.uint16, (2,))
alpha = frames(channels=(4,))


def _write(data: Any, **options: Any) -> Any:
    if data.ndim == 3:
        options.setdefault("photometric", "minisblack")
    return lambda path: tifffile.imwrite(path, data, **options)


def samples() -> Iterator[Sample]:
    """Yield valid, unusual and invalid files."""
    yield from _types()
    yield from _layouts()
    yield from _axes()
    yield from _series()
    yield from _colours()


def _types() -> Iterator[Sample]:
    for name in [
        "uint8",
        "int8",
        "uint16",
        "int16",
        "uint32",
        "int32",
        "float16",
        "float32",
        "float64",
    ]:
        data = frames(name)
        yield Sample(f"{name}.tif", _write(data), data)
        yield Sample(f"big-endian-{name}.tif", _write(data, byteorder=">"), data)
    yield Sample("bool.tif", _write(grey > 100), (grey > 100) * np.uint8(255))
    yield Sample("complex.tif", _write(frames(np.complex64)))
    for name, value in (("nan", np.nan), ("infinite", np.inf)):
        data = np.where(grey > 200, value, grey)
        yield Sample(f"{name}.tif", _write(data), data)


def _layouts() -> Iterator[Sample]:
    for name in ("lzw", "zlib", "zstd", "packbits", "lzma", "deflate"):
        for data in (grey, deep, colour):
            kind = f"{data.dtype}-{data.ndim}"
            yield Sample(f"{name}-{kind}.tif", _write(data, compression=name), data)
        options = {"compression": name, "predictor": True}
        if name != "packbits":
            yield Sample(f"{name}-predictor.tif", _write(deep, **options), deep)
            real = deep.astype(np.float32)
            yield Sample(f"{name}-float-predictor.tif", _write(real, **options), real)
    for name in ("jpeg", "jpeg2000", "webp", "jpegxl"):
        yield Sample(f"{name}.tif", _write(colour, compression=name), colour, 12)
    for name, options in {
        "tiled": {"tile": (16, 16)},
        "tiled-zlib": {"tile": (32, 16), "compression": "zlib"},
        "volumetric": {"tile": (2, 16, 16), "volumetric": True, "compression": "zlib"},
        "big": {"bigtiff": True},
        "strips": {"rowsperstrip": 5, "compression": "lzw"},
        "no-metadata": {"metadata": None},
        "description": {"description": "<xml>", "metadata": None},
        "upper.TIF": {},
    }.items():
        path = name if "." in name else f"{name}.tif"
        yield Sample(path, _write(deep, **options), deep)
    planar = np.ascontiguousarray(np.moveaxis(colour, -1, 1))
    for compression in (None, "zlib"):
        options = {"photometric": "rgb", "planarconfig": "separate"}
        write = _write(planar, compression=compression, **options)
        yield Sample(f"planar-{compression}.tif", write, colour)
    # Older versions of tifffile and imagecodecs do not decode fax compression.
    reads_fax = hasattr(imagecodecs, "ccittfax4_decode")
    yield Sample("fax.tif", _fax, (grey > 100) * np.uint8(255) if reads_fax else None)


def _fax(path: Path) -> None:
    first, *rest = [Image.fromarray(frame > 100) for frame in grey]
    first.save(path, save_all=True, append_images=rest, compression="group4")


def _axes() -> Iterator[Sample]:
    channels_first = np.ascontiguousarray(np.moveaxis(two, -1, 1))
    for variant in ("imagej", "ome"):
        for axes, data, expected in (
            ("TYX", deep, deep),
            ("ZYX", deep, deep),
            ("TCYX", channels_first, two),
            ("TZCYX", channels_first[:, None], two),
            ("ZCYX", channels_first, two),
            ("TZCYX", channels_first[:3, None].repeat(3, 1), None),
        ):
            write = _write(data, metadata={"axes": axes}, **{variant: True})
            refused = "-volume" if expected is None else ""
            suffix = "ome.tif" if variant == "ome" else "tif"
            yield Sample(f"{variant}-{axes}{refused}.{suffix}", write, expected)
    swapped = np.ascontiguousarray(np.moveaxis(two, -1, 0))
    options = {"ome": True, "metadata": {"axes": "CTYX"}}
    yield Sample("ctyx.ome.tif", _write(swapped, **options), two)
    five = np.zeros((6, 5, HEIGHT, WIDTH), np.uint8)
    yield Sample(
        "five-channels.tif", _write(five, imagej=True, metadata={"axes": "TCYX"})
    )
    yield Sample("single.tif", _write(grey[:1]), grey[:1])
    yield Sample("tiny.tif", _write(grey[:, :8, :8]))


def _series() -> Iterator[Sample]:
    yield Sample("appended.tif", _appended([grey[:2], grey[2:]]), grey)
    yield Sample("appended-frames.tif", _appended([*grey]), grey)
    yield Sample("sizes.tif", _appended([grey, grey[:, :20]]))
    yield Sample("types.tif", _appended([grey, deep]))
    yield Sample("positions.ome.tif", _positions)
    yield Sample("pyramid.tif", _pyramid, deep)
    yield Sample("thumbnail.tif", _thumbnail, grey)
    yield Sample("loop.tif", write_loop)
    yield Sample("files/s_0.ome.tif", _several_files(missing=False), deep)
    yield Sample("missing/s_0.ome.tif", _several_files(missing=True))


def _appended(parts: list[Any]) -> Any:
    def write(path: Path) -> None:
        for part in parts:
            tifffile.imwrite(path, part, append=True, photometric="minisblack")

    return write


def _positions(path: Path) -> None:
    with tifffile.TiffWriter(path, ome=True) as writer:
        for _ in range(2):
            writer.write(grey, metadata={"axes": "TYX"})


def _pyramid(path: Path) -> None:
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(deep, subifds=1, metadata={"axes": "TYX"}, tile=(16, 16))
        writer.write(deep[:, ::2, ::2], subfiletype=1, tile=(16, 16))


def _thumbnail(path: Path) -> None:
    with tifffile.TiffWriter(path) as writer:
        for frame in grey:
            writer.write(frame, metadata=None, contiguous=False)
        writer.write(grey[0, ::4, ::4], subfiletype=1, metadata=None)


def write_loop(path: Path, description: str | None = None) -> None:
    """Write a stack whose last directory refers to the second one."""
    options: dict[str, Any] = {"photometric": "minisblack", "metadata": None}
    with tifffile.TiffWriter(path, byteorder="<") as writer:
        for frame in grey:
            writer.write(frame, contiguous=False, description=description, **options)
    with tifffile.TiffFile(path) as file:
        offsets = [page.offset for page in file.pages]
    with path.open("r+b") as stream:
        stream.seek(offsets[-1])
        (tags,) = struct.unpack("<H", stream.read(2))
        stream.seek(offsets[-1] + 2 + 12 * tags)
        stream.write(struct.pack("<I", offsets[1]))


def _several_files(*, missing: bool) -> Any:
    """Write one file per half of the frames, with OME-XML that lists both."""

    def write(path: Path) -> None:
        planes = "".join(
            f'<TiffData FirstT="{t}" FirstC="0" FirstZ="0" IFD="{t % 3}" '
            f'PlaneCount="1"><UUID FileName="s_{t // 3}.ome.tif">urn:uuid:{t // 3:032d}'
            "</UUID></TiffData>"
            for t in range(6)
        )
        xml = (
            '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/'
            'OME/2016-06" UUID="urn:uuid:{}"><Image ID="Image:0"><Pixels ID="Pixels:0" '
            f'DimensionOrder="XYZCT" Type="uint16" SizeX="{WIDTH}" SizeY="{HEIGHT}" '
            'SizeZ="1" SizeC="1" SizeT="6"><Channel ID="Channel:0:0"/>'
            f"{planes}</Pixels></Image></OME>"
        )
        for part in range(1 if missing else 2):
            tifffile.imwrite(
                path.with_name(f"s_{part}.ome.tif"),
                deep[3 * part : 3 * part + 3],
                description=xml.format(f"{part:032d}"),
                metadata=None,
                photometric="minisblack",
            )

    return write


def _colours() -> Iterator[Sample]:
    rgba = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    yield Sample("rgba.tif", _write(alpha, **rgba), alpha)
    for data in (grey, deep):
        inverted = np.iinfo(data.dtype).max - data
        write = _write(inverted, photometric="miniswhite")
        yield Sample(f"white-is-zero-{data.dtype}.tif", write, data)
    table = np.arange(256 * 3).reshape(3, 256).astype(np.uint8)
    expected = table.T[grey]
    options = {"photometric": "palette", "colormap": table.astype(np.uint16) * 257}
    yield Sample("palette.tif", _write(grey, **options), expected)
    yield Sample("cielab.tif", _write(colour, photometric="cielab"))
    for orientation, turn in _ORIENTATIONS.items():
        tags = [(274, "H", 1, orientation, True)]
        expected = np.stack([turn(frame) for frame in grey])
        write = _write(grey, extratags=tags, metadata=None)
        yield Sample(f"orientation-{orientation}.tif", write, expected)


_ORIENTATIONS: dict[int, Any] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    6: lambda image: np.rot90(image, -1),
    8: np.rot90,
}
