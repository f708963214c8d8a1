import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.config import Config
from napari_gnn_vos.errors import SettingsError
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.study.fine_tuning.annotated_video import AnnotatedVideo
from napari_gnn_vos.study.fine_tuning.split import MAX_FRAMES, MIN_LABELLED, split_clips
from tests.study.fine_tuning.videos import annotated


def with_masks(labelled, frames=300):
    mask = np.ones((16, 16), np.uint8)
    video = Video.from_array(np.zeros((frames, 16, 16), np.uint8))
    return AnnotatedVideo(video, dict.fromkeys(labelled, mask))


def test_last_labelled_frames_of_a_video_are_held_out():
    (training,), (held,) = split_clips([with_masks((10, 20, 30, 40, 50))], 0.4)
    assert training.labelled == (10, 20, 30)
    assert held.labelled == (40, 50)
    assert training.span == range(5, 35)
    assert held.span == range(35, 56)


def test_whole_videos_are_held_out_of_three():
    videos = [with_masks((k,)) for k in (10, 20, 30)]
    training, held = split_clips(videos, 0.3)
    assert [clip.labelled for clip in training] == [(10,), (20,)]
    assert [clip.labelled for clip in held] == [(30,)]


@given(
    st.lists(
        st.sets(st.integers(0, 299), min_size=1, max_size=30), min_size=1, max_size=4
    ),
    st.floats(0.05, 0.5),
)
def test_no_frame_is_in_two_clips(labelled, share):
    videos = [with_masks(sorted(frames)) for frames in labelled]
    try:
        training, held = split_clips(videos, share)
    except SettingsError:
        assert len(videos) < 3
        assert all(len(frames) < MIN_LABELLED for frames in labelled)
        return
    clips = [*training, *held]
    assert training
    assert held
    for clip in clips:
        assert clip.labelled
        assert 2 <= len(clip.span) <= MAX_FRAMES
        assert clip.span.start >= 0
        assert clip.span.stop <= 300
    for video in videos:
        spans = [set(clip.span) for clip in clips if clip.source is video]
        assert len(set().union(*spans)) == sum(map(len, spans))


def test_too_few_labelled_frames_are_reported():
    with pytest.raises(SettingsError, match="4 accepted or corrected frames"):
        split_clips([with_masks((1, 2, 3))], 0.3)


def test_clip_has_the_labels_of_its_frames(tmp_path):
    source = annotated()
    _, (held,) = split_clips([source], 0.4)
    prepared = drain(held.prepare(Config(refine="none"), tmp_path))
    start = held.span.start
    assert prepared.labelled_frames == (5 - start, 7 - start)
    for t in held.labelled:
        np.testing.assert_array_equal(prepared.truth[t - start], source.masks[t])
        np.testing.assert_array_equal(
            prepared.session.video.rgb(t - start), source.video.rgb(t)
        )
