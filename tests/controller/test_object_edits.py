"""Actions on objects, by the controller without Qt and without napari."""

import numpy as np
import pytest

from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.object_table import ObjectTable
from napari_gnn_vos.errors import GnnVosError, ScribbleError
from napari_gnn_vos.structures.canvas import BACKGROUND_VALUE
from napari_gnn_vos.structures.scribbles import Scribble
from tests.controller import fakes


def canvas(values):
    """A frame with values at pixels."""
    painted = np.zeros(fakes.SHAPE[1:], np.uint8)
    for (row, col), value in values.items():
        painted[row, col] = value
    return painted


@pytest.fixture
def controller():
    """Objects 1 and 2 are drawn on frame 0, and predicted."""
    controller = fakes.controller()
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    draw(controller, {(1, 1): 1, (5, 5): 2})
    controller.predict()
    return controller


def draw(controller, values, frame=0):
    source = controller.annotation.source
    brush = {**source.drawing.brush, frame: canvas(values)}
    source.drawing = Drawing(brush, source.drawing.lines, source.drawing.accepted)


def labels(controller, frame=0):
    """Labels of the marked pixels."""
    frames = controller.annotation.session.packed_labels
    return frames.frame(frame)[[1, 5], [1, 5]].tolist()


TABLE_ACTIONS = {
    "new Object 3": lambda edits: edits.add(),
    "name of Object 1": lambda edits: edits.rename(1, "cell"),
    "colour of Object 1": lambda edits: edits.recolour(1, "#010203"),
    "move of Object 2": lambda edits: edits.move(2, 1),
    "lock of Object 1": lambda edits: edits.lock(1),
    "hiding of Object 1": lambda edits: edits.hide(1),
    "showing of only Object 2": lambda edits: edits.show_only(2),
    "absence of Object 1 in frame 2": lambda edits: edits.set_absent(1, 2),
}


@pytest.mark.parametrize("action", TABLE_ACTIONS)
def test_actions_on_the_table_are_undone_and_redone(controller, action):
    session = controller.annotation.session
    TABLE_ACTIONS[action](controller.objects)
    changed = controller.active_label.table
    assert changed != ObjectTable()
    assert controller.annotation.history.current.action.endswith(action)
    controller.edits.undo()
    assert controller.active_label.table == ObjectTable()
    controller.edits.redo()
    assert controller.active_label.table == changed
    assert controller.annotation.session is session


def test_undo_of_a_name_keeps_newer_strokes_and_the_prediction(controller):
    controller.objects.rename(1, "cell")
    draw(controller, {(1, 1): 1, (5, 5): 2, (7, 7): 1})
    controller.edits.undo()
    assert controller.annotation.source.drawing.brush[0][7, 7] == 1
    assert controller.annotation.history.current.rounds == 1


def test_action_without_effect_is_not_recorded(controller):
    entries = controller.annotation.history.entries
    controller.objects.rename(1, "Object 1")
    controller.objects.lock(1, False)
    assert controller.annotation.history.entries == entries


def test_actions_on_the_table_need_no_video():
    controller = fakes.controller()
    assert controller.objects.add() == 3
    controller.objects.rename(3, "cell")
    assert controller.active_label.name_of(3) == "cell"
    with pytest.raises(GnnVosError, match="no video"):
        controller.objects.set_absent(3, 0)


def test_merged_objects_get_one_label_and_are_predicted_again(controller):
    line = Scribble(1, 2, [[3, 3], [3, 5]])
    controller.edits.add_drawing(Drawing(lines=(line,)), "a line")
    controller.edits.import_labels({3: canvas({(0, 0): 2})}, {})
    controller.objects.merge(2, into=1)
    drawing = controller.annotation.source.drawing
    assert drawing.objects == (1,)
    assert [line.label for line in drawing.lines] == [1]
    assert drawing.accepted[3][0, :2].tolist() == [1, BACKGROUND_VALUE]
    assert {s.label for s in controller.annotation.session.rounds[-1]} == {0, 1}
    assert controller.active_label.table.labels == (0, 1)
    assert controller.active_label.label == 1
    controller.edits.undo()
    assert controller.annotation.source.drawing.objects == (1, 2)
    assert labels(controller) == [1, 2]
    assert controller.active_label.table.labels == (0, 1, 2)


def test_merge_with_itself_is_rejected(controller):
    with pytest.raises(ScribbleError, match="Two different objects"):
        controller.objects.merge(1, 1)


def test_split_makes_an_object_of_the_component_at_a_point(controller):
    draw(controller, {(1, 1): 1, (1, 2): 1, (5, 5): 1, (9, 9): 2})
    controller.predict()
    assert controller.objects.split(1, 0, (5, 5)) == 3
    assert labels(controller) == [1, 3]
    assert controller.active_label.label == 3
    assert controller.annotation.source.drawing.objects == (1, 2, 3)
    controller.edits.undo()
    assert labels(controller) == [1, 1]
    assert controller.active_label.table.labels == (0, 1, 2)


def test_split_keeps_the_largest_component(controller):
    draw(controller, {(1, 1): 1, (5, 5): 1, (5, 6): 1})
    assert controller.objects.split(1, 0) == 3
    controller.predict()
    assert labels(controller) == [3, 1]


@pytest.mark.parametrize(
    ("point", "reason"),
    [(None, "fewer than two"), ((0, 0), "no pixel at"), ((99, 0), "no pixel at")],
)
def test_split_without_a_component_is_rejected(controller, point, reason):
    with pytest.raises(ScribbleError, match=reason):
        controller.objects.split(1, 0, point)
    assert controller.active_label.table == ObjectTable()


@pytest.mark.parametrize(
    "action",
    [
        lambda edits: edits.remove(1),
        lambda edits: edits.merge(1, 2),
        lambda edits: edits.merge(2, 1),
        lambda edits: edits.split(1, 0),
    ],
)
def test_locked_object_is_not_removed_merged_or_split(controller, action):
    controller.objects.lock(1)
    with pytest.raises(ScribbleError, match="Object 1 is locked"):
        action(controller.objects)
    assert controller.annotation.source.drawing.objects == (1, 2)


def test_locked_object_does_not_change_in_later_rounds(controller):
    controller.objects.lock(2)
    draw(controller, {(1, 1): 1})  # the stroke of object 2 is erased
    controller.predict()
    assert labels(controller) == [1, 2]
    controller.objects.lock(2, False)
    controller.predict()
    assert labels(controller) == [1, 0]


def test_absent_object_is_removed_from_its_frame_by_the_next_round(controller):
    controller.objects.set_absent(2, 3)
    assert controller.state.unpredicted
    assert labels(controller, 3) == [1, 2]
    controller.predict()
    assert [labels(controller, t) for t in range(4)] == [[1, 2]] * 3 + [[1, 0]]
    controller.objects.set_absent(2, 3, False)
    controller.predict()
    assert labels(controller, 3) == [1, 2]


def test_round_of_a_range_changes_its_frames_only(controller):
    draw(controller, {(1, 1): 2, (5, 5): 2})
    controller.predict(range(1, 3))
    assert [labels(controller, t)[0] for t in range(4)] == [1, 2, 2, 1]
    assert "2 frames labelled" in controller.state.message
    controller.predict()
    assert [labels(controller, t)[0] for t in range(4)] == [2] * 4
    controller.edits.undo()
    assert [labels(controller, t)[0] for t in range(4)] == [1, 2, 2, 1]


def test_empty_range_is_rejected(controller):
    with pytest.raises(GnnVosError, match="range has no frames"):
        controller.predict(range(2, 2))


def test_marks_bound_the_range():
    frame_range = fakes.controller().frame_range
    assert frame_range.frames(9) == range(9)
    frame_range.set_first(3)
    frame_range.set_last(5)
    assert frame_range.frames(9) == range(3, 6)
    frame_range.set_last(1)
    assert frame_range.marks == (None, 1)
    frame_range.set_first(4)
    assert frame_range.marks == (4, None)
    assert frame_range.frames(3) == range(4, 3)
    frame_range.clear()
    assert frame_range.marks == (None, None)


def test_only_the_chosen_object_is_predicted(controller):
    draw(controller, {(5, 5): 2, (7, 7): 2, (1, 1): 1}, frame=1)
    before = controller.annotation.session.packed_labels.copy()
    draw(controller, {(5, 5): 1, (7, 7): 2, (9, 9): 2, (11, 11): 1}, frame=2)
    controller.predict(label=2)
    after = controller.annotation.session.packed_labels
    assert controller.annotation.session.constraints[-1].locked == {1}
    np.testing.assert_array_equal(after[0] == 1, before[0] == 1)
    assert after[0, 9, 9] == 2
    controller.objects.lock(2)
    with pytest.raises(ScribbleError, match="locked"):
        controller.predict(label=2)
    controller.objects.lock(2, False)
    controller.predict()
    assert controller.annotation.session.packed_labels[0, 11, 11] == 1


def test_name_given_during_a_round_does_not_take_its_result():
    runner = fakes.ManualRunner()
    controller = fakes.controller(run=runner)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    draw(controller, {(1, 1): 1, (5, 5): 2})
    controller.predict()
    runner.finish()
    runner.finish()
    controller.objects.remove(2)
    controller.objects.rename(1, "cell")
    runner.finish()
    assert labels(controller) == [1, 0]
    controller.edits.undo()
    assert labels(controller) == [1, 0]
    controller.edits.undo()
    assert labels(controller) == [1, 2]
    assert controller.active_label.table == ObjectTable()


MESSAGES = (
    "Object 3 is added",
    "Object 1 is named cell",
    "Object 1 has another colour",
    "Object 2 is moved in the list",
    "Object 1 is locked",
    "Object 1 is hidden",
    "Only Object 2 is shown",
    "Object 1 is absent in frame 2",
)


@pytest.mark.parametrize(
    ("action", "message"), [*zip(TABLE_ACTIONS.values(), MESSAGES, strict=True)]
)
def test_action_on_the_table_is_reported(controller, action, message):
    action(controller.objects)
    assert controller.state.message == message


def test_message_about_a_job_is_kept():
    runner = fakes.ManualRunner()
    controller = fakes.controller(run=runner)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    controller.prepare()
    message = controller.state.message
    controller.objects.lock(1)
    assert controller.state.message == message == "Preparing 4 frames ..."


def test_removal_without_a_new_round_is_reported(controller):
    draw(controller, {(5, 5): 2, (7, 7): 2}, frame=1)
    draw(controller, {(9, 9): 3}, frame=2)
    controller.active_label.list_objects([3])
    controller.objects.remove(3)
    assert controller.state.message == "Done: removal of Object 3"
