"""What the recorder of a project does after an action, in calls instead of seconds."""

import numpy as np
import pytest

from napari_gnn_vos.controller import project_recorder
from napari_gnn_vos.controller.drawing import Drawing
from napari_gnn_vos.controller.project_keeper import ProjectKeeper
from napari_gnn_vos.io.project.project import Project
from tests.controller import fakes


def counted(monkeypatch, owner, name):
    """Record the calls of a function."""
    calls, function = [], getattr(owner, name)

    def call(*args, **options):
        calls.append(args)
        return function(*args, **options)

    monkeypatch.setattr(owner, name, call)
    return calls


@pytest.fixture
def opened():
    """A controller with an open video, and the keeper of its project."""
    controller = fakes.controller()
    keeper = ProjectKeeper(controller, lambda: ("network", "0" * 64))
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    return controller, keeper


def predict_rounds(controller, count):
    source = controller.annotation.source
    canvas = np.zeros(fakes.SHAPE[1:], np.uint8)
    for pixel in range(count):
        canvas = canvas.copy()
        canvas.flat[pixel] = 1
        source.drawing = Drawing({0: canvas})
        controller.handle_stroke()
        controller.predict()


def test_each_round_is_identified_once(opened, monkeypatch):
    controller, keeper = opened
    calls = counted(monkeypatch, project_recorder, "_padded_constraints")
    predict_rounds(controller, 30)
    controller.objects.rename(1, "cell")
    controller.edits.undo()
    assert len(keeper._current.log.rounds) == 30
    assert len(calls) == 31  # of each round, and of the prepared video


def test_log_grows_by_a_constant_length_in_each_round(opened):
    controller, keeper = opened
    lengths = []
    for _ in range(3):
        predict_rounds(controller, 60)
        lengths.append(sum(map(len, keeper._current.log.lines)))
    assert lengths[2] - lengths[1] < 1.5 * (lengths[1] - lengths[0])


def test_selected_label_is_recorded_without_the_table(opened, monkeypatch):
    controller, keeper = opened
    controller.active_label.list_objects(range(1, 1001))
    tables = counted(monkeypatch, project_recorder, "saved_objects")
    controller.active_label.choose(500)
    controller.active_label.choose(700)
    assert not tables
    assert keeper._current.log.active == 700
    controller.objects.add()
    assert len(tables) == 1
    assert keeper._current.log.active == 1001


def test_table_of_an_undone_action_is_recorded_again(opened):
    controller, keeper = opened
    controller.objects.rename(1, "cell")
    controller.objects.lock(2)
    controller.edits.undo()
    controller.active_label.choose(2)
    controller.edits.undo()
    (first, second) = keeper._current.log.objects.objects
    assert (first.name, second.locked) == ("", False)


def test_preliminary_labels_are_not_recorded(opened):
    controller, keeper = opened
    controller.rounds._predict_round = fakes.predict_round_twice
    lengths = []
    controller.jobs.progressed.connect(
        lambda _: lengths.append(len(keeper._current.log.lines))
    )
    predict_rounds(controller, 1)
    assert len(lengths) > 4
    assert len(set(lengths[-7:])) == 1
    assert len(keeper._current.log.rounds) == 1
    saved = controller.annotation.history.current.session
    assert (saved.labels != fakes.PRELIMINARY).all()


def test_empty_list_of_objects_is_restored(opened, tmp_path):
    controller, keeper = opened
    for label in controller.active_label.table.objects:
        controller.objects.remove(label)
    path = tmp_path / "empty.gnnvos"
    keeper.save(path)
    keeper.close()
    again = fakes.controller()
    restored = ProjectKeeper(again, lambda: ("network", "0" * 64))
    again.open(fakes.FakeDrawingSource(fakes.video()))
    restored.restore(Project.open(path), path)
    assert again.active_label.table.objects == ()
    restored.close()
