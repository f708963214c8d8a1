"""Over-segmentation of a frame into superpixels by a method selected by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import Quality, SuperpixelSettings
from napari_gnn_vos.prepare.region_merging import merge_superpixels
from napari_gnn_vos.prepare.slic import slic_superpixels
from napari_gnn_vos.prepare.watershed import lab_colours, watershed_basins
from napari_gnn_vos.structures.rgb import Rgb

Oversegment = Callable[[Rgb, list[NDArray[np.float32]], int], NDArray[np.int32]]
"""From an image (H, W, 3), its motions (H, W, 2) and the number of superpixels, to
labels (H, W), 0 .. n - 1."""


def grid_superpixels(
    image: Rgb,
    motions: list[NDArray[np.float32]],  # noqa: ARG001 - the signature of all methods
    budget: int,
) -> NDArray[np.int32]:
    """Segment by a watershed from a regular grid of about `budget` markers.

    The parameters are those of `merge_superpixels`; motion is ignored.
    """
    h, w = image.shape[:2]
    spacing = max(4, round((h * w / budget) ** 0.5))
    return watershed_basins(image, lab_colours(image), spacing, passes=1)


METHODS: dict[str, Oversegment] = {
    "merge": merge_superpixels,
    "slic": slic_superpixels,
    "watershed": grid_superpixels,
}


BUDGET_FACTOR = {"fast": 0.75, "balanced": 1.0, "best": 1.5}
"""Number of superpixels at each quality relative to the setting."""
MAX_SUPERPIXELS = 60_000
"""Limit per frame: labels are uint16."""
MIN_MEAN_SIZE = 36
"""Pixels per superpixel in small frames."""


def oversegment(
    image: Rgb,
    motions: list[NDArray[np.float32]],
    settings: SuperpixelSettings,
    quality: Quality = "balanced",
) -> NDArray[np.uint16]:
    """Segment a frame into superpixels.

    Parameters
    ----------
    image : (H, W, 3) ndarray of uint8
    motions : list of (H, W, 2) ndarray of float32
        Motion to the next frame, to the previous one, or both, in pixels.
    settings : SuperpixelSettings
    quality : {"fast", "balanced", "best"}

    Returns
    -------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1, each non-empty; in small frames at most one per
        `MIN_MEAN_SIZE` pixels.
    """
    height, width, _ = image.shape
    budget = superpixel_budget(height * width, settings, quality)
    return METHODS[settings.method](image, motions, budget).astype(np.uint16)


def superpixel_budget(
    pixels: int, settings: SuperpixelSettings, quality: Quality
) -> int:
    """Return the largest number of superpixels of a prepared frame.

    Parameters
    ----------
    pixels : int
        Number of pixels of the frame.
    settings : SuperpixelSettings
    quality : {"fast", "balanced", "best"}
    """
    count = round(BUDGET_FACTOR[quality] * settings.per_frame)
    return min(count, MAX_SUPERPIXELS, max(4, pixels // MIN_MEAN_SIZE))
