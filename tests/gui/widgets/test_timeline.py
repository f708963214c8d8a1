from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtGui import QColor

from napari_gnn_vos.controller.label_statistics import LabelStatistics
from napari_gnn_vos.controller.layer_metadata import STROKES
from napari_gnn_vos.controller.palette import colour_of
from napari_gnn_vos.gui.widgets.timeline import (
    ABSENT,
    ACCEPTED,
    BOTTOM,
    CHANGED,
    LOCKED,
    MARGIN,
    RANGE,
    ROW_HEIGHT,
    FrameColumns,
    Timeline,
)
from tests.gui.mouse import idle


@pytest.fixture
def timeline(qtbot, dock):
    dock.annotator.controller.statistics.enable()
    timeline = Timeline(dock.annotator)
    qtbot.addWidget(timeline)
    timeline.resize(400, 51)
    yield timeline
    timeline.stop()


def colour_at(timeline, frame, y):
    """Return the colour at the centre of a frame's column."""
    share = (frame + 0.5) / timeline._state.frames
    x = round(MARGIN + share * (timeline.width() - 2 * MARGIN))
    return timeline.grab().toImage().pixelColor(x, y).name()


def colours_of_marks(timeline, frame):
    """Return the colours of the three rows of marks below a frame."""
    rows = (BOTTOM + 2 + row * ROW_HEIGHT for row in range(3))
    return [colour_at(timeline, frame, y) for y in rows]


def predict(qtbot, dock, frame, row, label):
    strokes = dock.annotator.viewer.layers[STROKES]
    strokes.data[frame, row, 4:8] = label
    dock.annotator.predict()
    qtbot.waitUntil(partial(idle, dock))


def test_absent_objects_are_marked_and_named(dock, timeline):
    dock.annotator.active_label.choose(2)
    dock.annotator.objects.rename(2, "cell")
    assert colours_of_marks(timeline, 1)[1] != ABSENT
    dock.annotator.controller.objects.set_absent(2, 1)
    assert timeline.describe(1) == "Frame 1, cell absent."
    assert timeline.describe(0) == "Frame 0."
    assert colours_of_marks(timeline, 1)[1] == ABSENT
    assert colours_of_marks(timeline, 0)[1] != ABSENT


def test_tooltip_of_many_absent_objects_is_short(dock, timeline):
    dock.annotator.active_label.list_objects(range(1, 9))
    for label in range(1, 9):
        dock.annotator.controller.objects.set_absent(label, 0)
    assert timeline.describe(0).endswith("Object 5 absent, 3 more absent.")


def test_frames_with_locked_objects_are_marked_and_named(qtbot, dock, timeline):
    predict(qtbot, dock, 0, 4, 1)
    assert colours_of_marks(timeline, 2)[2] != LOCKED
    dock.annotator.objects.toggle_locked(2)
    assert colours_of_marks(timeline, 2)[2] != LOCKED  # no frame has object 2
    dock.annotator.objects.toggle_locked(1)
    assert colours_of_marks(timeline, 2)[2] == LOCKED
    assert timeline.describe(2).endswith("1 object, Object 1 locked.")
    dock.annotator.toggle_accepted(2)
    first, _, last = colours_of_marks(timeline, 2)
    assert (first, last) == (ACCEPTED, LOCKED)


def test_changes_presence_and_the_range_are_shown(qtbot, dock, timeline):
    predict(qtbot, dock, 0, 4, 1)
    assert dock.annotator.state.statistics == LabelStatistics(((1,),) * 4)
    dock.annotator.viewer.layers[STROKES].data[1, 4, 8:12] = 2
    dock.annotator.predict()
    qtbot.waitUntil(partial(idle, dock))
    assert dock.annotator.state.statistics == LabelStatistics(((1, 2),) * 4, (0.5,) * 4)
    assert timeline.describe(0) == (
        "Frame 0, uncertainty 0.00, 50% changed, 2 objects, strokes."
    )
    assert colour_at(timeline, 2, MARGIN) == CHANGED  # at full height
    own_colour = QColor.fromRgbF(*colour_of(1)).name()
    assert colour_at(timeline, 2, 2) == own_colour
    dock.annotator.active_label.choose(3)
    assert colour_at(timeline, 2, 2) != own_colour
    dock.annotator.ranges.set_in(1)
    dock.annotator.ranges.set_out(3)
    assert dock.annotator.state.message == "The range is frames 1 to 3"
    assert colour_at(timeline, 2, MARGIN - 3) == RANGE
    assert colour_at(timeline, 0, MARGIN - 3) != RANGE
    dock.annotator.undo()
    assert dock.annotator.state.statistics == LabelStatistics(((1,),) * 4)


def test_long_videos_are_drawn_once_for_each_state(qtbot, dock, timeline, monkeypatch):
    count = 10_000
    uncertainty = tuple(np.linspace(0, 0.4, count).tolist())
    state = replace(
        dock.annotator.state,
        frames=count,
        uncertainty=uncertainty,
        drawn=tuple(range(0, count, 2)),
        statistics=LabelStatistics(((1,),) * count, uncertainty),
    )
    monkeypatch.setattr(type(dock.annotator), "state", state)
    timeline.show()
    qtbot.waitExposed(timeline)
    timeline._refresh()
    started = perf_counter()
    timeline.repaint()
    assert perf_counter() - started < 2  # 30 ms; one by one, frames take seconds
    picture = timeline._picture
    timeline._on_slider()
    timeline.repaint()
    assert timeline._picture is picture
    assert timeline.frame_at(timeline.width() - MARGIN - 1) > count - 50


@given(st.integers(1, 5000), st.integers(1, 2000), st.data())
def test_each_frame_is_in_the_column_of_its_position(frames, width, data):
    columns = FrameColumns(frames, 8, width)
    frame = data.draw(st.integers(0, frames - 1))
    ((left, span),) = columns.spans([frame])
    start, stop = (8 + (frame + k) * width / frames for k in (0, 1))
    assert left <= start + 1e-6
    assert stop <= left + span + max(width / frames, 0) + 1e-6
    assert columns.spans([]) == columns.spans([-1, frames]) == []
    ((left, span),) = columns.spans(range(frames))
    assert (left, span) == pytest.approx((8, width))


@given(st.integers(1, 3000), st.integers(2, 500))
def test_a_column_shows_the_largest_value_of_its_frames(frames, width):
    columns, values = FrameColumns(frames, 0, width), np.arange(frames)
    largest = columns.largest(values.tolist())
    column_of = values * columns.count // frames
    expected = [values[column_of == column].max() for column in range(columns.count)]
    assert largest.tolist() == expected


def test_no_column_is_narrower_than_two_pixels():
    assert FrameColumns(10_000, 0, 800).count == 400
    assert FrameColumns(60, 0, 800).count == 60
    assert FrameColumns(60, 0, 0).count == 1
