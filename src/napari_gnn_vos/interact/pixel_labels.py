"""Convert superpixel probabilities to pixel labels, refined by a guided filter.

References
----------
K. He, J. Sun and X. Tang, "Guided Image Filtering", PAMI 2013.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_gnn_vos.interact.label_upsampling import upsample_labels
from napari_gnn_vos.interact.pixel_kernels import (
    apply_coefficients,
    guide_products,
    labels_to_pixels,
    linear_coefficients,
    remove_specks,
    update_maximum,
)
from napari_gnn_vos.structures.label_frames import Labels, label_dtype
from napari_gnn_vos.structures.session import Session
from napari_gnn_vos.structures.working_video import FULL_FRAMES, full_frame_bytes
from napari_gnn_vos.vision import cv2

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Box = tuple[slice, slice]
FILTER_RADIUS = 3
"""Radius of the guided filter's window, in pixels."""
BOX_MARGIN = 3 * FILTER_RADIUS + 2
"""Pixels added around the superpixels of an object before filtering."""
MIN_PROBABILITY = 0.05
"""Superpixels in which an object is less probable are not filtered for it."""


def label_frame(
    session: Session, t: int, probability: F32, objects: tuple[int, ...]
) -> Labels:
    """Label all pixels of a frame; pixels under strokes get the label of the stroke.

    Parameters
    ----------
    session : Session
    t : int
        Index of the frame.
    probability : (n, K) ndarray of float32
        Of its superpixels, see `label_pixels`.
    objects : tuple of K - 1 int
        Labels of the objects.

    Returns
    -------
    labels : (H, W) ndarray of uint8 or uint16
    """
    video = session.working_video
    guide = video.greys[t] if session.config.refine != "none" else None
    superpixels = session.graph.frames[t].labels
    labels = label_pixels(superpixels, probability, objects, guide)
    return complete_labels(session, t, labels)


def complete_labels(session: Session, t: int, labels: Labels) -> Labels:
    """Upsample labels to the resolution of the video, and assign those of strokes.

    Parameters
    ----------
    session : Session
    t : int
        Index of the frame.
    labels : (h, w) ndarray of uint8
        At the resolution of the graph; may be changed.

    Returns
    -------
    labels : (H, W) ndarray of uint8 or uint16
        Pixels under a stroke have its label.
    """
    video, working = session.video, session.working_video
    if working is not video:
        with FULL_FRAMES.reserve(full_frame_bytes(video)):
            labels = upsample_labels(labels, video.rgb(t))
    painted = session.painted_pixels.take(session.painted_pixels.frame == t)
    labels[painted.row, painted.col] = painted.label
    return labels


def label_pixels(
    superpixels: NDArray[np.uint16],
    probability: F32,
    objects: tuple[int, ...],
    guide: U8 | None,
) -> Labels:
    """Assign the most probable label to each pixel of a frame.

    Parameters
    ----------
    superpixels : (H, W) ndarray of uint16
        Superpixels 0 .. n - 1.
    probability : (n, K) ndarray of float32
        Column 0 is background.
    objects : tuple of K - 1 int
        Labels of the other columns.
    guide : (H, W) ndarray of uint8, optional
        Grey image. If given, the probability of each object is smoothed by a guided
        filter, so that the boundaries of objects follow edges of the image. Connected
        components that contain no pixel with this label before the filter are removed.

    Returns
    -------
    labels : (H, W) ndarray of uint8 or uint16
    """
    dtype = label_dtype(max(objects, default=0))
    node_labels = np.array((0, *objects), dtype)[probability.argmax(axis=1)]
    labels = _strided(superpixels.shape, dtype)
    probable = probability[:, 1:] > MIN_PROBABILITY
    bounds = labels_to_pixels(superpixels, node_labels, probable, labels)
    if guide is None:
        return labels.copy()
    unfiltered, boxes = _strided(labels.shape, dtype), []
    unfiltered[:] = labels
    background = np.ones(labels.shape, np.float32)
    maximum = _strided(labels.shape, np.float32)
    maximum[:] = -np.inf
    for label, column, bound in zip(objects, probability.T[1:], bounds, strict=True):
        box = _box_with_margin(*bound)
        if box is not None:
            object_probability = np.ascontiguousarray(column)
            inputs = superpixels[box].copy(), object_probability, guide[box].copy()
            smooth = guided_filter(*inputs)
            background[box] -= smooth
            update_maximum(smooth, label, maximum[box], labels[box])
            boxes.append((label, box))
    labels[(maximum <= background) & (maximum > -np.inf)] = 0
    for label, box in boxes:
        remove_specks(labels[box], unfiltered[box], label)
        remove_specks(labels[box], unfiltered[box], 0)
    return labels.copy()


def _strided(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Allocate an (H, W) array whose slices are never contiguous.

    Numba compiles a kernel a second time for contiguous arrays. When an object fills
    the frame for the first time, that would take more than a second.
    """
    height, width = shape
    return np.empty((height, width + 1), dtype)[:, :width]


def _box_with_margin(top: int, bottom: int, left: int, right: int) -> Box | None:
    """Enlarge a bounding box by the margin; None if it is empty."""
    if bottom < top:
        return None
    rows = slice(max(top - BOX_MARGIN, 0), bottom + BOX_MARGIN + 1)
    return rows, slice(max(left - BOX_MARGIN, 0), right + BOX_MARGIN + 1)


def guided_filter(superpixels: NDArray[np.uint16], probability: F32, guide: U8) -> F32:
    r"""Smooth a probability except across edges of the guide image.

    In the window around each pixel, with means denoted by bars, the guided filter fits

    .. math:: p \approx a g + b, \quad
              a = \frac{\overline{g p} - \bar g\,\bar p}
                       {\overline{g^2} - \bar g^2 + \epsilon}, \quad
              b = \bar p - a \bar g

    and evaluates the mean coefficients of all windows that contain a pixel:
    :math:`\bar a g + \bar b`.

    Parameters
    ----------
    superpixels : (h, w) ndarray of uint16
    probability : (n,) ndarray of float32
        The probability p of each superpixel.
    guide : (h, w) ndarray of uint8
        Grey image; g is scaled to 0 .. 1.

    Returns
    -------
    smooth : (h, w) ndarray of float32
    """
    means = _box_mean(guide_products(guide, superpixels, probability))
    smooth: F32 = apply_coefficients(_box_mean(linear_coefficients(means)), guide)
    return smooth


def _box_mean(image: F32) -> F32:
    """Average an (h, w, C) image over the window of the filter around each pixel."""
    mean: F32 = cv2.blur(image, (2 * FILTER_RADIUS + 1, 2 * FILTER_RADIUS + 1))
    return mean
