"""Large videos at a reduced resolution, at which the graph is computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.hardware import raise_if_cancelled
from napari_gnn_vos.structures.byte_budget import ByteBudget
from napari_gnn_vos.structures.rgb import Rgb
from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.video import MIN_SIDE, Video
from napari_gnn_vos.structures.weak_cache import WeakCache
from napari_gnn_vos.vision import cv2

L = TypeVar("L", bound=np.integer[Any])

_REDUCED: WeakCache[Video, dict[tuple[int, ...], Video]] = WeakCache()


@dataclass(frozen=True, slots=True, eq=False)
class ReducedFrames:
    """RGB images of a video, reduced by area interpolation on access.

    Parameters
    ----------
    source : Video
        Must not refer to these frames.
    shape : (int, int, int, int)
        T, reduced height and width, 3.
    """

    source: Video
    shape: tuple[int, int, int, int]
    dtype = np.dtype(np.uint8)

    def __getitem__(self, t: int) -> Rgb:
        """Reduce frame `t`."""
        with FULL_FRAMES.reserve(full_frame_bytes(self.source)):
            raise_if_cancelled()
            return reduce_image(self.source.rgb(t), self.shape[1:3])


FULL_FRAMES = ByteBudget(600 * 2**20)
"""Memory for frames at full resolution and their labels, of all threads."""


def full_frame_bytes(video: Video) -> int:
    """Count the bytes of a frame as stored, as RGB image and of two label images."""
    pixels = math.prod(video.shape[1:])
    values = math.prod(video.frames.shape[1:])
    stored = values * int(np.dtype(video.frames.dtype).itemsize)
    return stored + pixels * (3 + 2 + 2)


def reduce_image(image: Rgb, shape: tuple[int, int]) -> Rgb:
    """Reduce an image to a height and width by area interpolation."""
    reduced: Rgb = cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA)
    return reduced


def enlarge_labels(labels: NDArray[L], shape: tuple[int, int]) -> NDArray[L]:
    """Enlarge the labels of a reduced frame by the nearest neighbour.

    Parameters
    ----------
    labels : (h, w) ndarray of int
    shape : (int, int)
        H and W of the result.

    Returns
    -------
    enlarged : (H, W) ndarray of int

    Examples
    --------
    >>> enlarge_labels(np.array([[1, 2]]), (1, 5)).tolist()
    [[1, 1, 1, 2, 2]]
    """
    rows, cols = (
        np.arange(size) * reduced // size
        for size, reduced in zip(shape, labels.shape, strict=True)
    )
    return labels[np.ix_(rows, cols)]


def working_shape(shape: tuple[int, int, int], max_pixels: int) -> tuple[int, int, int]:
    """Reduce a frame size to about a number of pixels.

    Parameters
    ----------
    shape : (int, int, int)
        T, H and W of the video.
    max_pixels : int

    Returns
    -------
    shape : (int, int, int)
        With the same aspect ratio, unless a side would be shorter than a video allows.
        Frames that are small enough keep their size.

    Examples
    --------
    >>> working_shape((60, 4000, 8000), 1_000_000)
    (60, 707, 1414)
    >>> working_shape((60, 480, 854), 1_000_000)
    (60, 480, 854)
    """
    count, height, width = shape
    if height * width <= max_pixels:
        return shape
    scale = math.sqrt(max_pixels / (height * width))
    short = max(int(min(height, width) * scale), MIN_SIDE)
    long = min(int(max(height, width) * scale), max(max_pixels // short, MIN_SIDE))
    return (count, short, long) if height <= width else (count, long, short)


def reduced_video(video: Video, shape: tuple[int, int, int]) -> Video:
    """Return a video with frames of the given size.

    Parameters
    ----------
    video : Video
    shape : (int, int, int)
        T, and height and width, which are not larger than those of the video.

    Returns
    -------
    reduced : Video
        The video itself if it has this size. Otherwise the same object each time, as
        long as the video exists.
    """
    if shape == video.shape:
        return video
    by_shape = _REDUCED.get(video, lambda _: {})
    if shape not in by_shape:
        source = Video(video.frames, video.limits, video.name, video.identity)
        frames = ReducedFrames(source, (*shape, 3))
        by_shape[shape] = Video(frames, name=video.name, identity=video.identity)
    return by_shape[shape]


def scale_points(
    points: NDArray[Any], source: tuple[int, ...], target: tuple[int, ...]
) -> NDArray[np.float64]:
    """Convert (P, 2) points between frame sizes; pixel centres are integers.

    Parameters
    ----------
    points : (P, 2) ndarray
        Rows and columns in frames of the size `source`.
    source, target : (int, int)
        Height and width.

    Returns
    -------
    points : (P, 2) ndarray of float64

    Examples
    --------
    >>> scale_points(np.array([[0, 3]]), (4, 4), (2, 2))
    array([[-0.25,  1.25]])
    """
    scale = np.divide(target, source)
    return np.asarray((points + 0.5) * scale - 0.5, np.float64)


def reduce_painted_pixels(
    painted: PaintedPixels, source: tuple[int, ...], target: tuple[int, ...]
) -> PaintedPixels:
    """Convert painted pixels to a smaller frame size.

    Parameters
    ----------
    painted : PaintedPixels
    source, target : (int, int, int)
        T, height and width before and after.

    Returns
    -------
    painted : PaintedPixels
        Distinct pixels, sorted by frame, row and column. A pixel with several labels
        gets the most frequent one.
    """
    if source == target:
        return painted
    points = np.stack([painted.row, painted.col], axis=1)
    points = np.rint(scale_points(points, source[1:], target[1:])).astype(np.int64)
    row, col = points.T
    key = (painted.frame.astype(np.int64) * target[1] + row) * target[2] + col
    labels = painted.label.astype(np.int64)
    (key, labels), count = np.unique([key, labels], axis=1, return_counts=True)
    by_count = np.lexsort((count, key))
    last = by_count[np.diff(key[by_count], append=-1) != 0]
    frame, pixel = np.divmod(key[last], target[1] * target[2])
    row, col = np.divmod(pixel, target[2])
    frame, row, col = (array.astype(np.int32) for array in (frame, row, col))
    return PaintedPixels(frame, row, col, labels[last].astype(painted.label.dtype))
