"""Conversion of the colour spaces of TIFF to greyscale or RGB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError

Conversion = Callable[[NDArray[Any]], NDArray[Any]]

ALPHA = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)
DECODED_TO_RGB = (tifffile.COMPRESSION.JPEG, tifffile.COMPRESSION.WEBP)
"""Compressions whose decoders convert YCbCr to RGB."""


def photometric_conversion(page: Any, samples: int) -> Conversion:
    """Return the conversion of a frame to greyscale or RGB with black as zero.

    Parameters
    ----------
    page : tifffile.TiffPage
    samples : int
        Length of the channel axis.

    Raises
    ------
    ReadError
        If the colour space is not supported.
    """
    kind = tifffile.PHOTOMETRIC
    if page.photometric == kind.PALETTE and samples == 1:
        colours = np.asarray(page.colormap)
        shift = 0 if colours.max() < 256 else 8
        table = (colours.T >> shift).astype(np.uint8)
        return lambda frame: table[frame.reshape(frame.shape[:2])]
    if page.photometric == kind.SEPARATED and samples == 4:
        return _cmyk_to_rgb
    unsupported = {kind.CIELAB, kind.ICCLAB, kind.ITULAB, kind.LOGLUV}
    if page.photometric == kind.YCBCR and page.compression not in DECODED_TO_RGB:
        is_full = tuple(page.subsampling or (2, 2)) == (1, 1)
        if is_full and samples == 3 and page.dtype == np.uint8:
            return _ycbcr_to_rgb(page)
        unsupported.add(kind.YCBCR)
    if page.photometric in unsupported:
        raise ReadError(
            f"Expected greyscale, RGB, palette or CMYK images; the file has colours in "
            f"{page.photometric.name}. Convert it to RGB."
        )
    has_alpha = any(each in ALPHA for each in page.extrasamples)
    if page.photometric == kind.MINISBLACK and samples == 2 and has_alpha:
        return lambda frame: frame[..., [0, 0, 0, 1]]
    # tifffile writes boolean arrays as white-is-zero, with True for foreground
    own = page.dtype == bool and page.is_shaped
    if page.photometric == kind.MINISWHITE and not own:
        white = 2**page.bitspersample - 1 if page.dtype.kind == "u" else -1
        return lambda frame: _inverted(frame, white)
    return _binary_to_grey


def stored_values(_page: Any, _samples: int) -> Conversion:
    """Return a conversion that keeps the values of a label image, 1 for True."""
    return lambda frame: frame.view(np.uint8) if frame.dtype == bool else frame


def _inverted(frame: NDArray[Any], white: int) -> NDArray[Any]:
    """Let white be the largest value; signed integers and floats change their sign."""
    if frame.dtype == bool:
        return _binary_to_grey(~frame)
    return -frame if frame.dtype.kind == "f" else frame.dtype.type(white) - frame


def _binary_to_grey(frame: NDArray[Any]) -> NDArray[Any]:
    return frame.astype(np.uint8) * np.uint8(255) if frame.dtype == bool else frame


def _ycbcr_to_rgb(page: Any) -> Conversion:
    """Return the conversion of (H, W, 3) uint8 by the coefficients of a page.

    They are those of ITU-R BT.601 in the full range if the page has none.
    """
    red, green, blue = _rationals(page, "YCbCrCoefficients", (0.299, 0.587, 0.114))
    levels = _rationals(page, "ReferenceBlackWhite", (0, 255, 128, 255, 128, 255))
    black, white = levels[::2], levels[1::2]
    y_scale, *c_scale = (
        size / max(high - low, 1e-9)
        for size, low, high in zip((255, 127, 127), black, white, strict=True)
    )
    to_rgb = np.array(
        [
            [1, 1, 1],
            [0, -2 * blue * (1 - blue) / green, 2 * (1 - blue)],
            [2 * (1 - red), -2 * red * (1 - red) / green, 0],
        ]
    )
    scaled = to_rgb * np.array([[y_scale], *([scale] for scale in c_scale)])
    offset = np.asarray(black) @ scaled

    def convert(frame: NDArray[Any]) -> NDArray[Any]:
        rgb = np.rint(frame.astype(np.float32) @ scaled - offset)
        return np.asarray(rgb.clip(0, 255), np.uint8)

    return convert


def _rationals(page: Any, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    """Return the values of a tag of fractions, or a default."""
    tag = page.tags.get(name)
    pairs = np.asarray(() if tag is None else tag.value, np.float64).ravel()
    if len(pairs) != 2 * len(default) or not (pairs[1::2] > 0).all():
        return default
    return tuple((pairs[::2] / pairs[1::2]).tolist())


def _cmyk_to_rgb(frame: NDArray[Any]) -> NDArray[Any]:
    """Convert (H, W, 4) CMYK to RGB without a colour profile."""
    full = float(np.iinfo(frame.dtype).max)
    cmyk = frame.astype(np.float64) / full
    rgb = np.rint((1 - cmyk[..., :3]) * (1 - cmyk[..., 3:]) * full)
    return np.asarray(rgb.astype(frame.dtype))
