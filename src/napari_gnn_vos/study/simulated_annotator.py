"""Simulated annotator: strokes along the skeletons of erroneous regions.

Implemented from the description of the robot of the DAVIS interactive benchmark: one
stroke per sufficiently wide error region, along the longest path of its skeleton, on
the worst frame that was not annotated before.

References
----------
S. Caelles et al., "The 2018 DAVIS Challenge on Video Object Segmentation", 2018.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects, gaussian_filter1d
from scipy.ndimage import label as connected_parts
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree
from skimage.morphology import medial_axis

from napari_gnn_vos.interact.strokes import rasterise
from napari_gnn_vos.structures.scribbles import BACKGROUND, Scribble
from napari_gnn_vos.study.metrics import jaccard, objects_of

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
MIN_WIDTH_SHARE, MAX_RADIUS = 0.2, 16.0
"""Regions that contain no disk of this diameter are skipped: a share of the side of a
square with the area of all errors of the label; and the maximum radius in pixels."""
MIN_POINTS = 4
"""Minimum number of skeleton pixels for a stroke along the skeleton."""
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class SimulatedAnnotator:
    """Draw strokes in the errors of one frame per round.

    Parameters
    ----------
    vary : bool
        Choose frame, errors and stroke segment at random with probability increasing
        with size, for training; otherwise the worst frame and all errors.
    """

    vary: bool = False

    def __call__(
        self,
        labels: U8 | None,
        truth: U8,
        rng: Generator,
        used: Collection[int] = (),
    ) -> tuple[Scribble, ...]:
        """Draw strokes on the worst frame.

        Parameters
        ----------
        labels : (T, H, W) ndarray of uint8 or None
            Prediction of the last round; None in the first.
        truth : (T, H, W) ndarray of uint8
        rng : numpy.random.Generator
        used : collection of int
            Frames corrected in earlier rounds; skipped until all frames were used.

        Returns
        -------
        scribbles : tuple of Scribble
            On one frame, the longest first; in the first round on every object there
            and on background. Empty if nothing is left to correct.
        """
        objects = objects_of(truth)
        if labels is None:
            t = self._first_frame(truth, objects, rng)
        else:
            t = self._worst_frame(1 - jaccard(labels, truth, objects), used, rng)
        strokes = correct(t, None if labels is None else labels[t], truth[t])
        if self.vary:
            strokes = _random_subset(strokes, every_label=labels is None, rng=rng)
        return tuple(strokes)

    def _first_frame(self, truth: U8, objects: tuple[int, ...], rng: Generator) -> int:
        """Choose the frame on which the smallest relative object area is largest."""
        areas = np.stack([(truth == k).sum(axis=(1, 2)) for k in objects], axis=1)
        share = (areas / np.maximum(areas.max(axis=0), 1)).min(axis=1)
        if self.vary:
            return int(rng.choice(np.flatnonzero(share >= 0.5 * share.max())))
        return int(share.argmax())

    def _worst_frame(self, error: F64, used: Collection[int], rng: Generator) -> int:
        error = error.mean(axis=1)
        if len(used) < len(error):
            error[list(used)] = -1
        if self.vary and (error > 0).any():
            weight = np.maximum(error, 0) ** 3
            return int(rng.choice(len(error), p=weight / weight.sum()))
        return int(error.argmax())


def correct(t: int, predicted: U8 | None, truth: U8) -> list[Scribble]:
    """Draw strokes in all sufficiently wide errors of frame `t`.

    Parameters
    ----------
    t : int
    predicted : (H, W) ndarray of uint8 or None
        Labels; None if there are none.
    truth : (H, W) ndarray of uint8
        Ground truth.

    Returns
    -------
    scribbles : list of Scribble
        The longest first.
    """
    if predicted is None:
        predicted = np.full_like(truth, 255)  # no label: everything is an error
    scribbles = []
    for label in (BACKGROUND, *objects_of(truth)):
        wrong = (truth == label) & (predicted != label)
        scribbles += [Scribble(t, label, path) for path in scribbles_for_errors(wrong)]
    return sorted(scribbles, key=_length, reverse=True)


def scribbles_for_errors(wrong: Mask) -> list[F64]:
    """Draw strokes along the skeletons of the regions of a mask.

    Parameters
    ----------
    wrong : (H, W) ndarray of bool
        All errors of one label on a frame.

    Returns
    -------
    paths : list of (P, 2) ndarray of float64
        Points (row, column) of a smoothed line; all pixels of the skeleton where the
        smoothed line would leave the mask. Narrow regions get no stroke; round
        regions, whose skeleton is almost a point, get a short one.
    """
    paths = []
    parts, _ = connected_parts(_remove_narrow_parts(wrong), EIGHT_NEIGHBOURS)
    for number, box in enumerate(find_objects(parts), start=1):
        region = np.pad(parts[box] == number, 1)
        corner = [side.start - 1 for side in box]
        points = np.argwhere(medial_axis(region, rng=0)) + corner
        if len(points) >= MIN_POINTS:
            path = points[_longest_path(points)].astype(float)
            paths.append(_smooth(path, wrong))
        else:
            paths += [chord + corner for chord in _chord(region)]
    return paths


def _chord(region: Mask) -> list[F64]:
    """Draw a horizontal chord of one radius through the centre of a wide region."""
    distance = distance_transform_edt(region)
    row, col = np.unravel_index(distance.argmax(), distance.shape)
    half = int(distance.max() / 2)
    ends = [[row, col - half], [row, col + half]]
    return [np.array(ends, float)] if 2 * half >= MIN_POINTS else []


def _remove_narrow_parts(wrong: Mask) -> Mask:
    """Open the mask morphologically; keep masks at most two pixels wide."""
    area = np.count_nonzero(wrong)
    radius = min(MIN_WIDTH_SHARE * np.sqrt(area) / 2, MAX_RADIUS)
    if radius <= 1 or area == wrong.size:
        return wrong
    distance = distance_transform_edt(wrong)
    radius = min(radius, 0.95 * float(distance.max()))
    core = distance > radius
    opened: Mask = distance_transform_edt(~core) <= radius
    return opened & wrong if radius > 1 else np.zeros_like(wrong)


def _smooth(path: F64, inside: Mask) -> F64:
    smooth = gaussian_filter1d(path, 3, axis=0, mode="nearest")
    smooth = np.concatenate([smooth[:-1:4], smooth[-1:]])
    rows, cols = rasterise(Scribble(0, BACKGROUND, smooth), (1, *inside.shape)).T
    return smooth if inside[rows, cols].all() else path


def _length(scribble: Scribble) -> float:
    return float(np.linalg.norm(np.diff(scribble.path, axis=0), axis=1).sum())


def _random_subset(
    scribbles: list[Scribble], *, every_label: bool, rng: Generator
) -> list[Scribble]:
    """Choose strokes at random by length, and shorten some of them."""
    if not scribbles:
        return scribbles
    length = np.array([1 + _length(scribble) for scribble in scribbles])
    count = int(rng.integers(1, len(scribbles) + 1))
    chosen = set(
        rng.choice(len(scribbles), count, replace=False, p=length / length.sum())
    )
    if every_label:
        labels = [scribble.label for scribble in scribbles]
        chosen |= {labels.index(label) for label in labels}
    out = []
    for k in sorted(chosen):
        path = scribbles[k].path
        if rng.random() < 0.5 and len(path) > 4:
            size = int(rng.integers(3, len(path) + 1))
            begin = int(rng.integers(0, len(path) - size + 1))
            path = path[begin : begin + size]
        out.append(replace(scribbles[k], path=path))
    return out


def _longest_path(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the longest geodesic path of a skeleton; returns point indices."""
    pairs = cKDTree(points).query_pairs(1.5, output_type="ndarray")
    length = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    n = len(points)
    adjacency = csr_array((length, (pairs[:, 0], pairs[:, 1])), (n, n))
    end = int(dijkstra(adjacency, directed=False, indices=0).argmax())
    distance, predecessor = dijkstra(
        adjacency, directed=False, indices=end, return_predecessors=True
    )
    path = [int(distance.argmax())]
    while path[-1] != end:
        path.append(int(predecessor[path[-1]]))
    return np.array(path)
