from threading import current_thread, main_thread
from unittest.mock import Mock

import numpy as np
import pytest

from napari_gnn_vos.errors import NoSeedsError
from napari_gnn_vos.gui import threads
from napari_gnn_vos.gui.plugin import load_units
from napari_gnn_vos.gui.threads import run_in_thread
from napari_gnn_vos.progress import PartialResult, Progress
from tests.controller import fakes

pytestmark = pytest.mark.gui


def run(pipeline, callbacks):
    return run_in_thread(
        pipeline,
        on_step=callbacks.step,
        on_result=callbacks.result,
        on_error=callbacks.error,
        on_end=callbacks.end,
    )


def test_pipeline_runs_in_a_thread_and_callbacks_in_the_main_thread(qtbot):
    calling = []

    def pipeline():
        calling.append(current_thread())
        yield Progress("work", 1, 2)
        return 42

    callbacks = Mock()
    callbacks.result.side_effect = lambda _: calling.append(current_thread())
    run(pipeline(), callbacks)
    qtbot.waitUntil(lambda: callbacks.end.called)
    assert calling[0] is not main_thread()
    assert calling[1] is main_thread()
    assert [c[0] for c in callbacks.method_calls] == ["step", "result", "end"]
    callbacks.result.assert_called_once_with(42)


def test_expected_error_is_reported(qtbot):
    def pipeline():
        yield Progress("work", 1, 2)
        raise NoSeedsError("draw")

    callbacks = Mock()
    run(pipeline(), callbacks)
    qtbot.waitUntil(lambda: callbacks.end.called)
    assert str(callbacks.error.call_args.args[0]) == "draw"
    callbacks.result.assert_not_called()


def test_expected_error_in_on_end_is_reported(qtbot):
    callbacks = Mock()
    callbacks.end.side_effect = NoSeedsError("next")
    run(fakes.prepare(fakes.video()), callbacks)
    qtbot.waitUntil(lambda: callbacks.error.called)


def test_stopping_closes_the_pipeline_in_its_thread(qtbot):
    closed = []

    def pipeline():
        try:
            yield from fakes.endless(None)
        finally:
            closed.append(current_thread())

    callbacks = Mock()
    stop = run(pipeline(), callbacks)
    qtbot.waitUntil(lambda: callbacks.step.called)
    stop()
    qtbot.waitUntil(lambda: callbacks.end.called)
    assert len(closed) == 1
    assert closed[0] is not main_thread()
    callbacks.result.assert_not_called()


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets: the only item is the time in seconds."""
    now = [0.0]
    monkeypatch.setattr(threads, "monotonic", lambda: now[0])
    return now


def test_ten_steps_per_second_are_reported(qtbot, clock):
    def pipeline():
        for k in range(1000):
            clock[0] = k / 256
            yield Progress("work", k, 1000)

    callbacks = Mock()
    run(pipeline(), callbacks)
    qtbot.waitUntil(lambda: callbacks.end.called)
    steps = [call.args[0].done for call in callbacks.step.call_args_list]
    assert steps == list(range(0, 1000, 26))


def test_every_partial_result_is_reported(qtbot, clock):
    def pipeline():
        for t in range(20):
            yield Progress("work", t, 20)
            yield PartialResult("work", t, 20, t, np.zeros((2, 2), np.uint8))

    callbacks = Mock()
    run(pipeline(), callbacks)
    qtbot.waitUntil(lambda: callbacks.end.called)
    steps = [call.args[0] for call in callbacks.step.call_args_list]
    assert [step.frame for step in steps if isinstance(step, PartialResult)] == [
        *range(20)
    ]
    assert len(steps) == 21


def test_units_that_another_thread_loads_are_waited_for(monkeypatch):
    class Registry:
        """An application registry whose units are complete at the third call."""

        calls = 0

        def get(self):
            return self

        def __contains__(self, name):
            self.calls += 1
            return name == "pixel" and self.calls >= 3

    registry = Registry()
    monkeypatch.setattr("pint.get_application_registry", lambda: registry)
    load_units()
    assert registry.calls == 3
