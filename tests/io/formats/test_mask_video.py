import av
import numpy as np
import pytest

from napari_gnn_vos.errors import ReadError, SettingsError, ShapeError
from napari_gnn_vos.io.formats import mask_video
from napari_gnn_vos.io.formats.video_labels import VideoLabels
from napari_gnn_vos.io.read import read_video
from tests.io.formats.scenes import COLOURS, moving_squares, video_labels


def grey(t):
    return np.full((24, 30, 3), 100 + t, np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pyav_decodes_the_labels_without_loss(tmp_path, dtype):
    labels = moving_squares(dtype=dtype, last=200 if dtype == np.uint8 else 40_000)
    path = tmp_path / "a.mkv"
    assert mask_video.write_masks(VideoLabels(labels), path) == 6
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "ffv1"
        frames = [frame.to_ndarray() for frame in container.decode(video=0)]
    np.testing.assert_array_equal(frames, labels)


def test_frames_are_read_in_any_order(tmp_path):
    mask_video.write_masks(video_labels(), tmp_path / "a.mkv")
    frames = mask_video.read_masks(tmp_path / "a.mkv").frames
    for t in (4, 0, 5, 2):
        np.testing.assert_array_equal(frames[t], moving_squares()[t])


def test_overlay_has_the_colours_of_the_objects(tmp_path):
    source = video_labels(image=grey)
    assert mask_video.write_overlay(source, tmp_path / "a.mp4") == 6
    video = read_video(tmp_path / "a.mp4")
    assert video.shape == (6, 24, 30)
    frame = video.rgb(5).astype(int)
    expected = (np.array(COLOURS[7]) + 105) / 2
    np.testing.assert_allclose(frame[17, 1], expected, atol=12)
    np.testing.assert_allclose(frame[20, 20], 105, atol=6)


def test_blend_keeps_the_background(tmp_path):
    source = video_labels(image=grey)
    mask = moving_squares()[5]
    overlay = mask_video.blend(grey(5), mask, source)
    assert (overlay[mask == 0] == 105).all()
    assert overlay[17, 1].tolist() == [58, 62, 68]


def test_overlay_of_odd_frames_loses_one_row(tmp_path):
    labels = np.ones((2, 17, 21), np.uint8)
    source = VideoLabels(labels, image=lambda _t: np.zeros((17, 21, 3), np.uint8))
    mask_video.write_overlay(source, tmp_path / "a.mp4")
    assert read_video(tmp_path / "a.mp4").shape == (2, 16, 20)


def test_overlay_needs_the_video(tmp_path):
    with pytest.raises(SettingsError, match="--video"):
        mask_video.write_overlay(video_labels(), tmp_path / "a.mp4")


def test_lossy_video_is_not_read_as_labels(tmp_path):
    path = tmp_path / "a.mp4"
    mask_video.write_overlay(video_labels(image=grey), path)
    with pytest.raises(ReadError, match="h264 with yuv420p"):
        mask_video.read_masks(path)


@pytest.mark.parametrize("write", [mask_video.write_masks, mask_video.write_overlay])
def test_frames_that_cannot_be_encoded_are_refused(tmp_path, write):
    def image(_t):
        return np.zeros((16, 1, 3), np.uint8)

    labels = VideoLabels(np.ones((2, 16, 1), np.uint8), image=image)
    with pytest.raises(ShapeError, match="16 x 1 pixels"):
        write(labels, tmp_path / "a.mkv")
