"""Motion of pixels relative to the camera, from the optical flow of a frame pair."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.structures.arrays import check_shape
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
SAMPLES = 2800
"""Flow vectors to which the homography is fitted, on a regular grid."""
INLIER_DISTANCE = 1.5
"""Reprojection error in pixels up to which a flow vector supports a homography."""


def camera_residual(flow: NDArray[np.floating], shape: tuple[int, int]) -> F32:
    """Compute the length of the motion relative to the camera.

    The motion of the camera is the homography that most flow vectors agree with
    (RANSAC). If none can be fitted, it is the median of the flow.

    Parameters
    ----------
    flow : (h, w, 2) ndarray of float
        One direction of a `Flow`: (rows, columns) in pixels of the video.
    shape : (int, int)
        H and W of the video's frames, of which the flow is a coarser grid.

    Returns
    -------
    residual : (h, w) ndarray of float32
        In pixels of the video.

    Raises
    ------
    ShapeError
        If the flow does not have two components.

    References
    ----------
    R. Hartley and A. Zisserman, *Multiple View Geometry in Computer Vision*, 2004,
    section 4.8.
    """
    check_shape("flow", flow, None, None, 2)
    flow = flow.astype(np.float32)[..., ::-1]  # (x, y), as OpenCV expects
    h, w = flow.shape[:2]
    x, y = np.meshgrid(
        np.arange(w, dtype=np.float32) * (shape[1] / w),
        np.arange(h, dtype=np.float32) * (shape[0] / h),
    )
    grid = np.stack([x, y], axis=2)
    step = max(int(sqrt(h * w / SAMPLES)), 1)
    sample = np.s_[step // 2 :: step, step // 2 :: step]
    motion = _homography_motion(grid, flow, sample)
    if motion is None:
        motion = np.median(flow[sample].reshape(-1, 2), axis=0)
    return np.asarray(np.linalg.norm(flow - motion, axis=2), np.float32)


def _homography_motion(grid: F32, flow: F32, sample: tuple[slice, slice]) -> F32 | None:
    """Fit a homography to sampled flow and evaluate its motion at every grid point."""
    source = grid[sample].reshape(-1, 2)
    if len(source) < 4:
        return None
    target = source + flow[sample].reshape(-1, 2)
    matrix, _ = cv2.findHomography(source, target, cv2.RANSAC, INLIER_DISTANCE)
    if matrix is None:
        return None
    moved = cv2.perspectiveTransform(grid.reshape(-1, 1, 2), matrix)
    motion = moved.reshape(grid.shape) - grid
    return np.asarray(motion, np.float32) if np.isfinite(motion).all() else None
