import dask.array
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.errors import ScribbleError, VideoError
from napari_gnn_vos.gui.layers.conversion import (
    VIDEO_KEY,
    Axes,
    brush_from_strokes,
    lines_from_shapes,
    outline,
    shapes_from_lines,
    video_of,
)
from napari_gnn_vos.structures.video import Video

ARRAY_TYPES = [
    np.asarray,
    dask.array.from_array,
    lambda a: zarr.array(a, chunks=a.shape),
]


@st.composite
def all_axes(draw):
    """Time anywhere, up to two more axes anywhere before rows and columns."""
    ndim = draw(st.integers(3, 5))
    time = draw(st.integers(0, ndim - 1))
    names = ["t" if i == time else f"a{i}" for i in range(ndim)]
    return Axes.guess(names, draw(st.tuples(*[st.integers(0, 1)] * ndim)))


@given(all_axes())
def test_stack_round_trip(axes):
    stack = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    spread = axes.to_layer(stack)
    assert spread.ndim == axes.ndim
    assert np.shares_memory(spread, stack)
    np.testing.assert_array_equal(axes.to_stack(spread), stack)


@given(all_axes(), st.integers(0, 9))
def test_points_round_trip(axes, frame):
    path = np.array([[1.5, 2.0], [3.0, 4.5]])
    back, where = axes.split_points(axes.join_points(frame, path))
    assert back == frame
    np.testing.assert_array_equal(where, path)


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


def test_one_dimensional_image_is_rejected():
    with pytest.raises(VideoError, match="time"):
        Axes.guess(["x"], [0])


@pytest.mark.parametrize(
    ("names", "shape"), [("yx", (3, 4)), ("  ", (3, 4)), ("xy", (4, 3))]
)
def test_axes_of_a_single_image(names, shape):
    axes = Axes.guess(names, [0, 0])
    stack = np.arange(12).reshape(1, 3, 4)
    assert axes.to_layer(stack).shape == shape
    np.testing.assert_array_equal(axes.to_stack(axes.to_layer(stack)), stack)
    path = np.array([[1.0, 2.0], [3.0, 4.5]])
    assert axes.split_points(axes.join_points(0, path))[0] == 0
    np.testing.assert_array_equal(axes.split_points(axes.join_points(0, path))[1], path)
    assert axes.video_shape(shape) == (1, 3, 4)


@given(all_axes())
def test_lines_round_trip(axes):
    paths = [
        axes.join_points(2, np.array([[1.5, 3.0], [4.0, 5.0]])),
        axes.join_points(0, np.zeros((1, 2))),
    ]
    lines = lines_from_shapes(paths, ["path", "path"], [1, 0], axes)
    back, labels = shapes_from_lines(lines, axes)
    assert labels == [1, 0]
    for restored, path in zip(back, paths, strict=True):
        np.testing.assert_array_equal(restored, path)


def test_outlines_are_closed_and_ellipses_traced():
    corners = np.array([[0.0, 0.0], [0.0, 4.0], [2.0, 4.0], [2.0, 0.0]])
    assert len(outline(corners, "path")) == 4
    np.testing.assert_array_equal(outline(corners, "rectangle")[-1], corners[0])
    ring = outline(corners, "ellipse") - [1, 2]
    np.testing.assert_allclose((ring[:, 0] / 1) ** 2 + (ring[:, 1] / 2) ** 2, 1)


def test_line_without_label_is_rejected():
    with pytest.raises(ScribbleError, match="label"):
        lines_from_shapes([np.zeros((2, 3))], ["path"], [np.nan], Axes())


@pytest.mark.parametrize("value", [-1, 32_769])
def test_pixel_values_that_are_not_labels_are_rejected(value):
    stack = np.zeros((2, 3, 4), np.int64)
    stack[1, 1, 1] = value
    with pytest.raises(ScribbleError, match=str(value)):
        brush_from_strokes(stack, (2, 3, 4))


def test_strokes_of_another_size_are_rejected():
    with pytest.raises(ScribbleError, match="as large as"):
        brush_from_strokes(np.zeros((2, 3, 4), int), (2, 3, 5))
