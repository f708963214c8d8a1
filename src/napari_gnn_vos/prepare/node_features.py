"""Node features that do not depend on the annotation (paper, III-D).

To add a feature, write a function and add it to `NODE_FEATURES`. Features are scaled by
constants and not by statistics of the video, so that a checkpoint fits any video.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.prepare.camera_motion import camera_residual
from napari_gnn_vos.prepare.flow import full_size, occluded_cells
from napari_gnn_vos.prepare.superpixel_pooling import pool_mean
from napari_gnn_vos.prepare.watershed import lab_colours
from napari_gnn_vos.structures.feature_names import RESIDUAL_MOTION
from napari_gnn_vos.structures.frame_graph import Flow
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
LOG2_MEGAPIXEL = 20.0
"""log2 of the number of pixels of a superpixel whose feature `log_size` is 1."""
MOTION_SCALE = 10.0
"""Unit of motion in pixels per frame: features are log(1 + motion / MOTION_SCALE)."""


@dataclass(frozen=True, eq=False)
class FrameView:
    """The input of node features; intermediate results are computed once.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    image : (H, W, 3) ndarray of uint8
    flow_previous, flow_next : Flow or None
        Between the frame and the previous or next one; None at the ends of the video.
    """

    labels: NDArray[np.uint16]
    image: Rgb
    flow_previous: Flow | None
    flow_next: Flow | None

    @property
    def n(self) -> int:
        """Number of superpixels."""
        return int(self.labels.max()) + 1

    @cached_property
    def colours(self) -> F32:
        """CIELAB image, (H, W, 3), each channel about 0 to 1."""
        colours = lab_colours(self.image)
        colours /= np.float32(255)
        return colours

    @cached_property
    def motions(self) -> list[F32]:
        """See `pixel_motions`."""
        return pixel_motions(self.flow_previous, self.flow_next, self.labels)

    @cached_property
    def means(self) -> F32:
        """Mean colour (3) and motion to the next and previous frame (2 + 2), (n, 7)."""
        flows = self.flow_previous, self.flow_next
        motion = mean_motions(self.motions, *flows, self.labels)
        return np.concatenate([pool_mean(self.colours, self.labels), motion], axis=1)

    @cached_property
    def residual(self) -> F32:
        """Motion relative to the camera, (H, W, 1), in pixels.

        The smaller of the values to the next and to the previous frame, because an
        occlusion disturbs the flow in one direction only. Zero without any flow.
        """
        shape = self.image.shape[:2]
        flows = [self.flow_next.forward] if self.flow_next else []
        flows += [self.flow_previous.backward] if self.flow_previous else []
        if not flows:
            return np.zeros((*shape, 1), np.float32)
        smallest = np.minimum.reduce([camera_residual(flow, shape) for flow in flows])
        return np.asarray(cv2.resize(smallest, shape[::-1])[..., None], np.float32)

    def with_labels(self, labels: NDArray[np.uint16]) -> FrameView:
        """Return a view with other superpixels that shares the cached motions."""
        view = FrameView(labels, self.image, self.flow_previous, self.flow_next)
        vars(view)["motions"] = self.motions
        if "residual" in vars(self):
            vars(view)["residual"] = self.residual
        return view


def pixel_motions(
    flow_previous: Flow | None, flow_next: Flow | None, labels: NDArray[np.uint16]
) -> list[F32]:
    """Upsample the flow of a frame to the next and to the previous one, if they exist.

    Parameters
    ----------
    flow_previous, flow_next, labels
        See `FrameView`.

    Returns
    -------
    motions : list of (H, W, 2) ndarray of float32
        In pixels per frame; one array at the ends of the video.
    """
    flows = [flow_next.forward] if flow_next else []
    flows += [flow_previous.backward] if flow_previous else []
    height, width = labels.shape
    return [full_size(flow, (height, width)) for flow in flows]


def mean_motions(
    motions: list[F32],
    flow_previous: Flow | None,
    flow_next: Flow | None,
    labels: NDArray[np.uint16],
) -> F32:
    """Average the motion of each superpixel to the next and the previous frame, (n, 4).

    At the ends of the video the missing motion is the negative of the other one.
    """
    means = [pool_mean(motion, labels) for motion in motions]
    if not means:
        means = [np.zeros((int(labels.max()) + 1, 2), np.float32)] * 2
    elif flow_next is None:
        means = [-means[0], means[0]]
    elif flow_previous is None:
        means = [means[0], -means[0]]
    return np.concatenate(means, axis=1)


@dataclass(frozen=True, slots=True)
class NodeFeature:
    """A named group of columns.

    Parameters
    ----------
    names : tuple of str
        Names of its F columns.
    compute : callable
        From a `FrameView` to an (n, F) array.
    """

    names: tuple[str, ...]
    compute: Callable[[FrameView], F32]


def occluded(view: FrameView) -> F32:
    """Compute the share of pixels occluded in the next and previous frame, (n, 2)."""
    shares = []
    for flow in (
        view.flow_next.backward if view.flow_next else None,
        view.flow_previous.forward if view.flow_previous else None,
    ):
        if flow is None:
            shares.append(np.zeros((view.n, 1), np.float32))
            continue
        cells = occluded_cells(flow).astype(np.uint8)
        size = view.labels.shape[::-1]
        pixels = cv2.resize(cells, size, interpolation=cv2.INTER_NEAREST)
        shares.append(pool_mean(pixels[..., None].astype(np.float32), view.labels))
    return np.concatenate(shares, axis=1)


def colour(view: FrameView) -> F32:
    """Compute mean and four times the standard deviation of L, a and b, (n, 6)."""
    mean, square = view.means[:, :3], pool_mean(view.colours**2, view.labels)
    std = np.sqrt(np.maximum(square - mean**2, 0)) * 4
    return np.concatenate([mean, std], axis=1)


def log_size(view: FrameView) -> F32:
    """Compute log2 of the number of pixels, 1 for a megapixel, (n, 1)."""
    size = np.bincount(view.labels.ravel())
    return (np.log2(size) / LOG2_MEGAPIXEL)[:, None].astype(np.float32)


def at_border(view: FrameView) -> F32:
    """Return 1 for superpixels at the border of the frame, else 0, (n, 1)."""
    border = np.zeros((view.n, 1), np.float32)
    for pixels in (view.labels[[0, -1]], view.labels[:, [0, -1]]):
        border[pixels.ravel()] = 1
    return border


def motion(view: FrameView) -> F32:
    """Compute the motion relative to the median of the frame, (n, 2).

    ``log(1 + length / MOTION_SCALE)`` of the difference between the motion, to the next
    and to the previous frame, and its median over all superpixels.
    """
    relative = []
    for mean in (view.means[:, 3:5], view.means[:, 5:]):
        length = np.linalg.norm(mean - np.median(mean, axis=0), axis=1)
        relative.append(np.log1p(length / MOTION_SCALE))
    return np.stack(relative, axis=1).astype(np.float32)


def residual_motion(view: FrameView) -> F32:
    """Compute the motion relative to the camera, log(1 + pixels), (n, 1)."""
    return np.log1p(pool_mean(view.residual, view.labels))


NODE_FEATURES = (
    NodeFeature(("occluded_next", "occluded_previous"), occluded),
    NodeFeature(("l", "a", "b", "l_std", "a_std", "b_std"), colour),
    NodeFeature(("log_size",), log_size),
    NodeFeature(("at_border",), at_border),
    NodeFeature(("motion_next", "motion_previous"), motion),
    NodeFeature((RESIDUAL_MOTION,), residual_motion),
)
NODE_FEATURE_NAMES = tuple(name for feature in NODE_FEATURES for name in feature.names)


def compute_node_features(view: FrameView) -> F32:
    """Compute all features of the superpixels of a frame, (n, F)."""
    return np.concatenate([f.compute(view) for f in NODE_FEATURES], axis=1)
