"""Conversion of frames of any numeric type to 8-bit RGB images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.hardware import raise_if_cancelled

Rgb = NDArray[np.uint8]
BLOCK_VALUES = 2**22
"""Pixel values that are converted at a time."""


def to_rgb(frame: NDArray[Any], limits: tuple[float, float]) -> Rgb:
    """Convert a frame to RGB.

    Parameters
    ----------
    frame : (H, W) or (H, W, C) ndarray
        1 to 4 channels: grey, two stains, RGB, RGBA.
    limits : (float, float)
        Values displayed as black and as white.

    Returns
    -------
    image : (H, W, 3) ndarray of uint8
        A grey channel is repeated, two channels become red and green, and alpha is
        dropped. NaN is black.
    """
    if frame.ndim == 2:
        frame = frame[..., None]
    if frame.shape[2] == 4:
        frame = frame[..., :3]
    if frame.dtype != np.uint8 or limits != (0.0, 255.0):
        frame = _to_levels(frame, limits)
    if frame.shape[2] == 1:
        return np.repeat(frame, 3, axis=2)
    if frame.shape[2] == 2:
        return np.concatenate([frame, np.zeros_like(frame[..., :1])], axis=2)
    return np.ascontiguousarray(frame)


def _above(block: NDArray[Any], low: float, dtype: Any) -> NDArray[Any]:
    """Subtract a number from pixels, as floating point numbers of a type.

    Differences of 64-bit integers are computed before the conversion, which has 53
    bits.
    """
    if block.dtype.kind not in "iu" or block.dtype.itemsize < 8:
        return np.asarray(block.astype(dtype) - low)
    limit = np.iinfo(block.dtype)
    start = min(max(int(low), int(limit.min)), int(limit.max))
    below, offset = block < start, np.array(start, block.dtype)
    difference = np.where(below, offset - block, block - offset)  # modulo 2^64
    distance = difference.view(np.uint64).astype(dtype)
    return np.asarray(np.where(below, -distance, distance) + (start - low))


def _to_levels(frame: NDArray[Any], limits: tuple[float, float]) -> Rgb:
    """Scale pixels to 0 .. 255, in blocks of rows to save memory, (H, W, C)."""
    low, high = limits
    if not np.isfinite(high - low):  # the range of float64 is exceeded
        return _to_levels(frame / 4, (low / 4, high / 4))
    # float32 has 24 bits: values far from 0 keep their differences in float64 only
    precise = frame.dtype.kind in "iu" and frame.dtype.itemsize > 2
    dtype = np.float64 if precise or frame.dtype == np.float64 else np.float32
    levels = np.empty(frame.shape, np.uint8)
    step = max(1, BLOCK_VALUES // max(1, frame[0].size))
    for start in range(0, len(frame), step):
        raise_if_cancelled()
        block = frame[start : start + step]
        with np.errstate(invalid="ignore", over="ignore"):  # NaN, and huge values
            scaled = _above(block, low, dtype) * (255.0 / (high - low))
        if frame.dtype.kind == "f":
            scaled = np.nan_to_num(scaled, copy=False, posinf=255.0, neginf=0.0)
        levels[start : start + step] = np.clip(np.rint(scaled), 0, 255)
    return levels
