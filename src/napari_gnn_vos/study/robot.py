"""A robot that annotates: strokes along the middle of the largest errors.

After the robot of the DAVIS interactive benchmark (S. Caelles et al., "The 2018 DAVIS
Challenge on Video Object Segmentation", 2018): in the region of an error, away from
its border, a stroke along the longest path of its skeleton.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d
from scipy.ndimage import label as connected_parts
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import BACKGROUND, Scribble
from napari_gnn_vos.study.metrics import jaccard, objects_of

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]
KERNEL, WIDEST = 0.2, 16.0
"""Strokes keep this share of a region's size, in pixels at most so many, from its
border."""
MOST = 0.8
"""Share of what is left inside that must hang together."""
SMALLEST = 30
"""Pixels; smaller errors are left alone."""


@dataclass(frozen=True, slots=True)
class Robot:
    """Draws one stroke a label and round.

    Parameters
    ----------
    vary : bool
        Choose frames and regions at random, the larger the likelier, as training
        needs; otherwise always the worst frame and the largest region.
    """

    vary: bool = False

    def __call__(
        self, labels: U8 | None, truth: U8, rng: Generator
    ) -> tuple[Scribble, ...]:
        """Draw on the worst frame.

        Parameters
        ----------
        labels : (T, H, W) ndarray of uint8 or None
            The answer of the last round; None in the first.
        truth : (T, H, W) ndarray of uint8
        rng : numpy.random.Generator

        Returns
        -------
        scribbles : tuple of Scribble
            On one frame; in the first round one for every object there and one for
            background. Empty if nothing is left to correct.
        """
        t = self._frame(labels, truth, rng)
        right = truth[t]
        given = np.full_like(right, 255) if labels is None else labels[t]
        found = []
        for label in (BACKGROUND, *objects_of(right)):
            wrong = (right == label) & (given != label)
            region = self._region(wrong, rng)
            if region is not None:
                path = stroke_along(region, rng if self.vary else None)
                found.append((int(region.sum()), Scribble(t, int(label), path)))
        return tuple(scribble for _, scribble in sorted(found, key=lambda f: -f[0]))

    def _frame(self, labels: U8 | None, truth: U8, rng: Generator) -> int:
        objects = objects_of(truth)
        if labels is None:
            areas = np.stack([(truth == k).sum(axis=(1, 2)) for k in objects], axis=1)
            share = (areas / np.maximum(areas.max(axis=0), 1)).min(axis=1)
            if self.vary:
                return int(rng.choice(np.flatnonzero(share >= 0.5 * share.max())))
            return int(share.argmax())
        lost = 1 - jaccard(labels, truth, objects).mean(axis=1)
        if self.vary and lost.sum() > 0:
            return int(rng.choice(len(lost), p=lost**3 / (lost**3).sum()))
        return int(lost.argmax())

    def _region(self, wrong: Mask, rng: Generator) -> Mask | None:
        parts, count = connected_parts(wrong)
        size = np.bincount(parts.ravel())[1:]
        size = np.where(size < SMALLEST, 0, size)
        if count == 0 or size.max() == 0:
            return None
        chosen = rng.choice(count, p=size / size.sum()) if self.vary else size.argmax()
        out: Mask = parts == chosen + 1
        return out


def stroke_along(region: Mask, rng: Generator | None = None) -> NDArray[np.float64]:
    """Draw a line along the middle of a region.

    Parameters
    ----------
    region : (H, W) ndarray of bool
        One connected region.
    rng : numpy.random.Generator, optional
        If given, only a random stretch of the line is drawn.

    Returns
    -------
    path : (P, 2) ndarray of float64
        Points (row, column), smooth, a few pixels apart; or every pixel of the line,
        where a smooth one would leave the region.
    """
    away = distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    points = np.argwhere(skeletonize(_inside(region, away)))
    if len(points) < 2:
        return np.argwhere(away == away.max())[:1].astype(float)
    path = points[_longest_path(points)].astype(float)
    if rng is not None and len(path) > 20:
        length = rng.integers(10, len(path) + 1)
        begin = rng.integers(0, len(path) - length + 1)
        path = path[begin : begin + length]
    smooth = gaussian_filter1d(path, 3, axis=0, mode="nearest")
    smooth = np.concatenate([smooth[:-1:4], smooth[-1:]])
    rows, cols = rasterise(Scribble(0, BACKGROUND, smooth), (1, *region.shape)).T
    return smooth if region[rows, cols].all() else path


def _inside(region: Mask, away: NDArray[np.float64]) -> Mask:
    """Keep the part of a region away from its border, in one piece.

    Where a wide border would cut it into pieces of which none is most of it, a
    narrower one is kept: a person's stroke goes through the whole of an object.
    """
    margin = min(KERNEL * np.sqrt(region.sum()), WIDEST, 0.8 * float(away.max()))
    while True:
        parts, _ = connected_parts(away >= margin)
        size = np.bincount(parts.ravel())[1:]
        if margin < 1 or size.max() >= MOST * size.sum():
            kept: Mask = parts == size.argmax() + 1
            return kept
        margin /= 2


def _longest_path(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of the points along the longest shortest path of a skeleton."""
    pairs = cKDTree(points).query_pairs(1.5, output_type="ndarray")
    far = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    n = len(points)
    ties = csr_array((far, (pairs[:, 0], pairs[:, 1])), (n, n))
    end = _furthest(dijkstra(ties, directed=False, indices=0))
    reach, before = dijkstra(
        ties, directed=False, indices=end, return_predecessors=True
    )
    path = [_furthest(reach)]
    while path[-1] != end:
        path.append(int(before[path[-1]]))
    return np.array(path)


def _furthest(reach: NDArray[np.float64]) -> int:
    return int(np.where(np.isfinite(reach), reach, -1).argmax())
