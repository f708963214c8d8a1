"""A video as layer data, whatever its channels and type."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_gnn_vos.gui.bridge import VIDEO_KEY
from napari_gnn_vos.gui.layers import labels_options, truth_options
from napari_gnn_vos.gui.names import features_of
from napari_gnn_vos.io.lazy_frames import LazyFrames
from napari_gnn_vos.structures.video import Video

LayerData = tuple[Any, dict[str, Any], str]


class Pictures(LazyFrames):
    """The frames of a video as the RGB pictures that the engine sees.

    Parameters
    ----------
    video : Video
        Read a frame at a time.
    """

    def __init__(self, video: Video) -> None:
        super().__init__((*video.shape, 3), np.uint8)
        self._video = video

    def _read(self, t: int) -> NDArray[Any]:
        return self._video.rgb(t)


def image_data(video: Video) -> LayerData:
    """Make layer data whose frames are read when they are looked at.

    Parameters
    ----------
    video : Video
        Grey frames keep their values; colours that napari cannot show (two stains, 16
        bit) become RGB pictures.

    Returns
    -------
    data, options, kind : tuple
        As readers of napari return it.
    """
    options: dict[str, Any] = {"name": video.name}
    data: Any = video.frames
    if len(data.shape) == 3:
        options |= {"rgb": False, "contrast_limits": video.limits}
    else:
        options["rgb"] = True
        if data.shape[3] < 3 or data.dtype != np.uint8:
            data = Pictures(video)
    if hasattr(Image, "axis_labels"):  # of newer napari only
        options["axis_labels"] = ("t", "y", "x")
    options["metadata"] = {VIDEO_KEY: (data, video)}
    return data, options, "image"


def labels_data(
    labels: NDArray[np.uint8], names: dict[int, str], name: str
) -> LayerData:
    """Make layer data of labels (T, H, W) that were saved, and of objects' names."""
    return labels, labels_options(name) | {"features": features_of(names)}, "labels"


def truth_data(truth: NDArray[np.uint8], name: str) -> LayerData:
    """Make layer data of masks (T, H, W), hidden at first: they are the solution."""
    return truth, truth_options(f"{name} truth"), "labels"
