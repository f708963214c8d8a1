import dask.array
import numpy as np
import pytest
import zarr
from hypothesis import given

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.layer_arrays import ComputedLabels, video_of
from napari_gnn_vos.controller.layer_metadata import VIDEO_KEY
from napari_gnn_vos.structures.video import Video
from tests.controller.test_axes import all_axes

ARRAY_TYPES = [
    np.asarray,
    dask.array.from_array,
    lambda a: zarr.array(a, chunks=a.shape),
]

SHAPE = (3, 4, 5)


def frame_labels(frame):
    labels = np.zeros(SHAPE[1:], int)
    labels[frame, frame] = frame + 1
    return labels


@given(all_axes())
def test_frames_of_any_axis_order(axes):
    rng = np.random.default_rng(0)
    shape = [2] * axes.ndim
    shape[axes.time], shape[axes.row], shape[axes.col] = 3, 16, 17
    data = rng.integers(0, 255, shape, np.uint8)
    video = video_of(data, axes, "cube")
    assert video.shape == (3, 16, 17)
    for t in range(3):
        np.testing.assert_array_equal(video.raw(t), data[axes.index(t)])


@pytest.mark.parametrize("array_type", ARRAY_TYPES, ids=["numpy", "dask", "zarr"])
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
def test_video_from_numpy_dask_and_zarr_arrays(array_type, channels):
    data = np.random.default_rng(0).integers(0, 255, (3, 16, 17, *channels), np.uint8)
    video = video_of(array_type(data), Axes(), "any")
    assert video.shape == (3, 16, 17)
    np.testing.assert_array_equal(video.raw(1), data[1])
    assert video.fingerprint() == video_of(data, Axes(), "any").fingerprint()


def test_video_stored_by_the_reader_is_used_while_its_data_is_shown():
    frames = np.zeros((2, 16, 16), np.uint8)
    video = Video.from_array(frames, "file", identity="known")
    left = {VIDEO_KEY: (frames, video)}
    assert video_of(frames, Axes(), "layer", left) is video
    assert video_of(frames[:], Axes(), "layer", left).identity == ""


@pytest.mark.parametrize(
    "axes", [Axes(), Axes(2, 0, 1), Axes(0, 2, 1), Axes(1, 2, 3, ((0, 7),))]
)
def test_computed_labels_index_as_an_array(axes):
    labels = ComputedLabels(frame_labels, SHAPE, axes, np.uint8)
    expected = axes.to_layer(np.stack([frame_labels(t) for t in range(3)]))
    assert labels.shape == expected.shape
    np.testing.assert_array_equal(np.asarray(labels), expected)
    for t in range(3):
        np.testing.assert_array_equal(
            labels[axes.layer_index(t)], expected[axes.layer_index(t)]
        )
    np.testing.assert_array_equal(labels[..., 1], expected[..., 1])
