"""Superpixels by hierarchical merging on the region adjacency graph.

A fine watershed follows object boundaries well, but has about ten times as many basins
as the budget allows. Adjacent regions are merged in the order of increasing cost until
the budget is met. So superpixels are small in detailed and large in uniform parts of an
image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.compiler import njit
from napari_gnn_vos.hardware import raise_if_cancelled
from napari_gnn_vos.prepare.region_adjacency import (
    region_adjacency,
    region_sums,
    sum_duplicate_pairs,
)
from napari_gnn_vos.prepare.watershed import (
    lab_colours,
    relabel_consecutively,
    relax,
    watershed_basins,
)
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2

MARKER_SPACING = 6
"""Distance of the markers of the fine watershed in pixels."""
BASIN_RELAXATIONS, FINAL_RELAXATIONS = 2, 1
"""Passes of border relaxation before and after merging."""
CHROMA_WEIGHT = 4.0
"""Weight of a and b relative to L: a shadow changes lightness only."""
MOTION_WEIGHT = 8.0
"""Weight of a motion of one pixel relative to one level of lightness (0 to 255)."""
GRADIENT_WEIGHT = 1.0
"""Weight of the mean gradient along a border relative to the difference of means."""


def merge_superpixels(
    image: Rgb, motions: list[NDArray[np.float32]], budget: int
) -> NDArray[np.int32]:
    """Segment an image into at most `budget` superpixels.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8
    motions : list of (H, W, 2) ndarray of float32
        Motion to the next frame, to the previous one, or both, in pixels.
    budget : int
        Maximum number of superpixels.

    Returns
    -------
    labels : (H, W) ndarray of int32
        Superpixels 0 .. n - 1.

    Notes
    -----
    The cost of a merge is Ward's criterion, the increase of the variance of colour and
    motion within regions, plus a term for the mean gradient along their border. In each
    iteration the cheaper half of the mutually nearest pairs is merged.

    References
    ----------
    J. H. Ward, "Hierarchical Grouping to Optimize an Objective Function", 1963.
    """
    colours = lab_colours(image)
    labels = watershed_basins(image, colours, MARKER_SPACING, BASIN_RELAXATIONS)
    raise_if_cancelled()
    adjacency = region_adjacency(labels, _gradient_magnitude(colours))
    total, size = _feature_sums(labels, colours, motions)
    region = _merge_regions(total, size, adjacency, budget, GRADIENT_WEIGHT)
    labels = region[labels]
    for _ in range(FINAL_RELAXATIONS):
        labels = relax(labels, colours)
    return relabel_consecutively(labels)


def _feature_sums(
    labels: NDArray[np.int32],
    colours: NDArray[np.float32],
    motions: list[NDArray[np.float32]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum weighted colour and motion over basins, (n, D), and count pixels, (n,)."""
    total, size = region_sums(labels, colours)
    totals = [total * (1, CHROMA_WEIGHT, CHROMA_WEIGHT)]
    totals += [MOTION_WEIGHT * region_sums(labels, motion)[0] for motion in motions]
    return np.concatenate(totals, axis=1), size


def _gradient_magnitude(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum the gradient magnitudes of all channels of the blurred image, (H, W)."""
    smooth = cv2.GaussianBlur(colours, (5, 5), 1)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    magnitude: NDArray[np.float32] = _magnitude(dx, dy)
    return magnitude


@njit(cache=True, nogil=True, error_model="numpy")
def _magnitude(dx, dy):  # type: ignore[no-untyped-def]
    """Sum the lengths of the gradients (dx, dy) over the channels, (H, W)."""
    h, w, depth = dx.shape
    magnitude = np.zeros((h, w), np.float32)
    for r in range(h):
        for c in range(w):
            for d in range(depth):
                magnitude[r, c] += np.sqrt(dx[r, c, d] ** 2 + dy[r, c, d] ** 2)
    return magnitude


@njit(cache=True, nogil=True, error_model="numpy")
def _merge_costs(pairs, length, strength, total, size, weight):  # type: ignore[no-untyped-def]
    """Compute the cost of merging each pair of adjacent regions.

    With sizes A and B in pixels, means a and b of the features, and the mean gradient g
    along the border, the cost is ``(|a - b|^2 + weight g^2) A B / (A + B)``: Ward's
    criterion, and a term for the border.

    Parameters
    ----------
    pairs : (2, e) ndarray of int32
    length, strength : (e,) ndarray of float64
        See `region_adjacency`.
    total : (n, D) ndarray of float64
        Sums of the features over each region.
    size : (n,) ndarray of float64
        Pixels of each region.
    weight : float

    Returns
    -------
    cost : (e,) ndarray of float64
    """
    cost = np.empty(pairs.shape[1], np.float64)
    mean = total / size.reshape(-1, 1)
    for e in range(len(cost)):
        a, b = pairs[0, e], pairs[1, e]
        distance = 0.0
        for d in range(mean.shape[1]):
            distance += (mean[a, d] - mean[b, d]) ** 2
        gradient = strength[e] / length[e]
        cost[e] = (distance + weight * gradient * gradient) * size[a] * size[b]
        cost[e] /= size[a] + size[b]
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def _select_merges(pairs, cost, n, limit):  # type: ignore[no-untyped-def]
    """Select the cheaper half of the mutually nearest pairs, at most `limit`."""
    nearest, lowest = np.full(n, -1, np.int32), np.full(n, np.inf)
    for e in range(len(cost)):
        for k in (pairs[0, e], pairs[1, e]):
            if cost[e] < lowest[k]:
                nearest[k], lowest[k] = e, cost[e]
    mutual = np.empty(n, np.int32)
    count = 0
    for k in range(n):
        e = nearest[k]
        if e >= 0 and pairs[0, e] == k and nearest[pairs[1, e]] == e:
            mutual[count] = e
            count += 1
    order = np.argsort(cost[mutual[:count]])
    return mutual[order[: min(limit, count // 2 + 1)]]


@njit(cache=True, nogil=True, error_model="numpy")
def _merge_regions(total, size, adjacency, budget, weight):  # type: ignore[no-untyped-def]
    """Merge regions until `budget` remain; return the new region of each, (n,)."""
    pairs, length, strength = adjacency
    region = np.arange(len(size))
    while len(size) > budget and len(length) > 0:
        n = len(size)
        cost = _merge_costs(pairs, length, strength, total, size, weight)
        target = _merge_targets(pairs, _select_merges(pairs, cost, n, n - budget), n)
        total, size = _merge_sums(total, size, target)
        pairs, length, strength = _merge_adjacency(pairs, length, strength, target)
        for k in range(len(region)):
            region[k] = target[region[k]]
    return region.astype(np.int32)


@njit(cache=True, nogil=True, error_model="numpy")
def _merge_targets(pairs, selected, n):  # type: ignore[no-untyped-def]
    """Assign consecutive numbers to the regions after the selected merges, (n,)."""
    target = np.arange(n)
    for e in selected:
        target[pairs[1, e]] = pairs[0, e]
    number = np.cumsum(target == np.arange(n)) - 1
    for k in range(n):
        target[k] = number[target[k]]
    return target


@njit(cache=True, nogil=True, error_model="numpy")
def _merge_sums(total, size, target):  # type: ignore[no-untyped-def]
    """Sum features and sizes over merged regions."""
    m = target.max() + 1
    new_total = np.zeros((m, total.shape[1]), np.float64)
    new_size = np.zeros(m, np.float64)
    for k in range(len(target)):
        new_size[target[k]] += size[k]
        for d in range(total.shape[1]):
            new_total[target[k], d] += total[k, d]
    return new_total, new_size


@njit(cache=True, nogil=True, error_model="numpy")
def _merge_adjacency(pairs, length, strength, target):  # type: ignore[no-untyped-def]
    """Update the adjacency of merged regions and remove pairs inside a region."""
    kept = 0
    for e in range(len(length)):
        a, b = target[pairs[0, e]], target[pairs[1, e]]
        if a != b:
            pairs[0, kept], pairs[1, kept] = a, b
            length[kept], strength[kept] = length[e], strength[e]
            kept += 1
    return sum_duplicate_pairs(
        pairs[:, :kept], length[:kept], strength[:kept], target.max() + 1
    )
