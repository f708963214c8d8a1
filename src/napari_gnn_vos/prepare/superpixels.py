"""The over-segmentations there are, by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import Quality, SuperpixelSettings
from napari_gnn_vos.prepare.merge import merge_superpixels
from napari_gnn_vos.prepare.slic import slic_superpixels
from napari_gnn_vos.prepare.watershed import lab_colours, watershed_basins
from napari_gnn_vos.structures.video import Rgb

Oversegment = Callable[[Rgb, list[NDArray[np.float32]], int], NDArray[np.int32]]
"""From a (H, W, 3) picture, the (H, W, 2) motions known at it and a budget to (H, W)
numbers 0 .. n - 1."""


def grid_superpixels(
    picture: Rgb,
    motions: list[NDArray[np.float32]],  # noqa: ARG001 - every method is given it
    budget: int,
) -> NDArray[np.int32]:
    """Flood from a regular grid of about `budget` markers; motion is not looked at."""
    h, w = picture.shape[:2]
    spacing = max(4, round((h * w / budget) ** 0.5))
    return watershed_basins(picture, lab_colours(picture), spacing, passes=1)


METHODS: dict[str, Oversegment] = {
    "merge": merge_superpixels,
    "slic": slic_superpixels,
    "watershed": grid_superpixels,
}


SHARE = {"fast": 0.75, "balanced": 1.0, "best": 1.5}
"""Superpixels at each quality, in parts of those that settings ask for."""
MOST = 60_000


def oversegment(
    picture: Rgb,
    motions: list[NDArray[np.float32]],
    settings: SuperpixelSettings,
    quality: Quality = "balanced",
) -> NDArray[np.uint16]:
    """Cut one frame into superpixels.

    Parameters
    ----------
    picture : (H, W, 3) ndarray of uint8
    motions : list of (H, W, 2) ndarray of float32
        Flow to the next frame, from the one before, or both, in pixels.
    settings : SuperpixelSettings
    quality : {"fast", "balanced", "best"}

    Returns
    -------
    labels : (H, W) ndarray of uint16
        Numbers 0 .. n - 1, each used. Small frames get fewer than asked for: one for
        every 36 pixels at most.
    """
    h, w = picture.shape[:2]
    wanted = min(round(SHARE[quality] * settings.per_frame), MOST)
    budget = min(wanted, max(4, h * w // 36))
    return METHODS[settings.method](picture, motions, budget).astype(np.uint16)
