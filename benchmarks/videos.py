"""Videos to measure on: a DAVIS sequence if available, otherwise a composed scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.io.davis import read_davis
from napari_gnn_vos.io.readers.lazy_frames import LazyFrames
from napari_gnn_vos.io.samples.photo_scenes import compose_scene
from napari_gnn_vos.structures.video import Frames, Video

SEQUENCE = "tennis"


class AlternatingFrames(LazyFrames):
    """Frames alternated forwards and backwards, so that motion stays continuous."""

    def __init__(self, frames: Frames, count: int) -> None:
        super().__init__((count, *frames.shape[1:]), frames.dtype)
        self._frames = frames

    def _read(self, t: int) -> NDArray[Any]:
        last = self._frames.shape[0] - 1
        return np.asarray(self._frames[last - abs(t % (2 * last) - last)])


def open_benchmark_video(
    davis: Path | None, frames: int
) -> tuple[Video, NDArray[np.uint8]]:
    """Open a video of `frames` frames of 480 x 854 pixels with ground truth.

    The ground truth is limited to the frames of the sequence, because masks of all
    frames would need more memory than the measured code.
    """
    if davis is None:
        video, truth = compose_scene(frames=min(frames, 60), shape=(480, 854))
    else:
        video, truth = read_davis(davis, SEQUENCE)
    if frames == video.shape[0]:
        return video, truth
    repeated = AlternatingFrames(video.frames, frames)
    identity = video.identity and f"{video.identity}, {frames} frames"
    return Video(repeated, video.limits, video.name, identity), truth


def several_objects(truth: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Create masks of `count` objects: rectangles side by side."""
    out = np.zeros_like(truth)
    width = truth.shape[2] // count
    for k in range(count):
        strip = slice(k * width, (k + 1) * width)
        height = truth.shape[1] // 2
        out[:, height : height + 60, strip] = k + 1
    return out
