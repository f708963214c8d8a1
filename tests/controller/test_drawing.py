"""Properties of drawings: the engine receives what the layers show."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.drawing_changes import changed_frames, changes, rebase
from napari_gnn_vos.controller.drawing_conversion import brush_from_strokes
from napari_gnn_vos.interact.strokes import paint_scribbles
from napari_gnn_vos.structures.canvas import value_of
from napari_gnn_vos.structures.scribbles import ERASED, Scribble
from napari_gnn_vos.structures.seeds import PaintedPixels

SHAPE = (3, 5, 6)
VALUES = st.sampled_from([0, 0, 0, 1, 2, 254, 255, 256, 300, 32_767, 32_768])
STROKES = hnp.arrays(np.uint16, SHAPE, elements=VALUES)
LINES = st.lists(
    st.builds(
        Scribble,
        st.integers(0, 2),
        st.integers(0, 3),
        hnp.arrays(float, (3, 2), elements=st.floats(-2, 8)),
    ),
    max_size=3,
).map(tuple)
DRAWINGS = st.builds(
    lambda strokes, lines: Drawing(brush_from_strokes(strokes, SHAPE), lines),
    STROKES,
    LINES,
)


def rasterised(drawing):
    return np.stack([drawing.canvas(t, SHAPE) for t in range(SHAPE[0])])


def rasterised_pixels(painted_pixels):
    out = np.zeros(SHAPE, np.uint16)
    out[painted_pixels.frame, painted_pixels.row, painted_pixels.col] = [
        value_of(label) for label in painted_pixels.label
    ]
    return out


@given(st.lists(DRAWINGS, min_size=1, max_size=4))
def test_changes_reproduce_the_drawing_whatever_came_before(drawings):
    painted_pixels = PaintedPixels.empty()
    for before, after in pairwise([Drawing(), *drawings]):
        painted_pixels = paint_scribbles(
            painted_pixels, changes(before, after, SHAPE), SHAPE
        )
        np.testing.assert_array_equal(
            rasterised_pixels(painted_pixels), rasterised(after)
        )


@given(DRAWINGS)
def test_equal_drawings_have_no_changes(drawing):
    assert changes(drawing, drawing, SHAPE) == ()


@given(STROKES)
def test_brush_is_read_unchanged(strokes):
    drawing = Drawing(brush_from_strokes(strokes, SHAPE))
    np.testing.assert_array_equal(rasterised(drawing), strokes)
    again = brush_from_strokes(strokes, SHAPE, drawing)
    assert all(again[t] is drawing.brush[t] for t in again)


@given(DRAWINGS, DRAWINGS)
def test_rebase_without_newer_strokes_gives_the_target(before, target):
    back = rebase(before, before, target)
    np.testing.assert_array_equal(rasterised(back), rasterised(target))


@given(STROKES, STROKES, STROKES)
def test_rebase_keeps_newer_strokes(now, before, target):
    drawings = [Drawing(brush_from_strokes(s, SHAPE)) for s in (now, before, target)]
    expected = np.where(now != before, now, target)
    np.testing.assert_array_equal(rasterised(rebase(*drawings)), expected)


def test_new_changed_and_erased_pixels_by_hand():
    before, after = np.zeros((2, *SHAPE), np.uint16)
    before[1, 0] = [1, 1, 0, 0, 0, 0]
    after[1, 0] = [0, 255, 2, 0, 0, 0]
    scribbles = changes(
        Drawing(brush_from_strokes(before, SHAPE)),
        Drawing(brush_from_strokes(after, SHAPE)),
        SHAPE,
    )
    assert [(s.frame, s.label, s.path.tolist(), s.connected) for s in scribbles] == [
        (1, ERASED, [[0, 0]], False),
        (1, 2, [[0, 2]], False),
        (1, 0, [[0, 1]], False),
    ]


def test_removed_line_reveals_the_brush():
    strokes = np.zeros(SHAPE, np.uint16)
    strokes[0, 2, 0] = 1
    brush = brush_from_strokes(strokes, SHAPE)
    line = Scribble(0, 2, np.array([[2.0, 0.0], [2.0, 1.0]]))
    scribbles = changes(Drawing(brush, (line,)), Drawing(brush), SHAPE)
    assert [(s.label, s.path.tolist()) for s in scribbles] == [
        (ERASED, [[2, 1]]),
        (1, [[2, 0]]),
    ]


def test_line_outside_the_frame_has_no_pixels():
    outside = Scribble(0, 1, np.array([[-9.0, -9.0]]))
    after_the_end = Scribble(7, 1, np.array([[1.0, 1.0]]))
    assert changes(Drawing(), Drawing({}, (outside, after_the_end)), SHAPE) == ()


def test_changed_frames_of_brush_lines_and_accepted_frames():
    canvas = np.zeros((4, 5), np.uint8)
    same = Drawing({1: canvas, 2: canvas + 1}, (), {7: canvas})
    other = Drawing({1: canvas.copy(), 2: canvas + 2}, (), {})
    assert changed_frames(same, other) == (2, 7)
    assert changed_frames(same, same) == ()
