"""Folders of images of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from napari_gnn_vos.vision import cv2
from tests.corpus.sample import Sample, frames

grey, deep, colour = frames(), frames(np.uint16), frames(channels=(3,))
alpha = frames(channels=(4,))
deep_colour = frames(np.uint16, (3,))


def _folder(write: Callable[[int, Path], object], name: str = "{t}.png") -> Any:
    """Return a function that writes six files to a folder."""

    def write_all(folder: Path) -> None:
        folder.mkdir()
        for t in range(len(grey)):
            write(t, folder / name.format(t=t))

    return write_all


def _pillow(data: Any, **options: Any) -> Callable[[int, Path], None]:
    return lambda t, path: Image.fromarray(data[t]).save(path, **options)


def _opencv(data: Any) -> Callable[[int, Path], object]:
    def write(t: int, path: Path) -> None:
        image = data[t][..., ::-1] if data.ndim == 4 else data[t]
        cv2.imwrite(str(path), np.ascontiguousarray(image))

    return write


def samples() -> Iterator[Sample]:
    """Yield valid, unusual and invalid folders."""
    yield from _formats()
    yield from _names()
    yield from _mixtures()
    yield from _stacks()


def _formats() -> Iterator[Sample]:
    for suffix in ("png", "bmp", "tif", "PNG", "tiff"):
        for data in (grey, colour):
            write = _folder(_pillow(data), "{t}." + suffix)
            yield Sample(f"{suffix}-{data.ndim}", write, data)
    for suffix in ("jpg", "jpeg", "webp", "JPG"):
        write = _folder(_pillow(colour, quality=95), "{t}." + suffix)
        yield Sample(suffix, write, colour, 8)
    yield Sample("grey-jpg", _folder(_pillow(grey, quality=95), "{t}.jpg"), grey, 8)
    for data in (deep, deep_colour):
        yield Sample(f"deep-{data.ndim}", _folder(_opencv(data)), data)
    yield Sample("alpha-png", _folder(_pillow(alpha)), alpha)
    yield Sample("bits", _folder(_pillow(grey > 100)), (grey > 100) * np.uint8(255))
    yield Sample("palette", _folder(_palette), np.stack([grey, 255 - grey, grey], -1))
    grey_alpha = np.stack([grey, np.full_like(grey, 200)], -1)
    expected = np.concatenate(
        [np.repeat(grey[..., None], 3, 3), grey_alpha[..., 1:]], 3
    )
    write = _folder(lambda t, p: Image.fromarray(grey_alpha[t], "LA").save(p))
    yield Sample("grey-alpha", write, expected)
    write = _folder(
        lambda t, p: Image.fromarray(colour[t]).convert("CMYK").save(p), "{t}.jpg"
    )
    yield Sample("cmyk-jpg", write, colour, 12)
    write = _folder(lambda t, p: Image.fromarray(colour[t]).save(p, interlace=1))
    yield Sample("interlaced", write, colour)
    yield Sample(
        "float-tif", _folder(_tiff(frames(np.float32)), "{t}.tif"), frames(np.float32)
    )


def _palette(t: int, path: Path) -> None:
    image = Image.fromarray(grey[t], "P")
    values = np.arange(256, dtype=np.uint8)
    image.putpalette(np.stack([values, 255 - values, values], 1).ravel().tolist())
    image.save(path)


def _tiff(data: Any) -> Callable[[int, Path], None]:
    return lambda t, path: tifffile.imwrite(path, data[t])


def _names() -> Iterator[Sample]:
    order = [0, 1, 10, 11, 2, 3]

    def numbered(folder: Path) -> None:
        folder.mkdir()
        for position, number in enumerate(sorted(order)):
            Image.fromarray(grey[position]).save(folder / f"img{number}.png")
        (folder / ".hidden.png").write_bytes(b"")
        (folder / "Thumbs.db").write_bytes(b"x")
        (folder / "sub").mkdir()

    yield Sample("natural-order", numbered, grey)
    yield Sample("name with spaces é", _folder(_pillow(grey)), grey)
    yield Sample("empty", lambda path: path.mkdir())
    yield Sample("channels", _folder(_pillow(grey), "t{t}_c0.png"), grey)
    yield Sample("nested", lambda path: _folder(_pillow(grey))(_made(path) / "frames"))


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def _mixtures() -> Iterator[Sample]:
    def odd(image: Any) -> Any:
        plain = _pillow(grey)

        def write(t: int, path: Path) -> None:
            if t == 4:
                path.write_bytes(image) if isinstance(image, bytes) else _save(
                    image, path
                )
            else:
                plain(t, path)

        return _folder(write)

    yield Sample("mixed-sizes", odd(grey[0, :20]))
    yield Sample("mixed-depths", odd(deep[0]))
    yield Sample("zero-bytes", odd(b""))
    yield Sample("text", odd(b"hello"))
    yield Sample("cut", odd(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"))
    expected = np.repeat(grey[..., None], 3, 3)
    expected[4] = colour[0]
    yield Sample("grey-and-colour", odd(colour[0]), expected)
    rotated = _folder(_with_orientation)
    yield Sample("exif", rotated, np.stack([np.rot90(frame, -1) for frame in grey]))
    yield Sample("animated-webp", _folder(_animated, "{t}.webp"))
    yield Sample("animated-png", _folder(_animated, "{t}.png"))


def _save(image: Any, path: Path) -> None:
    cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)


def _with_orientation(t: int, path: Path) -> None:
    image = Image.fromarray(grey[t])
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)


def _animated(_t: int, path: Path) -> None:
    images = [Image.fromarray(frame) for frame in colour]
    images[0].save(path, save_all=True, append_images=images[1:], lossless=True)


def _stacks() -> Iterator[Sample]:
    def write(folder: Path) -> None:
        folder.mkdir()
        for part in range(2):
            stack = grey[3 * part : 3 * part + 3]
            path = folder / f"{part}.tif"
            tifffile.imwrite(path, stack, photometric="minisblack")

    yield Sample("stacks", write, grey)
