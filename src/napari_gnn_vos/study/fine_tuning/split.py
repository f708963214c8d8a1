"""Divide annotated videos into clips for training and held-out clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_gnn_vos.config import Config
from napari_gnn_vos.engine import start
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.progress import Pipeline
from napari_gnn_vos.storage import StoragePath
from napari_gnn_vos.structures.video_clip import clip_video
from napari_gnn_vos.study.fine_tuning.annotated_video import AnnotatedVideo
from napari_gnn_vos.study.labelled_video import LabelledVideo

MARGIN = 5
"""Frames before the first and after the last labelled frame of a clip."""
MAX_FRAMES = 100
"""Largest number of frames of a clip."""
MIN_LABELLED = 4
"""Smallest number of labelled frames of a video that is divided into training and
held-out frames."""
MIN_VIDEOS = 3
"""Smallest number of videos of which whole ones are held out."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Consecutive frames of an annotated video.

    Parameters
    ----------
    source : AnnotatedVideo
    span : range
        Frames of the clip.
    """

    source: AnnotatedVideo
    span: range

    @property
    def labelled(self) -> tuple[int, ...]:
        """Labelled frames in the clip, counted from the start of the video."""
        return tuple(t for t in self.source.labelled if t in self.span)

    def prepare(
        self, config: Config, cache: StoragePath | None
    ) -> Pipeline[LabelledVideo]:
        """Prepare the clip."""
        video = clip_video(self.source.video, self.span)
        session = yield from start(video, config, cache)
        dtype = np.result_type(np.uint8, *self.source.masks.values())
        truth = np.zeros(video.shape, dtype)
        for t in self.labelled:
            truth[t - self.span.start] = self.source.masks[t]
        labelled = tuple(t - self.span.start for t in self.labelled)
        return LabelledVideo(session, truth, labelled)


def split_clips(
    videos: Sequence[AnnotatedVideo], held_out: float
) -> tuple[list[Clip], list[Clip]]:
    """Divide videos into clips for training and held-out clips.

    Of three videos or more, the last ones are held out; of fewer, the last labelled
    frames of each video.

    Parameters
    ----------
    videos : sequence of AnnotatedVideo
    held_out : float
        Share that is held out, up to .5.

    Returns
    -------
    training, held_out : list of Clip
        No frame is in both.

    Raises
    ------
    SettingsError
        If there are too few labelled frames.
    """
    if len(videos) >= MIN_VIDEOS:
        count = math.ceil(held_out * len(videos) - 1e-9)
        clips = [_clip(video, range(video.video.shape[0])) for video in videos]
        return clips[:-count], clips[-count:]
    training, held_out_clips = [], []
    for video in videos:
        if len(video.labelled) < MIN_LABELLED:
            training.append(_clip(video, range(video.video.shape[0])))
            continue
        count = max(round(held_out * len(video.labelled)), 1)
        first = video.labelled[-count]
        cut = (video.labelled[-count - 1] + first + 1) // 2
        cut = min(cut, video.video.shape[0] - 2)
        training.append(_clip(video, range(cut)))
        held_out_clips.append(_clip(video, range(cut, video.video.shape[0])))
    if not held_out_clips:
        raise SettingsError(
            f"Fine-tuning needs a video with {MIN_LABELLED} accepted or corrected "
            f"frames, or {MIN_VIDEOS} videos, some of which are held out. Accept more "
            "frames, or add projects."
        )
    return training, held_out_clips


def _clip(video: AnnotatedVideo, part: range) -> Clip:
    """Return the clip of up to `MAX_FRAMES` frames with the most labelled frames."""
    labelled = np.array([t for t in video.labelled if t in part])
    firsts = np.maximum(labelled - MARGIN, part.start)
    ends = firsts + MAX_FRAMES
    counts = np.searchsorted(labelled, ends) - np.searchsorted(labelled, firsts)
    first = int(firsts[np.argmax(counts)])
    last = labelled[labelled < first + MAX_FRAMES].max()
    stop = min(last + 1 + MARGIN, first + MAX_FRAMES, part.stop)
    first = max(min(first, stop - 2), part.start)
    return Clip(video, range(int(first), int(max(stop, first + 2))))
