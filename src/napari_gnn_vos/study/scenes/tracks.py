"""Trajectories of the camera, of objects in their sequences, and of sprites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.polynomial.polynomial import polyfit, polyval
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.davis import Truth
from napari_gnn_vos.prepare.flow import dis_flow
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.study.scenes.scene_spec import Stop
from napari_gnn_vos.vision import cv2

SMOOTHING_FRAMES = 4.0
"""Standard deviation of the temporal smoothing of an object's path, in frames."""
DOWNSCALE = 4
"""Factor by which frames are reduced to estimate the camera motion."""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTrack:
    """Position and height of an object in t frames of its sequence.

    Parameters
    ----------
    feet : (t, 2) ndarray of float64
        Column of the centroid and row of the lowest point, smooth in time.
    height : (t,) ndarray of float64
        In pixels, as an exponential trend: changes of pose do not change it.
    """

    feet: NDArray[np.float64]
    height: NDArray[np.float64]


def track_object(truth: Truth, clip: tuple[int, int], name: str) -> ObjectTrack:
    """Track the foot point and height of label 1 through a clip.

    Parameters
    ----------
    truth : (T, H, W) ndarray of uint8
    clip : (int, int)
        First and last frame.
    name : str
        Name of the sequence, for messages.

    Returns
    -------
    track : ObjectTrack

    Raises
    ------
    ReadError
        If the sequence is too short, or the object is missing on a frame.
    """
    masks = truth[clip[0] : clip[1] + 1] == 1
    present = int(masks.any(axis=(1, 2)).sum())
    if present <= clip[1] - clip[0]:
        raise ReadError(
            f"Expected an object in frames {clip[0]} to {clip[1]} of {name}; it is in "
            f"{present} of them, and the sequence has {len(truth)}. Use the complete "
            "sequence with all its masks."
        )
    boxes = np.array([_bounding_box(mask) for mask in masks])
    middle, bottom, height, side = boxes[:, :2], boxes[:, 2], boxes[:, 3], boxes[:, 4]
    growth = _trend(side)
    smooth = smooth_path(middle)
    drop = growth * np.median((bottom - smooth[:, 1]) / growth)
    feet = np.column_stack([smooth[:, 0], smooth[:, 1] + drop])
    return ObjectTrack(feet, growth * np.median(height / growth))


def _bounding_box(mask: NDArray[np.bool_]) -> tuple[float, float, float, float, float]:
    """Measure mean column and row, lowest row, height and square root of the area."""
    rows, columns = np.nonzero(mask)
    height = rows.max() + 1 - rows.min()
    return columns.mean(), rows.mean(), rows.max(), height, np.sqrt(len(rows))


def smooth_path(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth a (t, n) path about its linear trend, so that its ends stay in place."""
    t = np.linspace(-1, 1, len(path))
    trend = polyval(t, polyfit(t, path, min(1, len(path) - 1))).T
    smooth = gaussian_filter1d(path - trend, SMOOTHING_FRAMES, axis=0, mode="nearest")
    return np.asarray(trend + smooth)


def _trend(side: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit an exponential to positive values and evaluate it."""
    if len(side) < 2:
        return side
    t = np.linspace(-1, 1, len(side))
    return np.asarray(np.exp(polyval(t, polyfit(t, np.log(side), 1))))


def camera_path(pictures: Sequence[Rgb], truth: Truth) -> NDArray[np.float64]:
    """Accumulate camera motion as the median background flow per frame pair.

    Parameters
    ----------
    pictures : sequence of (H, W, 3) ndarray of uint8
    truth : (T, H, W) ndarray of uint8
        Pixels with a label are ignored.

    Returns
    -------
    camera : (T, 2) ndarray of float64
        Displacement since the first frame, columns and rows.
    """
    h, w = truth.shape[1:]
    size = (max(w // DOWNSCALE, 16), max(h // DOWNSCALE, 16))
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures]
    background = [cv2.resize((mask == 0).astype(np.uint8), size) > 0 for mask in truth]
    steps = [
        np.median(dis_flow(*pair)[still], axis=0) if still.any() else np.zeros(2)
        for pair, still in zip(pairwise(small), background, strict=False)
    ]
    path = np.cumsum([np.zeros(2), *steps], axis=0)[:, ::-1]
    return np.asarray(path * (w / size[0], h / size[1]))


def remove_pan(camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the uniform horizontal pan from a camera path.

    Paths are relative to the frame, so sprites follow a uniform pan of the camera. The
    result contains the vertical motion and the deviations from the uniform pan.
    """
    t = np.linspace(0, 1, len(camera))
    pan = np.column_stack([t * camera[-1, 0], np.zeros(len(t))])
    return np.asarray(camera - pan)


def interpolate_path(path: Sequence[Stop], frames: int) -> NDArray[np.float64]:
    """Interpolate stops at equal intervals, (frames, 3), monotone between stops."""
    if len(path) < 2:
        return np.repeat(np.array(path, np.float64), frames, axis=0)
    stops = PchipInterpolator(np.linspace(0, 1, len(path)), np.array(path))
    return np.asarray(stops(np.linspace(0, 1, frames)), np.float64)


def clip_frames(clip: tuple[int, int], step: int, frames: int) -> NDArray[np.int64]:
    """List clip frames that alternate forwards and backwards between its ends.

    Examples
    --------
    >>> clip_frames((3, 5), 1, 6).tolist(), clip_frames((3, 5), -1, 3).tolist()
    ([3, 4, 5, 4, 3, 4], [5, 4, 3])
    """
    length = clip[1] - clip[0]
    phase = np.arange(frames) * abs(step) % max(2 * length, 1)
    offset = np.minimum(phase, 2 * length - phase)
    return clip[0] + offset if step > 0 else clip[1] - offset
