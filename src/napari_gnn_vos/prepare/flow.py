"""Optical flow between consecutive frames, both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import Quality
from napari_gnn_vos.structures.frame_graph import Flow
from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.vision import cv2

FlowEstimator = Callable[[Rgb, Rgb], NDArray[np.float32]]
"""From two (H, W, 3) pictures to (H, W, 2): where the pixels of the first go, in
pixels, (rows, columns)."""

COARSER = 2
"""Flow is kept at this fraction of the resolution: DIS computes it there anyway."""
STEPS = 12
"""Of descent, for a patch at balanced quality."""
SMALLEST_SIDE = 32
"""Smallest height and width in pixels at fast quality; smaller frames are padded. For
these, OpenCV selects the finest scale by the width alone, and its patches read outside
of flat, wide frames."""


def dis_flow(
    before: Rgb, after: Rgb, quality: Quality = "balanced"
) -> NDArray[np.float32]:
    """Dense Inverse Search.

    Parameters
    ----------
    before, after : (H, W, 3) ndarray of uint8
    quality : {"fast", "balanced", "best"}
        OpenCV's preset "ultrafast", at a quarter of the resolution; "medium" with half
        of its steps of descent, at half of the resolution; or "medium" at all of it.

    Returns
    -------
    flow : (H, W, 2) ndarray of float32
        Motion from `before` to `after`, (rows, columns), in pixels.

    References
    ----------
    T. Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
    """
    method = _dis(quality)
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, after)]
    h, w = grey[0].shape
    padding = (0, max(SMALLEST_SIDE - h, 0), 0, max(SMALLEST_SIDE - w, 0))
    if quality == "fast" and any(padding):
        grey = [cv2.copyMakeBorder(x, *padding, cv2.BORDER_REPLICATE) for x in grey]
    flow: NDArray[np.float32] = method.calc(grey[0], grey[1], None)[:h, :w]
    return np.ascontiguousarray(flow[..., ::-1])


def _dis(quality: Quality) -> Any:
    """Make an estimator: one that was used before would let its last flow show."""
    if quality == "fast":
        return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if quality == "best":
        method.setFinestScale(0)
    else:
        method.setGradientDescentIterations(STEPS)
    return method


def flow_between(before: Rgb, after: Rgb, estimate: FlowEstimator = dis_flow) -> Flow:
    """Estimate flow both ways and keep it on the coarser grid.

    Parameters
    ----------
    before, after : (H, W, 3) ndarray of uint8
        Consecutive frames.
    estimate : FlowEstimator

    Returns
    -------
    flow : Flow
        Of shape (ceil(H / 2), ceil(W / 2), 2), in pixels of the full frame.
    """
    return Flow(_coarse(estimate(before, after)), _coarse(estimate(after, before)))


def full_size(flow: NDArray[np.float16], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Enlarge one direction of a `Flow` to (H, W, 2), bilinearly."""
    out: NDArray[np.float32] = cv2.resize(
        flow.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    return out


def _coarse(flow: NDArray[np.float32]) -> NDArray[np.float16]:
    h, w = flow.shape[:2]
    size = (-(-w // COARSER), -(-h // COARSER))
    small: NDArray[np.float32] = cv2.resize(flow, size, interpolation=cv2.INTER_AREA)
    return small.astype(np.float16)


def not_reached(flow_back: NDArray[np.float16]) -> NDArray[np.bool_]:
    """Find the pixels of a frame that no flow vector of its neighbour points to.

    Parameters
    ----------
    flow_back : (h, w, 2) ndarray of float16
        Flow from the neighbouring frame to this one, on the coarser grid.

    Returns
    -------
    occluded : (h, w) ndarray of bool
        Pixels hidden in the neighbouring frame (paper, III-D). Gaps of one cell, which
        expansion leaves, do not count.
    """
    h, w = flow_back.shape[:2]
    rows, cols = np.indices((h, w), np.float32)
    to_row = np.rint(rows + flow_back[..., 0].astype(np.float32) / COARSER).astype(int)
    to_col = np.rint(cols + flow_back[..., 1].astype(np.float32) / COARSER).astype(int)
    inside = (to_row >= 0) & (to_row < h) & (to_col >= 0) & (to_col < w)
    hit = np.zeros((h, w), np.uint8)
    hit[to_row[inside], to_col[inside]] = 1
    reached: NDArray[np.uint8] = cv2.dilate(hit, np.ones((3, 3), np.uint8))
    occluded: NDArray[np.bool_] = reached == 0
    return occluded
