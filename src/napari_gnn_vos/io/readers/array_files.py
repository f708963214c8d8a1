"""Read videos from array files in NumPy's format."""

from __future__ import annotations

from pathlib import Path

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
    except Exception as error:  # damaged headers raise many types
        raise ReadError(
            f"Expected one array written by numpy.save; {path} cannot be read: "
            f"{error}. Write it again with numpy.save."
        ) from error
    return frames
