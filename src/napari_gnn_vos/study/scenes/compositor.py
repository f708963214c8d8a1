"""Alpha compositing of sprites with labels of the topmost object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.study.matting import Mask, cut_by_mask

Frame = tuple[Rgb, NDArray[np.uint8]]
"""A picture, (H, W, 3), and its labels, (H, W); 1 is the object of the base frame."""


@dataclass(frozen=True, slots=True, eq=False)
class SpriteLayer:
    """Pixels and shadow that a sprite contributes to one frame.

    Parameters
    ----------
    sprite : (H, W, 4) ndarray of float32
        RGB times alpha, 0 to 255; and alpha, 0 to 1.
    shadow : (H, W) ndarray of float32
        Fraction of light removed from the layers behind.
    """

    sprite: NDArray[np.float32]
    shadow: NDArray[np.float32]


def composite(
    base: Rgb, mask: Mask, layers: Sequence[SpriteLayer | None], behind: int
) -> Frame:
    """Composite sprites in front of and behind the object of a base frame.

    Parameters
    ----------
    base : (H, W, 3) ndarray of uint8
    mask : (H, W) ndarray of bool
        Label 1.
    layers : sequence of SpriteLayer or None
        Labels 2, 3, ..., the rearmost first.
    behind : int
        Number of layers behind label 1.
    """
    picture = base.astype(np.float32)
    labels = np.zeros(mask.shape, np.uint8)
    for label, layer in enumerate(layers[:behind], start=2):
        _composite_layer(layer, label, picture, labels)
    if behind:
        _composite_base_object(base, mask, picture)
    labels[mask] = 1
    for label, layer in enumerate(layers[behind:], start=2 + behind):
        _composite_layer(layer, label, picture, labels)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), labels


def _composite_layer(
    layer: SpriteLayer | None,
    label: int,
    picture: NDArray[np.float32],
    labels: NDArray[np.uint8],
) -> None:
    if layer is None:
        return
    alpha = layer.sprite[..., 3]
    picture *= ((1 - layer.shadow) * (1 - alpha))[..., None]
    picture += layer.sprite[..., :3]
    labels[alpha >= 0.5] = label


def _composite_base_object(base: Rgb, mask: Mask, picture: NDArray[np.float32]) -> None:
    """Composite the object of the base frame over the layers behind it."""
    cutout = cut_by_mask(base, mask)
    if cutout is None:
        return
    (x, y), (h, w) = cutout.corner, cutout.sprite.shape[:2]
    part, before = picture[y : y + h, x : x + w], base[y : y + h, x : x + w]
    changed = np.abs(part - before).max(axis=2, keepdims=True) > 0.5
    composited = part * (1 - cutout.sprite[..., 3:]) + cutout.sprite[..., :3]
    part[...] = np.where(changed, composited, part)
