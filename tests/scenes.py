"""Small synthetic videos, strokes and graphs shared by all tests."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from napari_gnn_vos.prepare.edge_features import EDGE_FEATURE_NAMES
from napari_gnn_vos.prepare.flow import FLOW_STRIDE
from napari_gnn_vos.prepare.node_features import NODE_FEATURE_NAMES
from napari_gnn_vos.structures.frame_graph import Flow, FrameGraph, FramePair
from napari_gnn_vos.structures.scribbles import Scribble
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_graph import VideoGraph
from napari_gnn_vos.vision import cv2

SHAPE = (48, 64)


def texture(shape=SHAPE, seed=0, middle=128, contrast=60):
    """A smooth random image, (H, W, 3) uint8."""
    noise = np.random.default_rng(seed).normal(size=(*shape, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    smooth /= smooth.std()
    return np.clip(middle + contrast * smooth, 0, 255).astype(np.uint8)


def moving_squares(*squares, frames=6, shape=SHAPE):
    """Textured squares that move over a dark, textured background.

    Each square is (row, col, side, displacement per frame, colour); later squares
    occlude earlier ones. Returns the video and the true labels, (T, H, W) uint8.
    """
    background = texture(shape, 1, middle=60, contrast=20)
    video = np.repeat(background[None], frames, axis=0)
    truth = np.zeros((frames, *shape), np.uint8)
    for label, (row, col, side, step, colour) in enumerate(squares, start=1):
        patch = texture((side, side), label + 1, middle=0, contrast=15) // 2
        patch = np.clip(patch.astype(int) + colour, 0, 255).astype(np.uint8)
        for t in range(frames):
            r, c = row + t * step[0], col + t * step[1]
            video[t, r : r + side, c : c + side] = patch[: shape[0] - r, : shape[1] - c]
            truth[t, r : r + side, c : c + side] = label
    return Video.from_array(video, "squares"), truth


RED, BLUE = (200, 90, 40), (40, 90, 210)


def moving_square(frames=6):
    """A red square of 18 pixels that moves right by 3 pixels per frame."""
    return moving_squares((14, 6, 18, (0, 3), RED), frames=frames)


def two_squares(frames=6):
    """A red square that moves right, above a blue square that moves left."""
    return moving_squares(
        (4, 6, 16, (0, 3), RED), (27, 42, 16, (0, -3), BLUE), frames=frames
    )


def equal_squares(frames, step):
    """Two squares of equal colour that move by `step` columns per frame.

    Returns video, truth, and strokes on frame 0.
    """
    squares = (4, 6, 16, (0, step), RED), (27, 42, 16, (0, -step), RED)
    video, truth = moving_squares(*squares, frames=frames)
    strokes = (
        line(0, 1, (8, 9), (16, 18)),
        line(0, 2, (31, 45), (39, 54)),
        line(0, 0, (23, 3), (23, 60)),
    )
    return video, truth, strokes


def line(frame, label, *points):
    """A stroke through (row, col) points."""
    return Scribble(frame, label, np.array(points, float))


def on_square(frame=0, label=1):
    """A stroke on the square of `moving_square`."""
    return line(frame, label, (18, 10 + 3 * frame), (27, 19 + 3 * frame))


def on_ground(frame=0):
    """A stroke around the square of `moving_square`."""
    return line(frame, 0, (5, 5), (5, 58), (40, 58), (42, 5))


def steady_flow(shape=SHAPE, step=(0.0, 0.0)):
    """Constant flow, forward and backward."""
    size = [-(-n // FLOW_STRIDE) for n in shape]
    forward = np.broadcast_to(np.float16(step), (*size, 2)).copy()
    return Flow(forward, -forward)


def steady_pair(shape=SHAPE, step=(0.0, 0.0)):
    """A pair of frames with constant flow and no causal edges."""
    none = np.zeros((2, 0), np.int32)
    return FramePair(
        steady_flow(shape, step), none, np.zeros((0, len(EDGE_FEATURE_NAMES)))
    )


def plain_frame(labels):
    """Superpixels with zero features and no edges."""
    labels = np.asarray(labels, np.uint16)
    n = int(labels.max()) + 1
    return FrameGraph(
        labels,
        np.zeros((n, len(NODE_FEATURE_NAMES)), np.float32),
        np.zeros((n, 2), np.float16),
        np.zeros((2, 0), np.int32),
        np.zeros((0, len(EDGE_FEATURE_NAMES)), np.float32),
    )


def random_graph(rng, frames=5, shape=(6, 8)):
    """A graph with random superpixels, features and edges."""
    counts = [int(rng.integers(3, 8)) for _ in range(frames)]
    return VideoGraph(
        [_random_frame(rng, n, shape) for n in counts],
        [_random_pair(rng, *n, shape) for n in pairwise(counts)],
        np.array(counts, np.int64),
        NODE_FEATURE_NAMES,
        EDGE_FEATURE_NAMES,
        (frames, *shape),
        "random",
    )


def _random_frame(rng, n, shape):
    labels = rng.permutation(np.arange(shape[0] * shape[1]) % n).reshape(shape)
    pairs = np.stack(np.triu_indices(n, 1)).astype(np.int32)
    pairs = pairs[:, rng.random(pairs.shape[1]) < 0.6]
    edge_features = _random_features(rng, pairs.shape[1])
    edge_features[:, 0], edge_features[:, 1:3], edge_features[:, 10:] = 1, 0, 0
    return FrameGraph(
        labels.astype(np.uint16),
        rng.random((n, len(NODE_FEATURE_NAMES)), np.float32),
        rng.normal(size=(n, 4)).astype(np.float16),
        pairs,
        edge_features,
    )


def _random_pair(rng, n, m, shape):
    edges = np.argwhere(rng.random((n, m)) < 0.4).T.astype(np.int32)
    edge_features = _random_features(rng, edges.shape[1])
    edge_features[:, :3], edge_features[:, 1], edge_features[:, 8:10] = 0, 1, 0
    return FramePair(steady_flow(shape), edges, edge_features)


def _random_features(rng, count):
    return rng.random((count, len(EDGE_FEATURE_NAMES)), np.float32)


def any_weights(module):
    """Initialise all weights at random, so that no normalisation is the identity."""
    import torch

    torch.manual_seed(1)
    for weights in module.eval().parameters():
        torch.nn.init.normal_(weights, std=0.5)
    return module
