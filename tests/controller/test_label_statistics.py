import numpy as np
import pytest

from napari_gnn_vos.controller.label_statistics import (
    NO_STATISTICS,
    LabelStatistics,
    StatisticsUpdater,
    label_statistics,
)
from napari_gnn_vos.progress import drain
from napari_gnn_vos.structures.label_frames import LabelFrames
from tests.controller import fakes


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_statistics_of_each_frame(dtype):
    before = np.zeros((3, 4, 5), dtype)
    before[:, 0, :4] = 1
    after = before.copy()
    after[1, 0, 0], after[1, 1, 0] = 0, 2  # 2 of 5 object pixels
    after[2] = 0
    labels, previous = LabelFrames.of(after), LabelFrames.of(before)
    statistics = drain(label_statistics(labels, previous))
    assert statistics == LabelStatistics(((1,), (1, 2), ()), (0.0, 0.4, 1.0))
    assert statistics.frames_with([1]) == (0, 1)
    assert statistics.frames_with({1, 2}) == (0, 1)
    assert statistics.frames_with([]) == ()
    assert drain(label_statistics(labels)).changed == ()
    blank = LabelFrames.blank((3, 4, 5))
    assert drain(label_statistics(blank, blank)).changed == (0.0, 0.0, 0.0)


def two_predictions():
    """Return labels of 4 frames, and others that differ on frame 2."""
    labels = np.zeros((4, 4, 5), np.uint8)
    labels[:, 1, 1:3] = 1
    others = labels.copy()
    others[2, 1, 3:] = 5
    return LabelFrames.of(labels), LabelFrames.of(others)


def test_equal_frames_are_not_decompressed(monkeypatch):
    first, second = two_predictions()
    known = first, drain(label_statistics(first))
    read = []
    monkeypatch.setattr(
        LabelFrames,
        "frame",
        lambda labels, t, frame=LabelFrames.frame: read.append(t) or frame(labels, t),
    )
    statistics = drain(label_statistics(second, first, known))
    assert {*read} == {2}
    monkeypatch.undo()
    assert statistics == drain(label_statistics(second, first))


def test_known_statistics_of_another_video_are_ignored():
    first, _ = two_predictions()
    known = first, drain(label_statistics(first))
    short = LabelFrames.of(np.ones((2, 4, 5), np.uint8))
    assert drain(label_statistics(short, None, known)).present == ((1,), (1,))


def test_statistics_are_published_in_the_state():
    controller = fakes.controller()
    controller.statistics.enable()
    states = []
    controller.changed.connect(lambda: states.append(controller.state))
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    canvas = np.zeros(fakes.SHAPE[1:], np.uint8)
    canvas[2, 3] = 1
    controller.annotation.source.drawing = fakes.Drawing({0: canvas})
    controller.predict()
    assert states[-1].statistics == LabelStatistics(((1,),) * 4)
    controller.open(None)
    assert states[-1].statistics == NO_STATISTICS


def test_running_job_is_replaced_by_that_of_another_prediction():
    runner, updater = fakes.ManualRunner(), StatisticsUpdater()
    updater.enable(runner)
    first, second = two_predictions()
    updater.update(first, None)
    updater.update(first, None)
    assert len(runner.pending) == 1  # the same prediction
    assert updater.value == NO_STATISTICS
    updater.update(second, first)
    assert runner.stopped == 1
    runner.finish()
    assert updater.value == NO_STATISTICS  # the result of a cancelled job
    runner.finish()
    assert updater.value == drain(label_statistics(second, first))


def test_a_round_does_not_wait_for_the_statistics():
    runner, controller = fakes.ManualRunner(), fakes.controller()
    controller.statistics.enable(runner)
    controller.open(fakes.FakeDrawingSource(fakes.video()))
    for row in (1, 2):
        canvas = np.zeros(fakes.SHAPE[1:], np.uint8)
        canvas[:row, 3] = 1
        controller.annotation.source.drawing = fakes.Drawing({0: canvas})
        controller.predict()
    assert controller.state.rounds == 2
    assert controller.state.statistics == NO_STATISTICS
    assert not controller.state.busy


def test_scripts_do_not_compute_statistics():
    updater, (labels, _) = StatisticsUpdater(), two_predictions()
    updater.update(labels, None)
    assert updater.value == NO_STATISTICS
