"""Background threads of the window, and calls from them in the main thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from functools import cache, partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, TypeVar

from napari.utils import cancelable_progress
from napari.utils.notifications import show_info
from qtpy.QtCore import QEventLoop, QObject, QThread, Signal
from qtpy.QtWidgets import QApplication

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.hardware import responsive_threads
from napari_gnn_vos.progress import PartialResult, Pipeline, Progress, drain

STEP_INTERVAL = 0.1
"""Seconds between reported steps. Each one redraws the window, which takes as long as
predicting a frame if napari renders without a graphics card."""

_one_at_a_time = Lock()


def run_in_thread(
    pipeline: Pipeline[Any],
    *,
    on_step: Callable[[Progress], None],
    on_result: Callable[[Any], None],
    on_error: Callable[[GnnVosError], None],
    on_end: Callable[[], None],
    turn: Lock = _one_at_a_time,
) -> Callable[[], None]:
    """Run `pipeline` in a thread; the callbacks are called in the main thread.

    Parameters
    ----------
    pipeline : generator of Progress
        It can be stopped at each yield.
    on_step : callable
        Called with each `PartialResult`, and with about ten other steps per second.
    on_result, on_error : callable
        Called with the result, or with a `GnnVosError`. Other exceptions are shown by
        napari with their traceback.
    on_end : callable
        Called last.
    turn : Lock
        Pipelines with the same lock run one after the other.

    Returns
    -------
    stop : callable
        Requests the pipeline to end at its next yield. The next pipeline starts after
        that.
    """
    stopped, post = Event(), main_thread_calls().post

    def report_step(step: Progress) -> None:
        post(partial(on_step, step))

    def work() -> None:
        if turn.locked():
            post(partial(on_step, Progress("Ending the last job", 0, 1)))
        try:
            with turn, responsive_threads():
                post(_run(pipeline, stopped, report_step, on_result, on_error))
        finally:
            post(partial(_end, on_end, on_error))

    Thread(target=work, name="annotate").start()
    return stopped.set


R = TypeVar("R")


def run_while_waiting(pipeline: Pipeline[R], title: str) -> R | None:
    """Run a pipeline in a thread, and process events of the window until it ends.

    The activity dock of napari shows the progress and a button that cancels. In another
    thread than that of the window, the pipeline is run at once.

    Parameters
    ----------
    pipeline : generator of Progress
    title : str
        Name of the work in the activity dock.

    Returns
    -------
    result : object or None
        None if it was cancelled, or the window was closed.

    Raises
    ------
    GnnVosError
        If the pipeline raises it.
    """
    app = QApplication.instance()
    if QThread.currentThread() is not app.thread():
        return drain(pipeline)
    loop = QEventLoop()
    results: list[R] = []
    errors: list[GnnVosError] = []
    item = ActivityItem(title, loop.quit)
    stop = run_in_thread(
        pipeline,
        on_step=item.show_step,
        on_result=results.append,
        on_error=errors.append,
        on_end=loop.quit,
        turn=Lock(),
    )
    app.lastWindowClosed.connect(loop.quit)
    show_info(f"{title}: see activity below")  # longer texts are cut off
    # otherwise napari takes layers that the user adds now for parts of the sample
    Context().run(loop.exec)
    app.lastWindowClosed.disconnect(loop.quit)
    stop()
    item.close()
    if errors:
        raise errors[0]
    return results[0] if results else None


class ActivityItem(cancelable_progress):
    """A progress bar in the activity dock of napari, with a button that cancels.

    Parameters
    ----------
    title : str
    on_cancel : callable
        Called when the button is pressed.
    """

    n: int
    total: int

    def __init__(self, title: str, on_cancel: Callable[[], object]) -> None:
        super().__init__(desc=title, total=0)
        self._on_cancel = on_cancel

    def show_step(self, step: Progress) -> None:
        """Show a step of a pipeline; a total of 0 is indeterminate."""
        if step.total != self.total:
            self.total = step.total
        self.update(step.done - self.n)

    def cancel(self) -> None:
        """Mark the work as cancelled, and end it."""
        super().cancel()
        self._on_cancel()


def call_in_thread(
    work: Callable[[], object], on_error: Callable[[OSError], object]
) -> None:
    """Call `work` in a thread; its errors are passed on in the main thread.

    Parameters
    ----------
    work, on_error : callable
        See `io.project.autosave.TaskRunner`.
    """
    post = main_thread_calls().post

    def call() -> None:
        try:
            with responsive_threads():
                work()
        except OSError as error:
            post(partial(on_error, error))

    Thread(target=call, name="background").start()


class MainThreadCalls(QObject):
    """Call functions in the thread in which this object was created."""

    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._posted.connect(self._call)

    def post(self, call: Callable[[], object]) -> None:
        """Schedule a function call; functions are called in the order of scheduling."""
        with suppress(RuntimeError):  # the application has ended
            self._posted.emit(call)

    def _call(self, call: Callable[[], object]) -> None:
        call()


def _run(
    pipeline: Pipeline[Any],
    stopped: Event,
    report_step: Callable[[Progress], None],
    on_result: Callable[[Any], None],
    on_error: Callable[[GnnVosError], None],
) -> Callable[[], object]:
    """Run a pipeline and close it; return the function that reports the outcome."""
    throttle = _StepThrottle(report_step)
    try:
        while not stopped.is_set():
            throttle(next(pipeline))
    except StopIteration as last:
        return partial(on_result, last.value)
    except GnnVosError as error:
        return partial(on_error, error)
    except Exception as error:  # noqa: BLE001 - it is raised in the main thread
        return partial(_raise, error)
    finally:
        pipeline.close()
    return _do_nothing


@cache
def main_thread_calls() -> MainThreadCalls:
    """Return the object of the process; the first call must be in the main thread."""
    return MainThreadCalls()


def _end(on_end: Callable[[], None], on_error: Callable[[GnnVosError], None]) -> None:
    """End a job; an error in the job that follows it is reported."""
    try:
        on_end()
    except GnnVosError as error:
        on_error(error)


def _do_nothing() -> None:
    """Report nothing, because the pipeline was stopped."""


def _raise(error: Exception) -> None:
    raise error


class _StepThrottle:
    """Report each partial result, and other steps at intervals of `STEP_INTERVAL`."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report, self._next_time = report, monotonic()

    def __call__(self, step: Progress) -> None:
        now = monotonic()
        if now >= self._next_time or isinstance(step, PartialResult):
            self._next_time = now + STEP_INTERVAL
            self._report(step)
