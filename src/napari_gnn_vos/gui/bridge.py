"""Between arrays of napari layers and our nouns: video and brush."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.gui.axes import Axes, LayerFrames
from napari_gnn_vos.gui.drawing import Canvas, Drawing
from napari_gnn_vos.structures.video import Video

VIDEO_KEY = "gnn-vos video"
"""Where our readers leave a layer's array, and the video that it shows."""


def video_of(
    data: Any, axes: Axes, name: str, metadata: dict[str, Any] | None = None
) -> Video:
    """View the array of an image layer as a video.

    Parameters
    ----------
    data : array-like
        ``layer.data``, of any size, in memory or not.
    axes : Axes
        Where its time, rows and columns are.
    name : str
        What to call the video.
    metadata : dict, optional
        ``layer.metadata``; a video left there by our readers is taken if the layer
        still shows it.

    Raises
    ------
    VideoError
        If the frames are too few, too small, or no pictures.
    """
    shown, known = (metadata or {}).get(VIDEO_KEY, (None, None))
    if isinstance(known, Video) and shown is data:
        return known
    return Video.from_array(LayerFrames(data, axes), name)


def brush_from_strokes(
    stack: Any, shape: tuple[int, int, int], last: Drawing | None = None
) -> dict[int, Canvas]:
    """Read the frames with paint from a strokes layer.

    Every frame is looked at, as paint may come from a mouse, a script or a file.

    Parameters
    ----------
    stack : (T, H, W) array-like of integer
        0 is nothing, 1 to 254 an object, 255 background.
    shape : (int, int, int)
        What T, H and W must be.
    last : Drawing, optional
        An earlier moment, whose frames are taken again where they have not changed.

    Returns
    -------
    brush : dict of int to (H, W) ndarray of uint8

    Raises
    ------
    ScribbleError
        If the layer has another shape, or values that are no labels.
    """
    if tuple(stack.shape) != shape:
        raise ScribbleError(
            f"The strokes must be as large as the video, {shape}; the layer has "
            f"{tuple(stack.shape)}. Choose the video again to get a new layer."
        )
    known = last.brush if last is not None else {}
    brush = {}
    for t in range(shape[0]):
        frame = np.asarray(stack[t])
        if frame.any():
            same = t in known and np.array_equal(frame, known[t])
            brush[t] = known[t] if same else _checked(frame, t)
    return brush


def _checked(frame: NDArray[Any], t: int) -> Canvas:
    if frame.dtype != np.uint8 and not (frame.min() >= 0 and frame.max() <= 255):
        raise ScribbleError(
            "Strokes have the values 0 (nothing), 1 to 254 (objects) and 255 "
            f"(background); frame {t} has {frame.min()} to {frame.max()}. Paint with "
            "the labels of the list."
        )
    return np.array(frame, np.uint8)
