"""Conversion of frames of any numeric type to 8-bit RGB images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def _to_levels(frame: NDArray[Any], limits: tuple[float, float]) -> Rgb:
    """Scale pixels to 0 .. 255, in blocks of rows to save memory, (H, W, C)."""
    low, high = limits
    # float32 has 24 bits: values far from 0 keep their differences in float64 only
    precise = frame.dtype.kind in "iu" and frame.dtype.itemsize > 2
    dtype = np.float64 if precise or frame.dtype == np.float64 else np.float32
    levels = np.empty(frame.shape, np.uint8)
    step = max(1, BLOCK_VALUES // max(1, frame[0].size))
    for start in range(0, len(frame), step):
        block: NDArray[Any] = frame[start : start + step].astype(dtype)
        with np.errstate(invalid="ignore", over="ignore"):  # NaN, and huge values
            scaled = (block - low) * (255.0 / (high - low))
        if frame.dtype.kind == "f":
            scaled = np.nan_to_num(scaled, copy=False, posinf=255.0, neginf=0.0)
        levels[start : start + step] = np.clip(np.rint(scaled), 0, 255)
    return levels
