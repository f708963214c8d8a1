"""Region adjacency graph of a label image: border pairs and sums over regions.

Functions are compiled. Labels are (H, W) integer arrays with the values 0 .. n - 1.
"""

from __future__ import annotations

import numpy as np

from napari_gnn_vos.compiler import njit


@njit(cache=True, nogil=True, error_model="numpy")
def region_sums(labels, features):  # type: ignore[no-untyped-def]
    """Sum (H, W, D) features over each region, (n, D), and count its pixels, (n,)."""
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
def region_adjacency(labels, gradient):  # type: ignore[no-untyped-def]
    """List the pairs of 4-connected regions.

    Parameters
    ----------
    labels : (H, W) ndarray of int
    gradient : (H, W) ndarray of float32

    Returns
    -------
    pairs : (2, e) ndarray of int32
        i < j, each pair once.
    length : (e,) ndarray of float64
        Length of the common border in pixels.
    strength : (e,) ndarray of float64
        Gradient magnitude, summed along the border.
    """
    h, w = labels.shape
    capacity = 2 * h * w
    pairs = np.empty((2, capacity), np.int32)
    strength = np.empty(capacity, np.float32)
    count = 0
    for r in range(h):
        for c in range(w):
            a = labels[r, c]
            for down in range(2):
                rr, cc = r + down, c + 1 - down
                if rr < h and cc < w and labels[rr, cc] != a:
                    pairs[0, count] = a
                    pairs[1, count] = labels[rr, cc]
                    strength[count] = max(gradient[r, c], gradient[rr, cc])
                    count += 1
    ones = np.ones(count, np.float32)
    return sum_duplicate_pairs(
        pairs[:, :count], ones, strength[:count], labels.max() + 1
    )


@njit(cache=True, nogil=True, error_model="numpy")
def sum_duplicate_pairs(pairs, first, second, n):  # type: ignore[no-untyped-def]
    """Sum two weights over equal unordered pairs of nodes.

    Parameters
    ----------
    pairs : (2, m) ndarray of int32
        Nodes 0 .. n - 1.
    first, second : (m,) ndarray of float32
        Weights.
    n : int

    Returns
    -------
    pairs : (2, e) ndarray of int32
        i < j, each pair once, in the order of first occurrence.
    first, second : (e,) ndarray of float64
        Sums of the weights.
    """
    head = np.full(n, -1, np.int32)  # linked list of the pairs of each node i
    following = np.empty(pairs.shape[1], np.int32)
    unique = np.empty((2, pairs.shape[1]), np.int32)
    first_sum = np.zeros(pairs.shape[1], np.float64)
    second_sum = np.zeros(pairs.shape[1], np.float64)
    count = 0
    for k in range(pairs.shape[1]):
        i = min(pairs[0, k], pairs[1, k])
        j = max(pairs[0, k], pairs[1, k])
        e = head[i]
        while e >= 0 and unique[1, e] != j:
            e = following[e]
        if e < 0:
            e = count
            count += 1
            unique[0, e], unique[1, e] = i, j
            following[e] = head[i]
            head[i] = e
        first_sum[e] += first[k]
        second_sum[e] += second[k]
    return unique[:, :count], first_sum[:count], second_sum[:count]
