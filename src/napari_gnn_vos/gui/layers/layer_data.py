"""Conversion between the data of layers and videos, labels and their files."""

from __future__ import annotations

from typing import Any

from napari_gnn_vos.controller.axes import Axes, LayerFrames
from napari_gnn_vos.gui.layers.attributes import VIDEO_KEY
from napari_gnn_vos.structures.video import Video


def video_of(
    data: Any, axes: Axes, name: str, metadata: dict[str, Any] | None = None
) -> Video:
    """View the array of an image layer as a video.

    Parameters
    ----------
    data : array-like
        ``layer.data``, of any size, in memory or not.
    axes : Axes
        Axes of the layer.
    name : str
        Name of the video.
    metadata : dict, optional
        ``layer.metadata``; a video stored in it by the readers is returned if the layer
        still shows its array.

    Raises
    ------
    VideoError
        If the frames are too few or too small, or are not images.
    """
    stored_data, stored_video = (metadata or {}).get(VIDEO_KEY, (None, None))
    if isinstance(stored_video, Video) and stored_data is data:
        return stored_video
    return Video.from_array(LayerFrames(data, axes), name)
