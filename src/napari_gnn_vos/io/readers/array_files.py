"""Read videos from array files in NumPy's format."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.structures.video import MIN_SIDE, Frames


def open_npy(path: Path) -> Frames:
    """Memory-map a .npy file with an array (T, H, W) or (T, H, W, C).

    Arrays (H, W), and (H, W, 3) or (H, W, 4), are single images.

    Raises
    ------
    ReadError
        If the file is not a NumPy array.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        is_image = array.ndim == 2 or is_colour_image(array.shape)
        frames: Frames = array[None] if is_image else array
    except Exception as error:  # damaged headers raise many types
        raise ReadError(
            f"Expected one array written by numpy.save; {path} cannot be read: "
            f"{error}. Write it again with numpy.save."
        ) from error
    return frames


def is_colour_image(shape: tuple[int, ...]) -> bool:
    """Return whether an array without names of axes is one RGB or RGBA image.

    Frames of 3 or 4 columns do not exist, so the last axis has the channels.
    """
    return len(shape) == 3 and shape[2] in (3, 4) and min(shape[:2]) >= MIN_SIDE
