"""Ways through a scene: of a camera, of an object in its own sequence, of an actor."""

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
from napari_gnn_vos.structures.video import Rgb
from napari_gnn_vos.study.scenes.scene_spec import Stop
from napari_gnn_vos.vision import cv2

STEADY = 4.0
SMALLER = 4
"""Frames over which an object's own way is smoothed; how much smaller frames are made
to find the camera's way."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Where an object is in t frames of its sequence.

    Parameters
    ----------
    feet : (t, 2) ndarray of float64
        Column of its middle and row of its lowest point, smooth in time.
    height : (t,) ndarray of float64
        In pixels, as a trend: it grows if the object comes nearer, not if it stretches.
    """

    feet: NDArray[np.float64]
    height: NDArray[np.float64]


def follow(truth: Truth, clip: tuple[int, int], name: str) -> Track:
    """Follow label 1 through a clip.

    Parameters
    ----------
    truth : (T, H, W) ndarray of uint8
    clip : (int, int)
        First and last frame.
    name : str
        Of the sequence, for messages.

    Returns
    -------
    track : Track

    Raises
    ------
    ReadError
        If the sequence is too short, or a frame is without the object.
    """
    masks = truth[clip[0] : clip[1] + 1] == 1
    seen = int(masks.any(axis=(1, 2)).sum())
    if seen <= clip[1] - clip[0]:
        raise ReadError(
            f"Expected an object in frames {clip[0]} to {clip[1]} of {name}; it is in "
            f"{seen} of them, and the sequence has {len(truth)}. Take the whole "
            "sequence with all its masks."
        )
    boxes = np.array([_box(mask) for mask in masks])
    middle, bottom, height, side = boxes[:, :2], boxes[:, 2], boxes[:, 3], boxes[:, 4]
    growth = _trend(side)
    smooth = _smooth(middle)
    drop = growth * np.median((bottom - smooth[:, 1]) / growth)
    feet = np.column_stack([smooth[:, 0], smooth[:, 1] + drop])
    return Track(feet, growth * np.median(height / growth))


def _box(mask: NDArray[np.bool_]) -> tuple[float, float, float, float, float]:
    """Column and row of the middle, lowest row, height, root of the area."""
    rows, columns = np.nonzero(mask)
    height = rows.max() + 1 - rows.min()
    return columns.mean(), rows.mean(), rows.max(), height, np.sqrt(len(rows))


def _smooth(way: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blur what a (t, 2) way departs from a straight one by: its ends stay in place."""
    t = np.linspace(-1, 1, len(way))
    even = polyval(t, polyfit(t, way, min(1, len(way) - 1))).T
    own = gaussian_filter1d(way - even, STEADY, axis=0, mode="nearest")
    return np.asarray(even + own)


def _trend(side: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay an exponential through values above 0."""
    if len(side) < 2:
        return side
    t = np.linspace(-1, 1, len(side))
    return np.asarray(np.exp(polyval(t, polyfit(t, np.log(side), 1))))


def camera_path(pictures: Sequence[Rgb], truth: Truth) -> NDArray[np.float64]:
    """Add up how the ground moves from frame to frame: the median of its flow.

    Parameters
    ----------
    pictures : sequence of (H, W, 3) ndarray of uint8
    truth : (T, H, W) ndarray of uint8
        What is not 0 does not count.

    Returns
    -------
    camera : (T, 2) ndarray of float64
        Columns and rows since the first frame.
    """
    h, w = truth.shape[1:]
    size = (max(w // SMALLER, 16), max(h // SMALLER, 16))
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in pictures]
    ground = [cv2.resize((mask == 0).astype(np.uint8), size) > 0 for mask in truth]
    steps = [
        np.median(dis_flow(*pair)[still], axis=0) if still.any() else np.zeros(2)
        for pair, still in zip(pairwise(small), ground, strict=False)
    ]
    path = np.cumsum([np.zeros(2), *steps], axis=0)[:, ::-1]
    return np.asarray(path * (w / size[0], h / size[1]))


def unsteady(camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave an even pan out of a camera's way.

    Paths are given in the frame, so actors go along with a camera that pans; they go
    up and down with the ground, and to and fro where the pan is not even.
    """
    t = np.linspace(0, 1, len(camera))
    pan = np.column_stack([t * camera[-1, 0], np.zeros(len(t))])
    return np.asarray(camera - pan)


def walk(path: Sequence[Stop], frames: int) -> NDArray[np.float64]:
    """Pass stops at even intervals, (frames, 3); speed is 0 where it turns."""
    if len(path) < 2:
        return np.repeat(np.array(path, np.float64), frames, axis=0)
    stops = PchipInterpolator(np.linspace(0, 1, len(path)), np.array(path))
    return np.asarray(stops(np.linspace(0, 1, frames)), np.float64)


def played(clip: tuple[int, int], step: int, frames: int) -> NDArray[np.int64]:
    """Frames to play, to and fro between the ends of a clip.

    Examples
    --------
    >>> played((3, 5), 1, 6).tolist(), played((3, 5), -1, 3).tolist()
    ([3, 4, 5, 4, 3, 4], [5, 4, 3])
    """
    length = clip[1] - clip[0]
    at = np.arange(frames) * abs(step) % max(2 * length, 1)
    there = np.minimum(at, 2 * length - at)
    return clip[0] + there if step > 0 else clip[1] - there
