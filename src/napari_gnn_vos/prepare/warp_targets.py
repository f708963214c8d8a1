"""Where flow carries the pixels of a frame."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from napari_gnn_vos.prepare.flow import COARSER


def warp_targets(
    labels: NDArray[np.uint16],
    labels_to: NDArray[np.uint16],
    there: NDArray[np.float16],
    back: NDArray[np.float16],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Follow flow from every cell of the coarser grid.

    Parameters
    ----------
    labels, labels_to : (H, W) ndarray of uint16
        Superpixels of a frame and of the one that flow leads to.
    there, back : (h, w, 2) ndarray of float16
        Flow from the frame to the other, and from the other to it.

    Returns
    -------
    source, target : (c,) ndarray of int32
        Superpixel of a cell, and the one it lands in; cells that leave are left out.
    error : (c,) ndarray of float32
        How far the cell misses itself when carried there and back, in pixels.
    """
    source, target, error, count = _land(
        labels, labels_to, there.astype(np.float32), back.astype(np.float32), COARSER
    )
    return source[:count], target[:count], error[:count]


@njit(cache=True, nogil=True, error_model="numpy")
def _land(labels, labels_to, there, back, coarser):  # type: ignore[no-untyped-def]
    h, w = labels.shape
    rows, cols = there.shape[0], there.shape[1]
    source = np.empty(rows * cols, np.int32)
    target = np.empty(rows * cols, np.int32)
    error = np.empty(rows * cols, np.float32)
    count = 0
    for y in range(rows):
        for x in range(cols):
            r, c = y * coarser, x * coarser
            move_r, move_c = there[y, x, 0], there[y, x, 1]
            to_r, to_c = int(np.rint(r + move_r)), int(np.rint(c + move_c))
            if to_r < 0 or to_c < 0 or to_r >= h or to_c >= w:
                continue
            yy, xx = to_r // coarser, to_c // coarser
            miss_r = move_r + back[yy, xx, 0]
            miss_c = move_c + back[yy, xx, 1]
            source[count] = labels[r, c]
            target[count] = labels_to[to_r, to_c]
            error[count] = np.sqrt(miss_r**2 + miss_c**2)
            count += 1
    return source, target, error, count
