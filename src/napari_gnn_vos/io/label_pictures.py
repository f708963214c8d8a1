"""What can be exported: pictures of labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ShapeError


def checked(labels: Iterable[NDArray[Any]]) -> Iterator[NDArray[np.uint8]]:
    """Hand frames of labels on, (H, W) uint8 each.

    Parameters
    ----------
    labels : iterable of (H, W) ndarray of integer
        Values 0 to 255.

    Raises
    ------
    ShapeError
        If there is no frame, or a frame is no picture of labels of the first one's
        size.
    """
    shape = None
    for t, frame in enumerate(labels):
        mask = np.asarray(frame)
        shape = shape or mask.shape
        integer = mask.dtype.kind in "iub"
        if mask.ndim != 2 or mask.shape != shape or not mask.size or not integer:
            raise ShapeError(
                f"Expected label pictures (H, W) of integers and of one size; frame "
                f"{t} has shape {mask.shape}, type {mask.dtype}, and the first "
                f"{shape}. Give one label a pixel."
            )
        if mask.min() < 0 or mask.max() > 255:
            raise ShapeError(
                f"Labels must lie in 0 to 255; frame {t} has {mask.min()} to "
                f"{mask.max()}. Number the objects from 1 first."
            )
        yield np.ascontiguousarray(mask, np.uint8)
    if shape is None:
        raise ShapeError("Expected one frame of labels or more; there is none.")


def unwritable(path: Path, why: object) -> str:
    """Say that a file or folder cannot be written."""
    return (
        f"Cannot write {path}: {why}. Choose another place, or make room and "
        "check the permissions."
    )
