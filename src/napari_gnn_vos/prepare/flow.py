"""Optical flow between consecutive frames, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.config import Quality
from napari_gnn_vos.hardware import raise_if_cancelled
from napari_gnn_vos.structures.frame_graph import Flow
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.vision import cv2

FlowEstimator = Callable[[Rgb, Rgb], NDArray[np.float32]]
"""From two images (H, W, 3) to the displacement (H, W, 2) of the pixels of the first,
(rows, columns) in pixels."""

FLOW_STRIDE = 2
"""Flow is stored at every second pixel; DIS computes it at this resolution, too."""
DESCENT_ITERATIONS = 12
"""Gradient descent iterations of DIS per patch at balanced quality."""
MIN_FAST_SIDE = 32
"""Smallest height and width in pixels at fast quality; smaller frames are padded. For
these, OpenCV selects the finest scale by the width alone, and its patches read outside
of flat, wide frames."""


def dis_flow(
    before: Rgb, after: Rgb, quality: Quality = "balanced"
) -> NDArray[np.float32]:
    """Estimate optical flow by Dense Inverse Search (DIS).

    Parameters
    ----------
    before, after : (H, W, 3) ndarray of uint8
    quality : {"fast", "balanced", "best"}
        OpenCV's preset "ultrafast" at a quarter of the resolution; "medium" with half
        the number of iterations at half the resolution; or "medium" at full resolution.

    Returns
    -------
    flow : (H, W, 2) ndarray of float32
        Displacement from `before` to `after`, (rows, columns) in pixels.

    References
    ----------
    T. Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016.
    """
    estimator = _dis_estimator(quality)
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (before, after)]
    h, w = grey[0].shape
    padding = (0, max(MIN_FAST_SIDE - h, 0), 0, max(MIN_FAST_SIDE - w, 0))
    if quality == "fast" and any(padding):
        grey = [cv2.copyMakeBorder(x, *padding, cv2.BORDER_REPLICATE) for x in grey]
    flow: NDArray[np.float32] = estimator.calc(grey[0], grey[1], None)[:h, :w]
    return np.ascontiguousarray(flow[..., ::-1])


def _dis_estimator(quality: Quality) -> Any:
    """Create a new estimator; a used one depends on its previous result."""
    if quality == "fast":
        return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if quality == "best":
        estimator.setFinestScale(0)
    else:
        estimator.setGradientDescentIterations(DESCENT_ITERATIONS)
    return estimator


FLOW_METHODS = {"dis": dis_flow}
"""Methods by the name in `PrepareSettings.flow`."""


def flow_between(before: Rgb, after: Rgb, estimate: FlowEstimator = dis_flow) -> Flow:
    """Estimate forward and backward flow at the resolution of the flow grid.

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
    forward = _reduce(estimate(before, after))
    raise_if_cancelled()
    return Flow(forward, _reduce(estimate(after, before)))


def full_size(flow: NDArray[np.float16], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Upsample one direction of a `Flow` to (H, W, 2), bilinearly."""
    upsampled: NDArray[np.float32] = cv2.resize(
        flow.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    return upsampled


def _reduce(flow: NDArray[np.float32]) -> NDArray[np.float16]:
    h, w = flow.shape[:2]
    size = (-(-w // FLOW_STRIDE), -(-h // FLOW_STRIDE))
    reduced: NDArray[np.float32] = cv2.resize(flow, size, interpolation=cv2.INTER_AREA)
    return reduced.astype(np.float16)


def occluded_cells(flow_back: NDArray[np.float16]) -> NDArray[np.bool_]:
    """Find the cells of a frame that no flow vector of an adjacent frame points to.

    Parameters
    ----------
    flow_back : (h, w, 2) ndarray of float16
        Flow from the adjacent frame to this one.

    Returns
    -------
    occluded : (h, w) ndarray of bool
        Cells that are hidden in the adjacent frame (paper, III-D). Gaps of one cell,
        which expanding motion causes, are closed.
    """
    h, w = flow_back.shape[:2]
    rows, cols = np.indices((h, w), np.float32)
    to_row = np.rint(rows + flow_back[..., 0].astype(np.float32) / FLOW_STRIDE).astype(
        int
    )
    to_col = np.rint(cols + flow_back[..., 1].astype(np.float32) / FLOW_STRIDE).astype(
        int
    )
    inside = (to_row >= 0) & (to_row < h) & (to_col >= 0) & (to_col < w)
    targets = np.zeros((h, w), np.uint8)
    targets[to_row[inside], to_col[inside]] = 1
    visible: NDArray[np.uint8] = cv2.dilate(targets, np.ones((3, 3), np.uint8))
    occluded: NDArray[np.bool_] = visible == 0
    return occluded
