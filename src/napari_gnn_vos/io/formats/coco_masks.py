"""Masks of COCO JSON: run lengths or polygons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.run_lengths import (
    check_run_lengths,
    counts_from_text,
    mask_from_run_lengths,
)
from napari_gnn_vos.io.json_file import Coordinate, Side


class Rle(BaseModel):
    """Run lengths in column-major order, as a list or as compressed text."""

    size: tuple[Side, Side]
    counts: list[int] | str


Segmentation = Rle | list[list[Coordinate]]
"""A mask, or polygons of alternating columns and rows."""


def check_segmentation(segmentation: Segmentation, size: tuple[int, int]) -> None:
    """Check that a mask can be drawn on a frame.

    Raises
    ------
    ReadError
        If it has another size, its run lengths do not add up, or a polygon has fewer
        than three points.
    """
    if isinstance(segmentation, list):
        if any(len(polygon) < 6 or len(polygon) % 2 for polygon in segmentation):
            raise ReadError(
                "Expected polygons of three or more points x, y; one has another "
                "number of coordinates. Check the file."
            )
        return
    if segmentation.size != size:
        raise ReadError(
            f"Expected masks of {size} pixels; one has {segmentation.size}. Check the "
            "file."
        )
    check_run_lengths(_counts(segmentation), size[0] * size[1])


def draw_segmentation(
    labels: NDArray[Any], segmentation: Segmentation, label: int
) -> None:
    """Draw a mask on a label image.

    Parameters
    ----------
    labels : (H, W) ndarray of uint8 or uint16
        Is changed.
    segmentation : Rle, or list of list of float
        Checked by `check_segmentation`. Points are in pixels from the corner.
    label : int
    """
    if isinstance(segmentation, Rle):
        height, width = segmentation.size
        flat = mask_from_run_lengths(_counts(segmentation), height * width)
        labels[flat.reshape(height, width, order="F")] = label
        return
    from skimage.draw import polygon

    for coordinates in segmentation:
        cols, rows = np.reshape(coordinates, (-1, 2)).T - 0.5  # pixel 0 is 0 to 1
        labels[polygon(rows, cols, labels.shape)] = label


def _counts(rle: Rle) -> list[int]:
    return counts_from_text(rle.counts) if isinstance(rle.counts, str) else rle.counts
