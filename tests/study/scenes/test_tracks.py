import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.study.scenes.tracks import (
    camera_path,
    clip_frames,
    interpolate_path,
    remove_pan,
    track_object,
)
from tests.scenes import moving_square, texture


@pytest.mark.parametrize(
    ("clip", "step", "times"),
    [
        ((3, 5), 1, [3, 4, 5, 4, 3, 4]),
        ((3, 5), -1, [5, 4, 3, 4, 5, 4]),
        ((0, 4), 2, [0, 2, 4, 2, 0, 2]),
        ((7, 7), 1, [7] * 6),
    ],
)
def test_clip_alternates_forwards_and_backwards(clip, step, times):
    assert clip_frames(clip, step, 6).tolist() == times


def test_path_interpolates_its_stops_without_overshoot():
    path = interpolate_path(((0.8, 0.5, 1), (1.2, 0.5, 1), (0.6, 0.6, 1)), 41)
    assert np.allclose(path[[0, 20, 40], 0], [0.8, 1.2, 0.6])
    assert path[:, 0].max() <= 1.2
    assert path[:, 1].min() >= 0.5


def test_single_stop_gives_a_constant_path():
    assert interpolate_path(((0.2, 0.3, 0.4),), 3).tolist() == [[0.2, 0.3, 0.4]] * 3


def test_foot_point_follows_a_moving_square():
    _, truth = moving_square(12)  # rows 14 to 31, from column 6, 3 per frame
    track = track_object(truth, (0, 11), "square")
    assert np.allclose(track.feet[:, 1], 31, atol=0.01)
    assert np.allclose(np.diff(track.feet[4:8, 0]), 3, atol=0.3)
    assert np.allclose(track.height, 18)


def test_height_follows_an_approaching_object():
    truth = np.zeros((8, 64, 64), np.uint8)
    for t in range(8):
        truth[t, 50 - 4 * t - 8 : 50, 10 : 18 + 4 * t] = 1
    height = track_object(truth, (0, 7), "nearer").height
    assert height[-1] / height[0] == pytest.approx(36 / 8, rel=0.25)


@pytest.mark.parametrize("clip", [(0, 12), (0, 3)])
def test_clip_without_its_object_is_rejected(clip):
    _, truth = moving_square(12)
    truth[2] = 0
    with pytest.raises(ReadError, match="of square"):
        track_object(truth, clip, "square")


def test_camera_motion_is_estimated_from_the_background():
    background = texture((160, 240), seed=3)
    frames = [np.roll(background, (-t, 4 * t), (0, 1)) for t in range(4)]
    mask = np.zeros((4, 160, 240), np.uint8)
    for t in range(4):
        frames[t][40:80, 60:120] = 90
        mask[t, 40:80, 60:120] = 1
    assert camera_path(frames, mask)[-1] == pytest.approx([12, -3], abs=1)


def test_only_the_uniform_pan_is_removed():
    camera = np.column_stack([10.0 * np.arange(5), [0, 2, 4, 2, 0]])
    assert np.allclose(remove_pan(camera), [[0, 0], [0, 2], [0, 4], [0, 2], [0, 0]])
