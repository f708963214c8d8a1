import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_gnn_vos.errors import ScribbleError
from napari_gnn_vos.interact.strokes import paint_scribbles, rasterise
from napari_gnn_vos.structures.scribbles import ERASED, Scribble
from napari_gnn_vos.structures.seeds import PaintedPixels
from tests.scenes import line

SHAPE = (3, 9, 12)
points = st.tuples(st.floats(-3, 11), st.floats(-3, 14))


@st.composite
def strokes(draw):
    inside = st.tuples(st.integers(0, 8), st.integers(0, 11))
    path = [draw(inside), *draw(st.lists(points, max_size=4))]
    frame, label = draw(st.integers(0, 2)), draw(st.integers(-1, 3))
    return Scribble(frame, label, path, draw(st.booleans()))


def label_image(painted_pixels):
    """Painted labels, (T, H, W); -1 where there are none."""
    out = np.full(SHAPE, -1)
    out[painted_pixels.frame, painted_pixels.row, painted_pixels.col] = (
        painted_pixels.label
    )
    return out


def paint(*scribbles, painted_pixels=None):
    return paint_scribbles(
        PaintedPixels.empty() if painted_pixels is None else painted_pixels,
        scribbles,
        SHAPE,
    )


def test_line_through_three_points():
    pixels = rasterise(line(0, 1, (1, 1), (3, 3), (3, 5)), SHAPE)
    assert pixels.tolist() == [[1, 1], [2, 2], [3, 3], [3, 4], [3, 5]]


def test_brush_points_are_not_connected():
    pixels = rasterise(Scribble(0, 1, [(1, 1), (3, 3)], connected=False), SHAPE)
    assert pixels.tolist() == [[1, 1], [3, 3]]


def test_single_point_is_one_pixel():
    assert rasterise(line(0, 1, (1.6, 2.4)), SHAPE).tolist() == [[2, 2]]


@given(scribble=strokes())
def test_pixels_are_distinct_and_inside(scribble):
    pixels = rasterise(scribble, SHAPE)
    assert len({tuple(p) for p in pixels.tolist()}) == len(pixels)
    assert ((pixels >= 0) & (pixels < SHAPE[1:])).all()


@pytest.mark.parametrize("frame", [-1, 3])
def test_missing_frame_raises_an_error(frame):
    with pytest.raises(ScribbleError, match=f"0 to 2; a stroke is on frame {frame}"):
        paint(line(frame, 1, (1, 1)))


def test_stroke_outside_of_the_frame_raises_an_error():
    with pytest.raises(ScribbleError, match="wholly outside"):
        paint(line(0, 1, (-5, 3), (-1, 4)))


def test_stroke_is_clipped_to_the_frame():
    painted_pixels = paint(line(0, 1, (4, -3), (4, 2)), line(0, 2, (7, 10), (7, 20)))
    assert painted_pixels.col[painted_pixels.label == 1].tolist() == [0, 1, 2]
    assert painted_pixels.col[painted_pixels.label == 2].tolist() == [10, 11]


def test_line_between_outside_points_crosses_the_frame():
    painted_pixels = paint(line(0, 1, (4, -3), (4, 20)))
    assert painted_pixels.col.tolist() == list(range(12))


def test_newest_stroke_wins():
    painted_pixels = paint(line(0, 1, (2, 0), (2, 5)), line(0, 2, (0, 3), (5, 3)))
    drawn = label_image(painted_pixels)[0]
    assert drawn[2, :6].tolist() == [1, 1, 1, 2, 1, 1]
    assert (drawn[:6, 3] == 2).all()
    assert len(painted_pixels) == 11


def test_eraser_removes_labels():
    painted_pixels = paint(line(0, 1, (2, 0), (2, 5)), line(0, ERASED, (2, 2), (2, 3)))
    assert label_image(painted_pixels)[0, 2, :6].tolist() == [1, 1, -1, -1, 1, 1]
    repainted = paint(line(0, 3, (2, 2)), painted_pixels=painted_pixels)
    assert label_image(repainted)[0, 2, :6].tolist() == [1, 1, 3, -1, 1, 1]


def test_strokes_affect_their_frame_only():
    painted_pixels = paint(
        line(1, 1, (2, 2)), line(2, 2, (2, 2)), line(0, ERASED, (2, 2))
    )
    assert label_image(painted_pixels)[:, 2, 2].tolist() == [-1, 1, 2]


def test_background_strokes_are_painted():
    assert label_image(paint(line(0, 1, (2, 2)), line(0, 0, (2, 2))))[0, 2, 2] == 0


@given(scribbles=st.lists(strokes(), max_size=6))
def test_strokes_painted_one_by_one_equal_all_at_once(scribbles):
    at_once, one_by_one = paint(*scribbles), PaintedPixels.empty()
    for scribble in scribbles:
        one_by_one = paint(scribble, painted_pixels=one_by_one)
    for name in ("frame", "row", "col", "label"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(one_by_one, name))


@given(scribbles=st.lists(strokes(), max_size=6))
def test_painted_pixels_equal_an_image_painted_in_order(scribbles):
    expected = np.full(SHAPE, -1)
    for scribble in scribbles:
        rows, cols = rasterise(scribble, SHAPE).T
        expected[scribble.frame, rows, cols] = scribble.label
    painted_pixels = paint(*scribbles)
    np.testing.assert_array_equal(label_image(painted_pixels), expected)
    assert len(painted_pixels) == (expected >= 0).sum()


def test_distant_points_are_clipped():
    pixels = rasterise(line(0, 1, (10, -1e12), (10, 5)), (1, 20, 30))
    assert pixels.tolist() == [[10, c] for c in range(6)]
