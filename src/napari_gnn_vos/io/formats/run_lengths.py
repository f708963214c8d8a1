"""Run-length encodings and bounding boxes of masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError

MAX_BITS = 60


def run_lengths(flat: NDArray[np.bool_]) -> list[int]:
    """Encode a flat mask as the lengths of its runs, background first.

    Examples
    --------
    >>> run_lengths(np.array([True, True, False]))
    [0, 2, 1]
    """
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts: list[int] = np.diff([0, *changes, flat.size]).tolist()
    return [0, *counts] if flat.size and flat[0] else counts


def bounding_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return top, left, height and width of the box around a mask.

    Parameters
    ----------
    mask : (H, W) ndarray of bool
        With at least one true pixel.

    Examples
    --------
    >>> bounding_box(np.array([[False, False, False], [False, True, True]]))
    (1, 1, 1, 2)
    """
    rows, cols = (np.flatnonzero(mask.any(axis=axis)).tolist() for axis in (1, 0))
    return rows[0], cols[0], rows[-1] - rows[0] + 1, cols[-1] - cols[0] + 1


def check_run_lengths(counts: Sequence[int], size: int) -> None:
    """Check that runs cover a mask of `size` pixels.

    Raises
    ------
    ReadError
        If a length is negative, or the lengths do not add up to `size`.
    """
    if min(counts, default=0) < 0 or sum(counts) != size:
        raise ReadError(
            f"Expected run lengths of {size} pixels; they are those of {sum(counts)}. "
            "Export the masks again."
        )


def mask_from_run_lengths(counts: Sequence[int], size: int) -> NDArray[np.bool_]:
    """Decode the lengths of runs, background first, to a flat mask of `size` pixels.

    Raises
    ------
    ReadError
        As in `check_run_lengths`.
    """
    check_run_lengths(counts, size)
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts)


def counts_from_text(text: str) -> list[int]:
    """Decode the compressed run lengths of COCO, six bits in a character.

    Raises
    ------
    ReadError
        If the text is cut off, or a length has more than `MAX_BITS`.

    Examples
    --------
    >>> counts_from_text("321")
    [3, 2, 1]
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if not 0 <= bits < 64 or shift > MAX_BITS:
            raise ReadError(
                "The run lengths of a mask are not those of COCO. Export it again."
            )
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ReadError("The run lengths of a mask are cut off. Export it again.")
    return counts
