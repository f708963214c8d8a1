"""Over-segmentation by merging small basins until few enough are left.

The basins of a fine watershed follow borders well but are ten times too many. Pairs
that touch are merged, the least costly first, until the budget is met, so that
superpixels end up small where a picture has detail and large where it has none.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from napari_gnn_vos.prepare.watershed import (
    consecutive,
    lab_colours,
    relax,
    watershed_basins,
)
from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2

SPACING = 6
FINE_PASSES = 2
FINAL_PASSES = 1
CHROMA = 4.0
"""Weight of a and b beside L: shadows change lightness, objects change colour."""
MOTION = 8.0
"""Weight of a pixel of motion beside a step of lightness."""
CONTRAST = 1.0
"""Weight of the gradient along a border beside the difference of the means."""


def merge_superpixels(
    picture: Rgb, motions: list[NDArray[np.float32]], budget: int
) -> NDArray[np.int32]:
    """Cut a picture into at most `budget` superpixels.

    Parameters
    ----------
    picture : (H, W, 3) ndarray of uint8
    motions : list of (H, W, 2) ndarray of float32
        Flow to the next frame, from the one before, or both, in pixels.
    budget : int
        Superpixels to end up with, at most.

    Returns
    -------
    labels : (H, W) ndarray of int32
        Numbers 0 .. n - 1.

    Notes
    -----
    The cost of a merger is Ward's: the growth of the variance of colour and motion
    within superpixels, with the mean gradient along their border added. Mutually best
    pairs are merged in rounds, the cheaper half in each.

    References
    ----------
    J. H. Ward, "Hierarchical Grouping to Optimize an Objective Function", 1963.
    """
    colours = lab_colours(picture)
    labels = watershed_basins(picture, SPACING, FINE_PASSES)
    channels = [colours * np.array([1, CHROMA, CHROMA], np.float32)]
    channels += [np.float32(MOTION) * motion for motion in motions]
    root = _merge(
        labels,
        np.concatenate(channels, axis=2),
        _gradient(colours),
        budget,
        np.float32(CONTRAST),
    )
    labels = root[labels]
    for _ in range(FINAL_PASSES):
        labels = relax(labels, colours)
    return consecutive(labels)


def _gradient(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steepness of a slightly blurred picture, (H, W), in steps per pixel."""
    smooth = cv2.GaussianBlur(colours, (5, 5), 1)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    return _steepness(across, down)


@njit(cache=True, nogil=True)
def _steepness(across, down):  # type: ignore[no-untyped-def]
    h, w, depth = across.shape
    steep = np.zeros((h, w), np.float32)
    for r in range(h):
        for c in range(w):
            for d in range(depth):
                steep[r, c] += np.sqrt(across[r, c, d] ** 2 + down[r, c, d] ** 2)
    return steep


@njit(cache=True, nogil=True)
def _sums(labels, features):  # type: ignore[no-untyped-def]
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


@njit(cache=True, nogil=True)
def _borders(labels, steep):  # type: ignore[no-untyped-def]
    """List touching pairs: ends i < j, border length, gradient summed along it."""
    h, w = labels.shape
    steps = 2 * h * w
    ends = np.empty((2, steps), np.int32)
    weight = np.empty(steps, np.float64)
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
    ones = np.ones(count, np.float64)
    return _gather(ends[:, :count], ones, weight[:count], labels.max() + 1)


@njit(cache=True, nogil=True)
def _gather(ends, first, second, n):  # type: ignore[no-untyped-def]
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


@njit(cache=True, nogil=True)
def _costs(pairs, length, strength, total, size, contrast):  # type: ignore[no-untyped-def]
    cost = np.empty(pairs.shape[1], np.float64)
    for e in range(len(cost)):
        a, b = pairs[0, e], pairs[1, e]
        far = 0.0
        for d in range(total.shape[1]):
            far += (total[a, d] / size[a] - total[b, d] / size[b]) ** 2
        edge = strength[e] / length[e]
        cost[e] = (far + contrast * edge * edge) * size[a] * size[b]
        cost[e] /= size[a] + size[b]
    return cost


@njit(cache=True, nogil=True)
def _choose(pairs, cost, n, most):  # type: ignore[no-untyped-def]
    """Mutually best pairs, cheapest first, half of them and at most `most`."""
    best = np.full(n, -1, np.int32)
    for e in range(len(cost)):
        for side in range(2):
            k = pairs[side, e]
            if best[k] < 0 or cost[e] < cost[best[k]]:
                best[k] = e
    chosen = np.empty(n, np.int32)
    count = 0
    for k in range(n):
        e = best[k]
        if e >= 0 and pairs[0, e] == k and best[pairs[1, e]] == e:
            chosen[count] = e
            count += 1
    order = np.argsort(cost[chosen[:count]])
    return chosen[order[: min(most, count // 2 + 1)]]


@njit(cache=True, nogil=True)
def _merge(labels, features, steep, budget, contrast):  # type: ignore[no-untyped-def]
    total, size = _sums(labels, features)
    pairs, length, strength = _borders(labels, steep)
    root = np.arange(len(size))
    n = len(size)
    while n > budget and len(length) > 0:
        cost = _costs(pairs, length, strength, total, size, contrast)
        to = np.arange(n)
        for e in _choose(pairs, cost, n, n - budget):
            to[pairs[1, e]] = pairs[0, e]
        number = np.cumsum(to == np.arange(n)) - 1
        m = number[-1] + 1
        new_total = np.zeros((m, total.shape[1]), np.float64)
        new_size = np.zeros(m, np.float64)
        for k in range(n):
            to[k] = number[to[k]]
            new_size[to[k]] += size[k]
            new_total[to[k]] += total[k]
        for k in range(len(root)):
            root[k] = to[root[k]]
        total, size, n = new_total, new_size, m
        kept = 0
        for e in range(len(length)):
            a, b = to[pairs[0, e]], to[pairs[1, e]]
            if a != b:
                pairs[0, kept], pairs[1, kept] = a, b
                length[kept], strength[kept] = length[e], strength[e]
                kept += 1
        pairs, length, strength = _gather(
            pairs[:, :kept], length[:kept], strength[:kept], n
        )
    return root.astype(np.int32)
