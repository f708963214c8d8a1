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


def picture(painted_pixels):
    """What is drawn, (T, H, W); -1 where nothing is."""
    out = np.full(SHAPE, -1)
    out[painted_pixels.frame, painted_pixels.row, painted_pixels.col] = (
        painted_pixels.label
    )
    return out


def draw_on(*scribbles, painted_pixels=None):
    return paint_scribbles(
        PaintedPixels.none() if painted_pixels is None else painted_pixels,
        scribbles,
        SHAPE,
    )


def test_a_line_by_hand():
    pixels = rasterise(line(0, 1, (1, 1), (3, 3), (3, 5)), SHAPE)
    assert pixels.tolist() == [[1, 1], [2, 2], [3, 3], [3, 4], [3, 5]]


def test_points_of_a_brush_are_not_joined():
    pixels = rasterise(Scribble(0, 1, [(1, 1), (3, 3)], connected=False), SHAPE)
    assert pixels.tolist() == [[1, 1], [3, 3]]


def test_a_click_is_a_pixel():
    assert rasterise(line(0, 1, (1.6, 2.4)), SHAPE).tolist() == [[2, 2]]


@given(scribble=strokes())
def test_pixels_are_distinct_and_inside(scribble):
    pixels = rasterise(scribble, SHAPE)
    assert len({tuple(p) for p in pixels.tolist()}) == len(pixels)
    assert ((pixels >= 0) & (pixels < SHAPE[1:])).all()


@pytest.mark.parametrize("frame", [-1, 3])
def test_a_frame_that_is_not_there(frame):
    with pytest.raises(ScribbleError, match=f"0 to 2; this one is on frame {frame}"):
        draw_on(line(frame, 1, (1, 1)))


def test_a_stroke_wholly_outside():
    with pytest.raises(ScribbleError, match="wholly outside"):
        draw_on(line(0, 1, (-5, 3), (-1, 4)))


def test_a_stroke_partly_outside_is_clipped():
    painted_pixels = draw_on(line(0, 1, (4, -3), (4, 2)), line(0, 2, (7, 10), (7, 20)))
    assert painted_pixels.col[painted_pixels.label == 1].tolist() == [0, 1, 2]
    assert painted_pixels.col[painted_pixels.label == 2].tolist() == [10, 11]


def test_a_line_between_points_outside_still_crosses():
    painted_pixels = draw_on(line(0, 1, (4, -3), (4, 20)))
    assert painted_pixels.col.tolist() == list(range(12))


def test_the_newest_wins():
    painted_pixels = draw_on(line(0, 1, (2, 0), (2, 5)), line(0, 2, (0, 3), (5, 3)))
    drawn = picture(painted_pixels)[0]
    assert drawn[2, :6].tolist() == [1, 1, 1, 2, 1, 1]
    assert (drawn[:6, 3] == 2).all()
    assert len(painted_pixels) == 11


def test_an_eraser_leaves_nothing():
    painted_pixels = draw_on(
        line(0, 1, (2, 0), (2, 5)), line(0, ERASED, (2, 2), (2, 3))
    )
    assert picture(painted_pixels)[0, 2, :6].tolist() == [1, 1, -1, -1, 1, 1]
    again = draw_on(line(0, 3, (2, 2)), painted_pixels=painted_pixels)
    assert picture(again)[0, 2, :6].tolist() == [1, 1, 3, -1, 1, 1]


def test_other_frames_are_left_alone():
    painted_pixels = draw_on(
        line(1, 1, (2, 2)), line(2, 2, (2, 2)), line(0, ERASED, (2, 2))
    )
    assert picture(painted_pixels)[:, 2, 2].tolist() == [-1, 1, 2]


def test_background_is_ink_too():
    assert picture(draw_on(line(0, 1, (2, 2)), line(0, 0, (2, 2))))[0, 2, 2] == 0


@given(some=st.lists(strokes(), max_size=6))
def test_one_by_one_is_all_at_once(some):
    at_once, one_by_one = draw_on(*some), PaintedPixels.none()
    for scribble in some:
        one_by_one = draw_on(scribble, painted_pixels=one_by_one)
    for name in ("frame", "row", "col", "label"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(one_by_one, name))


@given(some=st.lists(strokes(), max_size=6))
def test_ink_as_a_picture_painted_over(some):
    wanted = np.full(SHAPE, -1)
    for scribble in some:
        rows, cols = rasterise(scribble, SHAPE).T
        wanted[scribble.frame, rows, cols] = scribble.label
    painted_pixels = draw_on(*some)
    np.testing.assert_array_equal(picture(painted_pixels), wanted)
    assert len(painted_pixels) == (wanted >= 0).sum()


def test_a_stroke_from_far_outside_is_cut_short():
    pixels = rasterise(line(0, 1, (10, -1e12), (10, 5)), (1, 20, 30))
    assert pixels.tolist() == [[10, c] for c in range(6)]
