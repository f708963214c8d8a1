"""Runs pipelines in napari's thread pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from threading import Event
from time import monotonic
from typing import Any

from napari.qt.threading import create_worker

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.progress import PartialResult, Pipeline, Progress

PAUSE = 0.1
"""Seconds between steps that are told. For each, the window is composed anew, which
takes as long as labelling a frame where there is no graphics card."""


def run_in_thread(
    pipeline: Pipeline[Any],
    *,
    on_step: Callable[[Progress], None],
    on_result: Callable[[Any], None],
    on_error: Callable[[GnnVosError], None],
    on_end: Callable[[], None],
) -> Callable[[], None]:
    """Drive `pipeline` in a thread; callbacks arrive in the main thread.

    Parameters
    ----------
    pipeline : generator of Progress
        The work; it can be stopped at every yield.
    on_step, on_result, on_error, on_end : callable
        Called with every glimpse and about ten steps a second, the result, an expected
        error, and at the very end.
        A bug is left to napari, which shows it with its traceback.

    Returns
    -------
    stop : callable
        Asks the work to end at its next yield.
    """
    stopped = Event()

    def work() -> Pipeline[Callable[[], None]]:
        """Drive and, when stopped, close the pipeline in the thread that runs it."""
        told = _Sieve()
        try:
            while not stopped.is_set():
                yield from told(next(pipeline))
        except StopIteration as last:
            return partial(on_result, last.value)
        except GnnVosError as error:
            return partial(on_error, error)
        finally:
            pipeline.close()
        return lambda: None

    def finish(say: Callable[[], None]) -> None:
        say()

    def end() -> None:
        pipeline.close()  # napari's own quit leaves it suspended, with all it holds
        try:
            on_end()
        except GnnVosError as error:
            on_error(error)

    create_worker(
        work, _connect={"yielded": on_step, "returned": finish, "finished": end}
    )
    return stopped.set


class _Sieve:
    """Lets every glimpse through, and other steps when the last one is old enough."""

    def __init__(self) -> None:
        self._due = monotonic()

    def __call__(self, step: Progress) -> Iterator[Progress]:
        now = monotonic()
        if now >= self._due or isinstance(step, PartialResult):
            self._due = now + PAUSE
            yield step
