"""What a superpixel is like before anybody has drawn anything (paper, III-D).

To add a feature, write a function and add a line to NODE_FEATURES. Every feature is
scaled by a constant, never by the video, so that a checkpoint fits any video.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.prepare.camera_motion import camera_residual
from napari_gnn_vos.prepare.flow import full_size, not_reached
from napari_gnn_vos.prepare.pool import pool_mean
from napari_gnn_vos.prepare.watershed import lab_colours
from napari_gnn_vos.structures.feature_names import RESIDUAL_MOTION
from napari_gnn_vos.structures.frame_graph import Flow
from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
LOG2_OF_A_MEGAPIXEL = 20.0
FAST = 10.0
"""Pixels a frame: a motion that counts as 1 on the scale of the features."""


@dataclass(frozen=True, eq=False)
class FrameView:
    """What features of a frame are computed from, each thing computed once.

    Parameters
    ----------
    labels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    picture : (H, W, 3) ndarray of uint8
    before, after : Flow or None
        Flow that joins the frame to the one before and to the next; None at the ends.
    """

    labels: NDArray[np.uint16]
    picture: Rgb
    before: Flow | None
    after: Flow | None

    @property
    def n(self) -> int:
        """Number of superpixels."""
        return int(self.labels.max()) + 1

    @cached_property
    def colours(self) -> F32:
        """CIELAB, (H, W, 3), each channel about 0 to 1."""
        colours = lab_colours(self.picture)
        colours /= np.float32(255)
        return colours

    @cached_property
    def motions(self) -> list[F32]:
        """What `known_motions` tells."""
        return known_motions(self.before, self.after, self.labels)

    @cached_property
    def means(self) -> F32:
        """Mean colour and motion to the next and the previous frame, (n, 7)."""
        moves = mean_moves(self.motions, self.before, self.after, self.labels)
        return np.concatenate([pool_mean(self.colours, self.labels), moves], axis=1)

    @cached_property
    def residual(self) -> F32:
        """Motion relative to the camera, (H, W, 1), in pixels.

        The smaller of the values to the next and to the previous frame: occlusions
        disturb the flow in one direction only.
        """
        shape = self.picture.shape[:2]
        flows = [self.after.forward] if self.after else []
        flows += [self.before.backward] if self.before else []
        if not flows:
            return np.zeros((*shape, 1), np.float32)
        smallest = np.minimum.reduce([camera_residual(flow, shape) for flow in flows])
        return np.asarray(cv2.resize(smallest, shape[::-1])[..., None], np.float32)

    def cut(self, labels: NDArray[np.uint16]) -> FrameView:
        """Give the same frame superpixels; what is known of its motion is kept."""
        view = FrameView(labels, self.picture, self.before, self.after)
        vars(view)["motions"] = self.motions
        if "residual" in vars(self):
            vars(view)["residual"] = self.residual
        return view


def known_motions(
    before: Flow | None, after: Flow | None, labels: NDArray[np.uint16]
) -> list[F32]:
    """Motion of every pixel to the next frame and to the one before, where known.

    Parameters
    ----------
    before, after, labels
        See `FrameView`.

    Returns
    -------
    motions : list of (H, W, 2) ndarray of float32
        In pixels; one of them at an end of the video.
    """
    flows = [after.forward] if after else []
    flows += [before.backward] if before else []
    height, width = labels.shape
    return [full_size(flow, (height, width)) for flow in flows]


def mean_moves(
    motions: list[F32],
    before: Flow | None,
    after: Flow | None,
    labels: NDArray[np.uint16],
) -> F32:
    """Average the motions of superpixels to the next and the previous frame, (n, 4).

    Motion at an end of the video is the other one, negated.
    """
    moves = [pool_mean(motion, labels) for motion in motions]
    if not moves:
        moves = [np.zeros((int(labels.max()) + 1, 2), np.float32)] * 2
    elif after is None:
        moves = [-moves[0], moves[0]]
    elif before is None:
        moves = [moves[0], -moves[0]]
    return np.concatenate(moves, axis=1)


@dataclass(frozen=True, slots=True)
class NodeFeature:
    """A named group of columns.

    Parameters
    ----------
    names : tuple of str
        Names of its F columns.
    compute : callable
        From a frame's view to an (n, F) array.
    """

    names: tuple[str, ...]
    compute: Callable[[FrameView], F32]


def occluded(view: FrameView) -> F32:
    """Share of pixels hidden in the next and in the previous frame, (n, 2)."""
    shares = []
    for flow in (
        view.after.backward if view.after else None,
        view.before.forward if view.before else None,
    ):
        if flow is None:
            shares.append(np.zeros((view.n, 1), np.float32))
            continue
        hidden = not_reached(flow).astype(np.uint8)
        size = view.labels.shape[::-1]
        large = cv2.resize(hidden, size, interpolation=cv2.INTER_NEAREST)
        shares.append(pool_mean(large[..., None].astype(np.float32), view.labels))
    return np.concatenate(shares, axis=1)


def colour(view: FrameView) -> F32:
    """Mean and standard deviation of L, a and b, (n, 6)."""
    mean, square = view.means[:, :3], pool_mean(view.colours**2, view.labels)
    spread = np.sqrt(np.maximum(square - mean**2, 0)) * 4
    return np.concatenate([mean, spread], axis=1)


def log_size(view: FrameView) -> F32:
    """Log2 of the number of pixels, 1 for a megapixel, (n, 1)."""
    size = np.bincount(view.labels.ravel())
    return (np.log2(size) / LOG2_OF_A_MEGAPIXEL)[:, None].astype(np.float32)


def at_border(view: FrameView) -> F32:
    """1 where a superpixel touches the border of its frame, else 0, (n, 1)."""
    touches = np.zeros((view.n, 1), np.float32)
    for rim in (view.labels[[0, -1]], view.labels[:, [0, -1]]):
        touches[rim.ravel()] = 1
    return touches


def motion(view: FrameView) -> F32:
    """Motion against the frame's median, to the next and the previous frame, (n, 2).

    Length of the difference, on a scale where 10 pixels are 1, by a soft logarithm.
    """
    out = []
    for mean in (view.means[:, 3:5], view.means[:, 5:]):
        against = np.linalg.norm(mean - np.median(mean, axis=0), axis=1)
        out.append(np.log1p(against / FAST))
    return np.stack(out, axis=1).astype(np.float32)


def residual_motion(view: FrameView) -> F32:
    """Motion relative to the camera, log(1 + pixels), (n, 1)."""
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


def describe_nodes(view: FrameView) -> F32:
    """Compute every feature of every superpixel of a frame, (n, F)."""
    return np.concatenate([f.compute(view) for f in NODE_FEATURES], axis=1)
