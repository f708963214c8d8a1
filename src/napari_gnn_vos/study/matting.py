"""Cut objects out of real frames with soft alpha."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2

Mask = NDArray[np.bool_]
MARGIN = 6
"""Pixels around the bounding box of the mask."""
ALPHA_SIGMA = 1.0
"""Standard deviation of the blur of the mask, in pixels."""
EROSION_SIZE = 5
"""Side of the structuring element that removes the rim, whose colours are mixed with
the background."""
COLOUR_SIGMA = 2.5
"""Standard deviation of the blur that extrapolates colours over the rim, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """Premultiplied RGBA pixels of an object and their position in its frame.

    Parameters
    ----------
    sprite : (h, w, 4) ndarray of float32
        RGB times alpha, 0 to 255; and alpha, 0 to 1.
    corner : (int, int)
        Column and row of the sprite's first pixel in its frame.
    """

    sprite: NDArray[np.float32]
    corner: tuple[int, int]


def cut_by_mask(picture: Rgb, mask: Mask) -> Cutout | None:
    """Cut out an object and remove background colour from its rim.

    Parameters
    ----------
    picture : (H, W, 3) ndarray of uint8
    mask : (H, W) ndarray of bool

    Returns
    -------
    cutout : Cutout or None
        Alpha is one half slightly inside the border of the mask. None if the mask is
        empty.
    """
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    if not w:
        return None
    columns = slice(max(x - MARGIN, 0), x + w + MARGIN)
    rows = slice(max(y - MARGIN, 0), y + h + MARGIN)
    inside = mask[rows, columns].astype(np.float32)
    alpha = soft_edge(inside)[..., None]
    colours = _decontaminate(picture[rows, columns].astype(np.float32), inside)
    sprite = np.concatenate([colours * alpha, alpha], axis=2)
    return Cutout(sprite, (columns.start, rows.start))


def soft_edge(inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute soft alpha from a (h, w) float32 mask of zeros and ones."""
    blurred = cv2.GaussianBlur(
        inside, (0, 0), ALPHA_SIGMA, borderType=cv2.BORDER_REPLICATE
    )
    alpha: NDArray[np.float32] = np.clip((blurred - 0.3) / 0.7, 0, 1)
    return alpha


def _decontaminate(
    colours: NDArray[np.float32], inside: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Extrapolate the colours of the eroded object over its rim.

    The rim has a small weight, because thin parts vanish under erosion.
    """
    square = np.ones((EROSION_SIZE, EROSION_SIZE), np.uint8)
    core = cv2.erode(inside, square, borderType=cv2.BORDER_REPLICATE)
    weight = (core + 0.02 * inside + 1e-6)[..., None]
    extrapolated = _blur(colours * weight) / _blur(weight)[..., None]
    weight = cv2.GaussianBlur(core, (0, 0), ALPHA_SIGMA)[..., None]
    clean: NDArray[np.float32] = colours * weight + extrapolated * (1 - weight)
    return clean


def _blur(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    blurred: NDArray[np.float32] = cv2.GaussianBlur(picture, (0, 0), COLOUR_SIGMA)
    return blurred
