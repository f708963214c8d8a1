"""Execution of pipelines in napari's thread pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from threading import Event
from time import monotonic
from typing import Any

from napari.qt.threading import create_worker

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.progress import PartialResult, Pipeline, Progress

STEP_INTERVAL = 0.1
"""Seconds between reported steps. Each one redraws the window, which takes as long as
predicting a frame if napari renders without a graphics card."""


def run_in_thread(
    pipeline: Pipeline[Any],
    *,
    on_step: Callable[[Progress], None],
    on_result: Callable[[Any], None],
    on_error: Callable[[GnnVosError], None],
    on_end: Callable[[], None],
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

    Returns
    -------
    stop : callable
        Requests the pipeline to end at its next yield.
    """
    stopped = Event()

    def work() -> Pipeline[Callable[[], None]]:
        """Run the pipeline, and close it in the same thread."""
        throttle = _StepThrottle()
        try:
            while not stopped.is_set():
                yield from throttle(next(pipeline))
        except StopIteration as last:
            return partial(on_result, last.value)
        except GnnVosError as error:
            return partial(on_error, error)
        finally:
            pipeline.close()
        return lambda: None

    def report(outcome: Callable[[], None]) -> None:
        outcome()

    def end() -> None:
        pipeline.close()  # napari's quit() would leave it suspended, with its memory
        try:
            on_end()
        except GnnVosError as error:
            on_error(error)

    create_worker(
        work, _connect={"yielded": on_step, "returned": report, "finished": end}
    )
    return stopped.set


class _StepThrottle:
    """Yield each partial result, and other steps at intervals of `STEP_INTERVAL`."""

    def __init__(self) -> None:
        self._next_time = monotonic()

    def __call__(self, step: Progress) -> Iterator[Progress]:
        now = monotonic()
        if now >= self._next_time or isinstance(step, PartialResult):
            self._next_time = now + STEP_INTERVAL
            yield step
