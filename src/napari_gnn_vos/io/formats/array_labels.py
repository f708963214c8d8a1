"""Read label arrays in files of NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.lazy_labels import ConvertedLabels
from napari_gnn_vos.io.formats.video_labels import VideoLabels

SUFFIXES = (".npy", ".npz")
NAMES = ("labels", "masks", "arr_0")
"""Names of the array of labels among several, in order of preference."""


def read(path: Path) -> VideoLabels:
    """Read an array (T, H, W), or (H, W) for a single image; values are labels.

    In a file with several arrays, the one with a name of `NAMES` has the labels.

    Raises
    ------
    ReadError
        If the file has no such array, or its values are not labels from 0 to 65535.
    """
    try:
        content = np.load(path, mmap_mode="r", allow_pickle=False)
        array = _only_array(content) if isinstance(content, Mapping) else content
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from None
    except Exception as error:  # damaged headers raise many types
        raise ReadError(
            f"Expected label arrays written by numpy.save or numpy.savez; {path} "
            f"cannot be read: {error}. If it holds a dictionary, such as _seg.npy of "
            "Cellpose, save its array of masks by itself."
        ) from error
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.dtype.kind not in "buif" or 0 in array.shape:
        raise ReadError(
            f"Expected labels (time, row, column) with one value per pixel; {path} has "
            f"the shape {array.shape} and the type {array.dtype}. Convert it first."
        )
    return VideoLabels(ConvertedLabels(array, path), video_name=path.stem)


def _only_array(arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    names = list(arrays)
    preferred = [name for name in NAMES if name in names]
    if len(names) != 1 and not preferred:
        raise ReadError(
            f"Expected one array of labels; there are {len(names)}: "
            f"{', '.join(names[:8])}. Save the labels under the name 'labels'."
        )
    return arrays[names[0] if len(names) == 1 else preferred[0]]
