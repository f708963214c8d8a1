"""Over-segmentation as in the paper: SLIC, cut and refined at borders of motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_parts
from skimage.segmentation import slic

from napari_gnn_vos.prepare.watershed import consecutive, lab_colours, relax
from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2

BASE_SHARE = 0.4
"""Share of the budget that the first SLIC gets (paper's release: 300 of 800)."""
PARTS = 4
LEVELS = 2
SMALLEST = 40
"""Pixels; smaller pieces are left to their neighbours."""
STRONG_MOTION = 40.0


def slic_superpixels(
    picture: Rgb, motions: list[NDArray[np.float32]], budget: int
) -> NDArray[np.int32]:
    """Cut a picture by SLIC, then along and around borders of motion.

    Parameters
    ----------
    picture : (H, W, 3) ndarray of uint8
    motions : list of (H, W, 2) ndarray of float32
        Flow to the next frame, from the one before, or both, in pixels.
    budget : int
        Superpixels to aim for.

    Returns
    -------
    labels : (H, W) ndarray of int32
        Numbers 0 .. n - 1.

    References
    ----------
    Paper, III-A. R. Achanta et al., "SLIC Superpixels", PAMI 2012.
    """
    lab = lab_colours(picture)
    borders = np.any([motion_borders(motion) for motion in motions], axis=0)
    labels = slic(
        lab,
        n_segments=int(budget * BASE_SHARE),
        compactness=0.1,
        slic_zero=True,
        convert2lab=False,
        channel_axis=2,
        start_label=1,
        max_num_iter=5,
    )
    labels = _tidy(connected_parts(np.where(borders, 0, labels), connectivity=1), lab)
    soft = cv2.GaussianBlur(borders.astype(np.float32), (0, 0), 8)
    for level in range(LEVELS):
        missing = budget - int(labels.max()) - 1
        most = missing // (PARTS - 1) if level else missing // (2 * (PARTS - 1))
        labels = _refine(labels, lab, soft, max(most, 0))
    return labels


def motion_borders(motion: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Find candidates for object borders: Canny on flow drawn as colours, (H, W)."""
    strength, angle = cv2.cartToPolar(
        np.ascontiguousarray(motion[..., 1]), np.ascontiguousarray(motion[..., 0])
    )
    hsv = np.full((*strength.shape, 3), 255, np.uint8)
    hsv[..., 0] = angle * (90 / np.pi)
    hsv[..., 2] = np.minimum(STRONG_MOTION * strength, 255)
    drawn = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    edges: NDArray[np.uint8] = cv2.Canny(drawn, 100, 200)
    return edges > 0


def _tidy(labels: NDArray[np.int64], lab: NDArray[np.float32]) -> NDArray[np.int32]:
    """Give border pixels and small pieces to a neighbour."""
    size = np.bincount(labels.ravel())
    weak = (size < SMALLEST)[labels] | (labels == 0)
    markers = np.where(weak, 0, labels).astype(np.int32)
    flat = np.ascontiguousarray(np.clip(lab, 0, 255).astype(np.uint8))
    flooded: NDArray[np.int32] = cv2.watershed(flat, markers)
    grown: NDArray[np.float32] = cv2.dilate(
        np.maximum(flooded, 0).astype(np.float32), np.ones((3, 3), np.uint8)
    )
    flooded = np.where(flooded > 0, flooded, grown).astype(np.int32)
    return consecutive(relax(consecutive(flooded), lab))


def _refine(
    labels: NDArray[np.int32],
    lab: NDArray[np.float32],
    soft: NDArray[np.float32],
    most: int,
) -> NDArray[np.int32]:
    """Split the superpixels nearest to borders of motion into four each."""
    size = np.bincount(labels.ravel())
    near = np.bincount(labels.ravel(), soft.ravel()) / size
    near[size < PARTS * SMALLEST] = -1
    chosen = np.argsort(-near)[:most]
    chosen = chosen[near[chosen] > 0]
    if len(chosen) == 0:
        return labels
    mask = np.isin(labels, chosen)
    parts = slic(
        lab,
        n_segments=PARTS * len(chosen),
        compactness=10,
        convert2lab=False,
        channel_axis=2,
        mask=mask,
        start_label=1,
        max_num_iter=5,
    )
    both = np.where(mask, int(labels.max()) + 1 + parts, labels)
    return consecutive(both.astype(np.int32))
