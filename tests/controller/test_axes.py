from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.errors import VideoError


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


@given(all_axes(), st.integers(0, 1))
def test_pixel_indices_address_the_pixels_of_a_frame(axes, frame):
    stack = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    rows, cols = np.array([0, 2, 1]), np.array([3, 0, 1])
    indices = axes.pixel_indices(frame, rows, cols)
    np.testing.assert_array_equal(
        axes.to_layer(stack)[indices], stack[frame, rows, cols]
    )


@given(all_axes(), st.integers(0, 9))
def test_points_round_trip(axes, frame):
    path = np.array([[1.5, 2.0], [3.0, 4.5]])
    back, where = axes.split_points(axes.join_points(frame, path))
    assert back == frame
    np.testing.assert_array_equal(where, path)


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


def assigned(names, displayed=(), lengths=()):
    axes = Axes.guess(names, [0] * len(names), displayed, lengths)
    return axes.time, axes.row, axes.col


UNNAMED = ("-4", "-3", "-2", "-1")


@pytest.mark.parametrize("order", list(permutations("tzyx")))
def test_named_axes_in_any_order(order):
    assert assigned(order) == tuple(map(order.index, "tyx"))
    without_time = [("-1" if name == "t" else name) for name in order]
    assert assigned(without_time) == tuple(map(order.index, "tyx"))
    channels = [("c" if name == "t" else name) for name in order]
    assert assigned(channels) == tuple(map(order.index, "zyx"))


@pytest.mark.parametrize("order", list(permutations("tyx")))
def test_axes_of_a_stack_in_any_order(order):
    positions = tuple(map(order.index, "tyx"))
    assert assigned(order) == positions
    assert assigned([("z" if name == "t" else name) for name in order]) == positions
    assert assigned([("" if name == "t" else name) for name in order]) == positions
    partly = assigned([("" if name == "y" else name) for name in order])
    assert partly == positions


def test_unnamed_axes_are_assigned_by_the_displayed_ones():
    assert assigned(UNNAMED) == (0, 2, 3)
    assert assigned(UNNAMED, displayed=(1, 3)) == (0, 1, 3)
    assert assigned(UNNAMED[1:], displayed=(0, 1)) == (2, 0, 1)
    assert assigned(UNNAMED, lengths=(1, 5, 30, 40)) == (1, 2, 3)
    assert assigned(UNNAMED[1:], lengths=(1, 30, 40)) == (0, 1, 2)
    assert assigned(("c", "", "", "y", "x")) == (1, 3, 4)
    assert assigned(UNNAMED, (0, 1), (30, 40, 1, 5)) == (3, 0, 1)
    assert assigned(("-4", "-3", "z", "-1"), (0, 1)) == (3, 0, 1)


def test_time_among_unnamed_axes_behind_the_displayed_ones_is_refused():
    with pytest.raises(VideoError, match=r"axes 2 and 3 .* Type t"):
        assigned(UNNAMED, displayed=(0, 1))
    with pytest.raises(VideoError, match=r"axes 2 and 3 .* Type t"):
        assigned(("y", "x", "-2", "-1"))
