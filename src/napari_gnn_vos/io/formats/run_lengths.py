"""Run-length encodings of masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError


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


def mask_from_run_lengths(counts: Sequence[int], size: int) -> NDArray[np.bool_]:
    """Decode the lengths of runs, background first, to a flat mask of `size` pixels.

    Raises
    ------
    ReadError
        If a length is negative, or the lengths do not add up to `size`.
    """
    lengths = np.asarray(counts, np.int64)
    if lengths.ndim != 1 or (lengths < 0).any() or int(lengths.sum()) != size:
        raise ReadError(
            f"Expected run lengths of {size} pixels; they are those of "
            f"{int(lengths.sum())}. Export the masks again."
        )
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)


def counts_from_text(text: str) -> list[int]:
    """Decode the compressed run lengths of COCO, six bits in a character.

    Raises
    ------
    ReadError
        If the text is cut off.

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
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ReadError("The run lengths of a mask are cut off. Export it again.")
    return counts
