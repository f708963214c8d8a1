"""Over-segmentation by merging small basins until few enough are left.

The basins of a fine watershed follow borders well but are ten times too many. Pairs
that touch are merged, the least costly first, until the budget is met, so that
superpixels end up small where a picture has detail and large where it has none.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from napari_gnn_vos.prepare.basins import borders, gather, sums
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
    labels = watershed_basins(picture, colours, SPACING, FINE_PASSES)
    steep = _gradient(colours)
    total, size = _totals(labels, colours, motions)
    root = _merge(total, size, borders(labels, steep), budget, CONTRAST)
    labels = root[labels]
    for _ in range(FINAL_PASSES):
        labels = relax(labels, colours)
    return consecutive(labels)


def _totals(
    labels: NDArray[np.int32],
    colours: NDArray[np.float32],
    motions: list[NDArray[np.float32]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted sums of colour and motion over basins, (n, D), and their sizes, (n,)."""
    total, size = sums(labels, colours)
    parts = [total * (1, CHROMA, CHROMA)]
    parts += [MOTION * sums(labels, motion)[0] for motion in motions]
    return np.concatenate(parts, axis=1), size


def _gradient(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steepness of a slightly blurred picture, (H, W), in steps per pixel."""
    smooth = cv2.GaussianBlur(colours, (5, 5), 1)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    steep: NDArray[np.float32] = _steepness(across, down)
    return steep


@njit(cache=True, nogil=True, error_model="numpy")
def _steepness(across, down):  # type: ignore[no-untyped-def]
    h, w, depth = across.shape
    steep = np.zeros((h, w), np.float32)
    for r in range(h):
        for c in range(w):
            for d in range(depth):
                steep[r, c] += np.sqrt(across[r, c, d] ** 2 + down[r, c, d] ** 2)
    return steep


@njit(cache=True, nogil=True, error_model="numpy")
def _costs(pairs, length, strength, total, size, contrast):  # type: ignore[no-untyped-def]
    cost = np.empty(pairs.shape[1], np.float64)
    mean = total / size.reshape(-1, 1)
    for e in range(len(cost)):
        a, b = pairs[0, e], pairs[1, e]
        far = 0.0
        for d in range(mean.shape[1]):
            far += (mean[a, d] - mean[b, d]) ** 2
        edge = strength[e] / length[e]
        cost[e] = (far + contrast * edge * edge) * size[a] * size[b]
        cost[e] /= size[a] + size[b]
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def _choose(pairs, cost, n, most):  # type: ignore[no-untyped-def]
    """Mutually best pairs, cheapest first, half of them and at most `most`."""
    best, least = np.full(n, -1, np.int32), np.full(n, np.inf)
    for e in range(len(cost)):
        for k in (pairs[0, e], pairs[1, e]):
            if cost[e] < least[k]:
                best[k], least[k] = e, cost[e]
    chosen = np.empty(n, np.int32)
    count = 0
    for k in range(n):
        e = best[k]
        if e >= 0 and pairs[0, e] == k and best[pairs[1, e]] == e:
            chosen[count] = e
            count += 1
    order = np.argsort(cost[chosen[:count]])
    return chosen[order[: min(most, count // 2 + 1)]]


@njit(cache=True, nogil=True, error_model="numpy")
def _merge(total, size, edges, budget, contrast):  # type: ignore[no-untyped-def]
    """Merge basins until `budget` are left: the superpixel of each, (n,)."""
    pairs, length, strength = edges
    root = np.arange(len(size))
    while len(size) > budget and len(length) > 0:
        n = len(size)
        cost = _costs(pairs, length, strength, total, size, contrast)
        to = _renumber(pairs, _choose(pairs, cost, n, n - budget), n)
        total, size = _add_up(total, size, to)
        pairs, length, strength = _join(pairs, length, strength, to)
        for k in range(len(root)):
            root[k] = to[root[k]]
    return root.astype(np.int32)


@njit(cache=True, nogil=True, error_model="numpy")
def _renumber(pairs, chosen, n):  # type: ignore[no-untyped-def]
    """Give both ends of the chosen pairs one number, and leave no number out."""
    to = np.arange(n)
    for e in chosen:
        to[pairs[1, e]] = pairs[0, e]
    number = np.cumsum(to == np.arange(n)) - 1
    for k in range(n):
        to[k] = number[to[k]]
    return to


@njit(cache=True, nogil=True, error_model="numpy")
def _add_up(total, size, to):  # type: ignore[no-untyped-def]
    m = to.max() + 1
    new_total = np.zeros((m, total.shape[1]), np.float64)
    new_size = np.zeros(m, np.float64)
    for k in range(len(to)):
        new_size[to[k]] += size[k]
        for d in range(total.shape[1]):
            new_total[to[k], d] += total[k, d]
    return new_total, new_size


@njit(cache=True, nogil=True, error_model="numpy")
def _join(pairs, length, strength, to):  # type: ignore[no-untyped-def]
    """Borders between the new basins; those within one are gone."""
    kept = 0
    for e in range(len(length)):
        a, b = to[pairs[0, e]], to[pairs[1, e]]
        if a != b:
            pairs[0, kept], pairs[1, kept] = a, b
            length[kept], strength[kept] = length[e], strength[e]
            kept += 1
    return gather(pairs[:, :kept], length[:kept], strength[:kept], to.max() + 1)
