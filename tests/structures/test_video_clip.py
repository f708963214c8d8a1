import numpy as np

from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.video_clip import clip_video


class LazyFrames:
    """Frames that are not an array."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, t):
        return self.array[t]


def film():
    return np.random.default_rng(0).integers(0, 4000, (9, 16, 20), np.uint16)


def test_clip_shows_the_same_pixels_with_the_same_display_range():
    for frames in (film(), LazyFrames(film())):
        video = Video.from_array(frames, "film", "file")
        clip = clip_video(video, range(3, 7))
        assert clip.shape == (4, 16, 20)
        for t in range(4):
            np.testing.assert_array_equal(clip.rgb(t), video.rgb(3 + t))


def test_clips_have_different_fingerprints():
    video = Video.from_array(LazyFrames(film()), "film", "file")
    spans = range(4), range(4, 8), range(9)
    clips = [clip_video(video, span) for span in spans]
    assert clips[2] is video
    assert len({drain(clip.compute_fingerprint()) for clip in clips}) == 3
