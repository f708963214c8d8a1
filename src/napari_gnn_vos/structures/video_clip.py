"""Consecutive frames of a video as a video of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_gnn_vos.structures.video import Frames, Video


@dataclass(frozen=True, slots=True, eq=False)
class ClippedFrames:
    """Frames of another array-like, read on access.

    Parameters
    ----------
    source : Frames
    span : range
        Consecutive frames of the source.
    """

    source: Frames
    span: range

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape, ``(T, H, W)`` or ``(T, H, W, C)``."""
        return (len(self.span), *self.source.shape[1:])

    @property
    def dtype(self) -> Any:
        """Type of the pixels."""
        return self.source.dtype

    def __getitem__(self, index: int) -> Any:
        """Return frame `index`."""
        return self.source[self.span[index]]


def clip_video(video: Video, span: range) -> Video:
    """Return consecutive frames of a video as a video with the same display range.

    Parameters
    ----------
    video : Video
    span : range
        Two frames or more.

    Returns
    -------
    clip : Video
        `video` itself if the range contains all frames.
    """
    if len(span) == video.shape[0]:
        return video
    frames: Frames = ClippedFrames(video.frames, span)
    if isinstance(video.frames, np.ndarray):
        frames = video.frames[span.start : span.stop]
    of_clip = f"[{span.start}:{span.stop}]"
    identity = video.identity and video.identity + of_clip
    return Video(frames, video.limits, video.name + of_clip, identity)
