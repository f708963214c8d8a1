import gc
import weakref

import numpy as np
import pytest

from napari_gnn_vos.structures.seeds import PaintedPixels
from napari_gnn_vos.structures.video import Video
from napari_gnn_vos.structures.working_video import (
    full_frame_bytes,
    reduce_painted_pixels,
    reduced_video,
    scale_points,
    working_shape,
)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 480, 854), (5, 480, 854)),
        ((5, 1000, 1000), (5, 1000, 1000)),
        ((5, 2000, 2000), (5, 1000, 1000)),
        ((5, 8000, 4000), (5, 1414, 707)),
        ((5, 16, 1_000_000), (5, 16, 62_500)),
        ((5, 1_000_000, 17), (5, 62_500, 16)),
    ],
)
def test_large_frames_are_reduced_to_the_limit_with_their_aspect_ratio(shape, expected):
    assert working_shape(shape, 1_000_000) == expected


def test_reduced_frames_are_means_of_the_pixels():
    frames = np.zeros((2, 32, 64), np.uint16)
    frames[1, ::2, ::2] = 400
    video = Video(frames, (0.0, 400.0))
    reduced = reduced_video(video, (2, 16, 32))
    assert reduced.rgb(1).shape == (16, 32, 3)
    assert (reduced.rgb(1) == 64).all()  # a quarter of white
    assert not reduced.rgb(0).any()


def test_reduced_video_is_made_once_and_does_not_keep_the_video():
    video = Video(np.zeros((2, 64, 64), np.uint8))
    assert reduced_video(video, video.shape) is video
    reduced = reduced_video(video, (2, 32, 32))
    assert reduced_video(video, (2, 32, 32)) is reduced
    alive = weakref.ref(video)
    del video
    gc.collect()
    assert alive() is None
    assert reduced.rgb(0).shape == (32, 32, 3)


def test_points_of_the_last_pixels_stay_inside():
    for full, small in ((99, 16), (100, 33), (4000, 707), (64, 64)):
        points = np.stack([np.arange(full)] * 2, axis=1)
        scaled = np.rint(scale_points(points, (full, full), (small, small)))
        assert scaled.min() == 0
        assert scaled.max() == small - 1


def test_reduced_pixel_has_the_most_frequent_label():
    row, col = (np.array(a, np.int32) for a in ([0, 0, 1, 6], [0, 1, 1, 7]))
    frame, label = np.array([0, 0, 0, 1], np.int32), np.array([3, 3, 5, 300], np.uint16)
    painted = PaintedPixels(frame, row, col, label)
    reduced = reduce_painted_pixels(painted, (2, 8, 8), (2, 4, 4))
    found = zip(reduced.frame, reduced.row, reduced.col, reduced.label, strict=True)
    assert list(found) == [(0, 0, 0, 3), (1, 3, 3, 300)]
    assert reduced.label.dtype == np.uint16


def test_bytes_of_a_full_frame_count_the_stored_type():
    video = Video(np.zeros((2, 20, 30, 4), np.float32))
    assert full_frame_bytes(video) == 600 * (16 + 7)
