"""Superpixels as in the paper: SLIC, split and refined at motion boundaries (III-A)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components
from skimage.segmentation import slic

from napari_gnn_vos.prepare.watershed import lab_colours, relabel_consecutively, relax
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2

INITIAL_FRACTION = 0.4
"""Fraction of the budget of the first SLIC (released code of the paper: 300 of 800)."""
PARTS_PER_SPLIT = 4
"""Superpixels that a superpixel near a motion boundary is split into."""
REFINEMENT_LEVELS = 2
"""Number of refinements; the first one uses half of the remaining budget."""
MIN_REGION_PIXELS = 40
"""Smaller regions are merged into their neighbours."""
MOTION_GAIN = 40.0
"""Brightness levels per pixel of motion in the image of the flow."""


def slic_superpixels(
    image: Rgb, motions: list[NDArray[np.float32]], budget: int
) -> NDArray[np.int32]:
    """Segment an image by SLIC, split at motion boundaries and refined around them.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8
    motions : list of (H, W, 2) ndarray of float32
        Motion to the next frame, to the previous one, or both, in pixels; none for a
        single image.
    budget : int
        Approximate number of superpixels.

    Returns
    -------
    labels : (H, W) ndarray of int32
        Superpixels 0 .. n - 1.

    References
    ----------
    Paper, III-A. R. Achanta et al., "SLIC Superpixels", PAMI 2012.
    """
    lab = lab_colours(image)
    boundaries = np.zeros(image.shape[:2], bool)
    for motion in motions:
        boundaries |= motion_boundaries(motion)
    labels = slic(
        lab,
        n_segments=max(int(budget * INITIAL_FRACTION), 1),
        compactness=0.1,
        slic_zero=True,
        convert2lab=False,
        channel_axis=2,
        start_label=1,
        max_num_iter=5,
    )
    regions = connected_components(np.where(boundaries, 0, labels), connectivity=1)
    labels = _merge_small_regions(regions, lab)
    density = cv2.GaussianBlur(boundaries.astype(np.float32), (0, 0), 8)
    for level in range(REFINEMENT_LEVELS):
        missing = budget - int(labels.max()) - 1
        splits = missing // (PARTS_PER_SPLIT - 1)
        if level == 0:
            splits = missing // (2 * (PARTS_PER_SPLIT - 1))
        labels = _refine(labels, lab, density, max(splits, 0))
    return labels


def motion_boundaries(motion: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Detect motion boundaries by Canny on the colour-coded flow, (H, W)."""
    magnitude, angle = cv2.cartToPolar(
        np.ascontiguousarray(motion[..., 1]), np.ascontiguousarray(motion[..., 0])
    )
    hsv = np.full((*magnitude.shape, 3), 255, np.uint8)
    hsv[..., 0] = angle * (90 / np.pi)
    hsv[..., 2] = np.minimum(MOTION_GAIN * magnitude, 255)
    bgr = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    edges: NDArray[np.uint8] = cv2.Canny(bgr, 100, 200)
    return edges > 0


def _merge_small_regions(
    labels: NDArray[np.int64], lab: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Assign boundary pixels (0) and small regions to a neighbouring region."""
    size = np.bincount(labels.ravel())
    unassigned = (size < MIN_REGION_PIXELS)[labels] | (labels == 0)
    markers = np.where(unassigned, 0, labels).astype(np.int32)
    image = np.ascontiguousarray(np.clip(lab, 0, 255).astype(np.uint8))
    flooded: NDArray[np.int32] = cv2.watershed(image, markers)
    grown: NDArray[np.float32] = cv2.dilate(
        np.maximum(flooded, 0).astype(np.float32), np.ones((3, 3), np.uint8)
    )
    flooded = np.where(flooded > 0, flooded, grown).astype(np.int32)
    return relabel_consecutively(relax(relabel_consecutively(flooded), lab))


def _refine(
    labels: NDArray[np.int32],
    lab: NDArray[np.float32],
    density: NDArray[np.float32],
    max_splits: int,
) -> NDArray[np.int32]:
    """Split up to `max_splits` superpixels with the most motion boundaries nearby.

    Parameters
    ----------
    labels : (H, W) ndarray of int32
    lab : (H, W, 3) ndarray of float32
    density : (H, W) ndarray of float32
        Blurred motion boundaries.
    max_splits : int

    Returns
    -------
    labels : (H, W) ndarray of int32
    """
    size = np.bincount(labels.ravel())
    mean_density = np.bincount(labels.ravel(), density.ravel()) / size
    mean_density[size < PARTS_PER_SPLIT * MIN_REGION_PIXELS] = -1
    selected = np.argsort(-mean_density)[:max_splits]
    selected = selected[mean_density[selected] > 0]
    if len(selected) == 0:
        return labels
    mask = np.isin(labels, selected)
    parts = slic(
        lab,
        n_segments=PARTS_PER_SPLIT * len(selected),
        compactness=10,
        convert2lab=False,
        channel_axis=2,
        mask=mask,
        start_label=1,
        max_num_iter=5,
    )
    refined = np.where(mask, int(labels.max()) + 1 + parts, labels)
    return relabel_consecutively(refined.astype(np.int32))
