"""Read videos from array files: NumPy's .npy format and zarr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.structures.video import Frames


def open_npy(path: Path) -> Frames:
    """Memory-map a .npy file with an array (T, H, W) or (T, H, W, C).

    Raises
    ------
    ReadError
        If the file is not a NumPy array.
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
    """Open a zarr array (T, H, W) or (T, H, W, C); chunks are read on access.

    Raises
    ------
    ReadError
        If zarr is not installed, or the path is not a zarr array.
    """
    try:
        import zarr
    except ImportError as error:
        raise ReadError(
            f"Reading {path} needs the package zarr, which is not installed. "
            "Install it with: pip install zarr"
        ) from error
    try:
        node: Any = zarr.open(str(path), mode="r")
    except Exception as error:
        raise ReadError(_not_an_array(path, error)) from error
    if not hasattr(node, "dtype"):
        raise ReadError(_not_an_array(path, f"it is a group of {sorted(node)}"))
    frames: Frames = node
    return frames


def _not_an_array(path: Path, reason: object) -> str:
    return (
        f"Expected one zarr array (time, rows, columns, channels) in {path}: {reason}. "
        "Give the path of the array itself, for example of the highest resolution."
    )
