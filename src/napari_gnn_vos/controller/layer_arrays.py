"""Array-likes of layers whose frames are read or computed on access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_metadata import VIDEO_KEY
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.structures.video import Video

LEVELS = 256
"""Levels of a channel before its colour map is applied."""

Compute = Callable[[int], NDArray[Any]]
"""Function from a frame to its labels, (H, W)."""


class LayerFrames:
    """Array of a layer as the frames of a video, read on access.

    Parameters
    ----------
    data : array-like
        NumPy, dask or zarr array, with or without colour channels as the last axis.
    axes : Axes
        Axes of the layer.

    Attributes
    ----------
    in_memory : bool
        Whether all frames can be read fast, for `Video.fingerprint`.
    """

    def __init__(self, data: Any, axes: Axes) -> None:
        self._data, self._axes = data, axes
        lengths = tuple(data.shape)
        self.shape = (*axes.video_shape(lengths), *lengths[axes.ndim :])
        self.dtype = np.dtype(data.dtype)
        self.in_memory = type(data) is np.ndarray

    def __getitem__(self, t: int, /) -> NDArray[Any]:
        """Return frame `t`, (H, W) or (H, W, C)."""
        frame = np.asarray(self._data[self._axes.index(t)])
        return frame.swapaxes(0, 1) if self._axes.col < self._axes.row else frame


def video_of(
    data: Any, axes: Axes, name: str, metadata: dict[str, Any] | None = None
) -> Video:
    """View the array of an image layer as a video.

    Parameters
    ----------
    data : array-like
        ``layer.data``, of any size, also lazily loaded.
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


class RgbFrames(LazyFrames):
    """Frames of a video converted to the RGB images that the engine uses.

    Parameters
    ----------
    video : Video
        Read one frame at a time.
    """

    def __init__(self, video: Video) -> None:
        super().__init__((*video.shape, 3), np.uint8)
        self._video = video

    def _read(self, t: int) -> NDArray[Any]:
        return self._video.rgb(t)


class MixedChannels(LazyFrames):
    """RGB frames that are the sum of channels in their colours, read on access.

    The display range of each channel is that of its layer when the channels were
    mixed, for the whole video.

    Parameters
    ----------
    channels : sequence of (..., H, W) array-like of real
        Of equal shape.
    limits : sequence of (float, float)
        Values that are shown as the ends of the colour map.
    colours : sequence of (256, 3) ndarray of float
        Colour map of each channel, from 0 to 1.
    """

    def __init__(
        self,
        channels: Sequence[Any],
        limits: Sequence[tuple[float, float]],
        colours: Sequence[NDArray[np.float64]],
    ) -> None:
        super().__init__((*channels[0].shape, 3), np.uint8)
        self._channels = tuple(zip(channels, limits, colours, strict=True))

    def _read(self, t: int) -> NDArray[np.uint8]:
        total = np.zeros(self.shape[1:], np.float32)
        for channel, (low, high), colours in self._channels:
            frame = np.asarray(channel[t], np.float32)
            scaled = (frame - low) / max(high - low, 1e-12) * (LEVELS - 1)
            level = np.clip(np.nan_to_num(scaled), 0, LEVELS - 1)
            total += colours.astype(np.float32)[level.astype(np.uint8)]
        mixed: NDArray[np.uint8] = np.rint(255 * np.clip(total, 0, 1)).astype(np.uint8)
        return mixed


class ComputedLabels:
    """Array-like of a labels layer whose frames are computed on access.

    Parameters
    ----------
    compute : callable
        Returns the labels of a frame, (H, W) of `dtype`.
    shape : (int, int, int)
        T, H and W of the video.
    axes : Axes
        Axes of the layer.
    dtype : type
        Type of the labels.
    """

    def __init__(
        self, compute: Compute, shape: tuple[int, int, int], axes: Axes, dtype: Any
    ) -> None:
        self._compute, self._axes = compute, axes
        self._frames = shape[0]
        self.shape = axes.to_layer(np.broadcast_to(0, shape)).shape
        self.ndim, self.dtype = len(self.shape), np.dtype(dtype)

    @property
    def size(self) -> int:
        """Number of pixels of all frames."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Index as a NumPy array; only the selected frames are computed."""
        indices = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in indices:
            i = indices.index(Ellipsis)
            indices[i : i + 1] = [slice(None)] * (self.ndim - len(indices) + 1)
        indices += [slice(None)] * (self.ndim - len(indices))
        axis = self._axes.time
        time = slice(None) if axis is None else indices[axis]
        if isinstance(time, slice):
            frames = range(*time.indices(self._frames))
        else:
            frames = range(int(time), int(time) + 1)
        if axis is not None:
            indices[axis] = slice(None) if isinstance(time, slice) else 0
        stack = np.stack([self._compute(t) for t in frames]).astype(self.dtype)
        return np.asarray(self._axes.to_layer(stack)[tuple(indices)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or self.dtype, copy=False)
