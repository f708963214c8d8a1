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
    if page.compression not in DECODED_TO_RGB:
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


def _cmyk_to_rgb(frame: NDArray[Any]) -> NDArray[Any]:
    """Convert (H, W, 4) CMYK to RGB without a colour profile."""
    full = float(np.iinfo(frame.dtype).max)
    cmyk = frame.astype(np.float64) / full
    rgb = np.rint((1 - cmyk[..., :3]) * (1 - cmyk[..., 3:]) * full)
    return np.asarray(rgb.astype(frame.dtype))
