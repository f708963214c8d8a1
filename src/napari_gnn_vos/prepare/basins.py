"""Basins of a picture as numbers: what they add up to, and where two of them touch.

Compiled; all arrays are NumPy's. Labels are (H, W) int32, numbers 0 .. n - 1.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def sums(labels, features):  # type: ignore[no-untyped-def]
    """Sum (H, W, D) features over every basin, (n, D), and count its pixels, (n,)."""
    n = labels.max() + 1
    h, w, depth = features.shape
    total = np.zeros((n, depth), np.float64)
    size = np.zeros(n, np.float64)
    for r in range(h):
        for c in range(w):
            k = labels[r, c]
            size[k] += 1
            for d in range(depth):
                total[k, d] += features[r, c, d]
    return total, size


@njit(cache=True, nogil=True, error_model="numpy")
def borders(labels, steep):  # type: ignore[no-untyped-def]
    """List touching pairs: ends i < j, border length, gradient summed along it."""
    h, w = labels.shape
    steps = 2 * h * w
    ends = np.empty((2, steps), np.int32)
    weight = np.empty(steps, np.float32)
    count = 0
    for r in range(h):
        for c in range(w):
            a = labels[r, c]
            for down in range(2):
                rr, cc = r + down, c + 1 - down
                if rr < h and cc < w and labels[rr, cc] != a:
                    ends[0, count] = a
                    ends[1, count] = labels[rr, cc]
                    weight[count] = max(steep[r, c], steep[rr, cc])
                    count += 1
    ones = np.ones(count, np.float32)
    return gather(ends[:, :count], ones, weight[:count], labels.max() + 1)


@njit(cache=True, nogil=True, error_model="numpy")
def gather(ends, first, second, n):  # type: ignore[no-untyped-def]
    """Sum `first` and `second` over equal pairs, each pair once and i < j."""
    head = np.full(n, -1, np.int32)
    following = np.empty(ends.shape[1], np.int32)
    pairs = np.empty((2, ends.shape[1]), np.int32)
    a = np.zeros(ends.shape[1], np.float64)
    b = np.zeros(ends.shape[1], np.float64)
    count = 0
    for k in range(ends.shape[1]):
        i = min(ends[0, k], ends[1, k])
        j = max(ends[0, k], ends[1, k])
        e = head[i]
        while e >= 0 and pairs[1, e] != j:
            e = following[e]
        if e < 0:
            e = count
            count += 1
            pairs[0, e], pairs[1, e] = i, j
            following[e] = head[i]
            head[i] = e
        a[e] += first[k]
        b[e] += second[k]
    return pairs[:, :count], a[:count], b[:count]
