"""Frames of an array on disk: NumPy's .npy and zarr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.structures.video import Frames


def open_npy(path: Path) -> Frames:
    """Memory-map an array of shape (T, H, W) or (T, H, W, C).

    Raises
    ------
    ReadError
        If the file is no array.
    """
    try:
        frames: Frames = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ReadError(
            f"Expected one array written by numpy.save; {path} cannot be read: "
            f"{error}. Write it again with numpy.save."
        ) from error
    return frames


def open_zarr(path: Path) -> Frames:
    """Open a zarr array of shape (T, H, W) or (T, H, W, C), read by chunks.

    Raises
    ------
    ReadError
        If zarr is not installed, or it is no array.
    """
    try:
        import zarr
    except ImportError as error:
        raise ReadError(
            f"Reading {path} needs the package zarr, which is not installed. "
            "Install it with: pip install zarr"
        ) from error
    try:
        found: Any = zarr.open(str(path), mode="r")
    except Exception as error:
        raise ReadError(_no_array(path, error)) from error
    if not hasattr(found, "dtype"):
        raise ReadError(_no_array(path, f"it is a group of {sorted(found)}"))
    frames: Frames = found
    return frames


def _no_array(path: Path, why: object) -> str:
    return (
        f"Expected one zarr array (time, rows, columns, channels) in {path}: {why}. "
        "Give the path of the array itself, for example of the finest level inside."
    )
