from threading import current_thread, main_thread
from unittest.mock import Mock

import numpy as np
import pytest

from napari_gnn_vos.errors import NoSeedsError
from napari_gnn_vos.gui import worker
from napari_gnn_vos.gui.worker import run_in_thread
from napari_gnn_vos.progress import PartialResult, Progress
from tests.gui import fakes

pytestmark = pytest.mark.gui


def run(pipeline, heard):
    return run_in_thread(
        pipeline,
        on_step=heard.step,
        on_result=heard.result,
        on_error=heard.error,
        on_end=heard.end,
    )


def test_work_is_done_elsewhere_and_told_here(qtbot):
    threads = []

    def work():
        threads.append(current_thread())
        yield Progress("work", 1, 2)
        return 42

    heard = Mock()
    heard.result.side_effect = lambda _: threads.append(current_thread())
    run(work(), heard)
    qtbot.waitUntil(lambda: heard.end.called)
    assert threads[0] is not main_thread()
    assert threads[1] is main_thread()
    assert [c[0] for c in heard.method_calls] == ["step", "result", "end"]
    heard.result.assert_called_once_with(42)


def test_an_expected_error_is_told(qtbot):
    def work():
        yield Progress("work", 1, 2)
        raise NoSeedsError("draw")

    heard = Mock()
    run(work(), heard)
    qtbot.waitUntil(lambda: heard.end.called)
    assert str(heard.error.call_args.args[0]) == "draw"
    heard.result.assert_not_called()


def test_an_expected_error_at_the_end_is_told(qtbot):
    heard = Mock()
    heard.end.side_effect = NoSeedsError("next")
    run(fakes.prepare(fakes.video()), heard)
    qtbot.waitUntil(lambda: heard.error.called)


def test_stopping_closes_the_work_where_it_runs(qtbot):
    closed = []

    def work():
        try:
            yield from fakes.endless(None)
        finally:
            closed.append(current_thread())

    heard = Mock()
    stop = run(work(), heard)
    qtbot.waitUntil(lambda: heard.step.called)
    stop()
    qtbot.waitUntil(lambda: heard.end.called)
    assert len(closed) == 1
    assert closed[0] is not main_thread()
    heard.result.assert_not_called()


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets: the only item is the time in seconds."""
    now = [0.0]
    monkeypatch.setattr(worker, "monotonic", lambda: now[0])
    return now


def test_ten_steps_a_second_are_told(qtbot, clock):
    def work():
        for k in range(1000):
            clock[0] = k / 256
            yield Progress("work", k, 1000)

    heard = Mock()
    run(work(), heard)
    qtbot.waitUntil(lambda: heard.end.called)
    told = [call.args[0].done for call in heard.step.call_args_list]
    assert told == list(range(0, 1000, 26))


def test_every_glimpse_is_told(qtbot, clock):
    def work():
        for t in range(20):
            yield Progress("work", t, 20)
            yield PartialResult("work", t, 20, t, np.zeros((2, 2), np.uint8))

    heard = Mock()
    run(work(), heard)
    qtbot.waitUntil(lambda: heard.end.called)
    told = [call.args[0] for call in heard.step.call_args_list]
    assert [step.frame for step in told if isinstance(step, PartialResult)] == [
        *range(20)
    ]
    assert len(told) == 21
