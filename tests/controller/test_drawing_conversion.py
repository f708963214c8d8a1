import numpy as np
import pytest
from hypothesis import given

from napari_gnn_vos.controller.axes import Axes
from napari_gnn_vos.controller.drawing_conversion import (
    brush_from_strokes,
    drawing_from_shapes,
    lines_from_shapes,
    outline,
    shapes_from_lines,
)
from napari_gnn_vos.errors import ScribbleError
from tests.controller.test_axes import all_axes


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


def test_shapes_off_the_labelled_slice_and_outside_the_video_are_skipped():
    axes = Axes(0, 2, 3, ((1, 4),))
    square = np.array([[2, 2], [2, 5], [5, 5], [5, 2]], float)
    places = [(1, 4), (1, 3), (9, 4), (-1, 4)]  # frame and slice
    paths = [np.hstack([np.tile(place, (4, 1)), square]) for place in places]
    kinds = ["rectangle"] * len(places)
    filled = drawing_from_shapes(paths, kinds, 3, axes, (3, 8, 8), fill=True)
    assert [*filled.brush] == [1]
    assert (filled.brush[1][2:6, 2:6] == 3).all()
    outlined = drawing_from_shapes(paths, kinds, 3, axes, (3, 8, 8), fill=False)
    assert not outlined.brush
    assert [(line.frame, line.label) for line in outlined.lines] == [(1, 3)]
