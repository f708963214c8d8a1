"""Labels of other programs as annotation: ids are mapped to objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.palette import LAST_OBJECT
from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE, Canvas, compact, value_of
from napari_gnn_vos.structures.label_frames import label_dtype


def object_numbers(ids: NDArray[Any]) -> dict[int, int]:
    """Assign an object to each id of a labels layer.

    Parameters
    ----------
    ids : ndarray of int
        Any values; 0 is background.

    Returns
    -------
    objects : dict of int to int
        The ids themselves if all are between 1 and 32 767, otherwise 1, 2, 3, ... in
        ascending order of the ids.

    Raises
    ------
    ScribbleError
        If there are no ids, or more than 32 767.

    Examples
    --------
    >>> object_numbers(np.array([0, 3, 7]))
    {3: 3, 7: 7}
    >>> object_numbers(np.array([0, 3, 40_000]))
    {3: 1, 40000: 2}
    """
    values = [int(value) for value in np.unique(ids) if value != 0]
    if not 1 <= len(values) <= LAST_OBJECT:
        raise ScribbleError(
            f"A video has 1 to {LAST_OBJECT} objects; these labels have {len(values)}. "
            "Choose another layer or another frame."
        )
    if values[0] > 0 and values[-1] <= LAST_OBJECT:
        return {value: value for value in values}
    return {value: number for number, value in enumerate(values, 1)}


def canvases_from_labels(
    frames: Mapping[int, NDArray[Any]], objects: Mapping[int, int]
) -> dict[int, Canvas]:
    """Convert label images to canvases of a drawing; all other ids are background.

    Parameters
    ----------
    frames : mapping of int to (H, W) ndarray of int
        Label images by frame.
    objects : mapping of int to int
        By :func:`object_numbers`.
    """
    ids = np.array(sorted(objects))
    values = np.array([value_of(objects[value]) for value in ids.tolist()])
    values = values.astype(label_dtype(int(values.max())))
    canvases = {}
    for t, labels in frames.items():
        position = np.minimum(np.searchsorted(ids, labels), len(ids) - 1)
        is_object = ids[position] == labels
        background = np.uint8(BACKGROUND_VALUE)
        canvases[t] = compact(np.where(is_object, values[position], background))
    return canvases
