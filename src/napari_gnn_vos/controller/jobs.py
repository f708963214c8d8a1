"""Execution of pipelines, one at a time, with their progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Protocol

from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.progress import Pipeline, Progress, drain


class Runner(Protocol):
    """Execute a pipeline: in a thread in napari, synchronously in scripts."""

    def __call__(
        self,
        pipeline: Pipeline[Any],
        *,
        on_step: Callable[[Progress], None],
        on_result: Callable[[Any], None],
        on_error: Callable[[GnnVosError], None],
        on_end: Callable[[], None],
    ) -> Callable[[], None]:
        """Start `pipeline` and return a function that requests its cancellation.

        `on_error` receives a `GnnVosError` only; other exceptions propagate.
        `on_end` is called last in every case.
        """


def run_at_once(
    pipeline: Pipeline[Any],
    *,
    on_step: Callable[[Progress], None],
    on_result: Callable[[Any], None],
    on_error: Callable[[GnnVosError], None],  # noqa: ARG001
    on_end: Callable[[], None],
) -> Callable[[], None]:
    """Run `pipeline` to its end before returning; errors are raised, as in scripts.

    See :class:`Runner` for the parameters.
    """
    try:
        on_result(drain(pipeline, on_step))
    finally:
        on_end()
    return lambda: None


class JobRunner:
    """Run one pipeline at a time and report its progress by signals.

    Parameters
    ----------
    run : Runner
        Executes the pipelines.

    Attributes
    ----------
    run : Runner
    """

    progressed = Signal(Progress)
    failed = Signal(str)
    busy_changed = Signal(bool)
    stopped = Signal()  # a job ended without a result and without a GnnVosError
    idle = Signal()  # a job ended, and the job that follows it, if any, was started
    dropped = Signal()  # a job was dropped, and no other one was started instead

    def __init__(self, run: Runner) -> None:
        self.run = run
        self._stop: Callable[[], None] | None = None
        self._then: Callable[[], object] | None = None
        self._job_id = 0
        self._completed = self._droppable = False
        self._last_step: Progress | None = None
        self._rate = ProgressRate()

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._stop is not None

    @property
    def droppable(self) -> bool:
        """Whether a job is running that :meth:`dropping` discards."""
        return self.busy and self._droppable

    @property
    def progress(self) -> Progress | None:
        """Last step of the running job; None if there is none."""
        return self._last_step

    @property
    def seconds_left(self) -> float | None:
        """Estimated time until the running job ends; None while it is unknown."""
        return self._rate.seconds_left

    def require_idle(self) -> None:
        """Raise GnnVosError if a job is running."""
        if self.busy:
            raise GnnVosError("Work is under way. Wait for it, or press Cancel.")

    def start(
        self,
        pipeline: Pipeline[Any],
        on_result: Callable[[Any], object],
        then: Callable[[], object] | None = None,
        *,
        droppable: bool = False,
    ) -> None:
        """Start a pipeline.

        Parameters
        ----------
        pipeline : generator of Progress
            Not started yet.
        on_result : callable
            Called with the result, unless the job fails or is cancelled.
        then : callable, optional
            Called after `on_result`, once another job can be started.
        droppable : bool
            Whether :meth:`dropping` discards the job.

        Raises
        ------
        GnnVosError
            If a job is running.
        """
        self.require_idle()
        self._job_id += 1
        job_id, self._completed = self._job_id, False
        self._droppable = droppable

        def complete(value: Any) -> None:
            on_result(value)
            self._then, self._completed = then, True

        def fail(error: GnnVosError) -> None:
            self._completed = True
            self.failed.emit(str(error))

        def unless_cancelled(call: Callable[..., object]) -> Callable[..., None]:
            def call_if_current(*args: Any) -> None:
                if job_id == self._job_id:
                    call(*args)

            return call_if_current

        self._stop = _do_nothing
        self.busy_changed.emit(True)
        stop = self.run(
            pipeline,
            on_step=unless_cancelled(self._report_step),
            on_result=unless_cancelled(complete),
            on_error=unless_cancelled(fail),
            on_end=unless_cancelled(self._end),
        )
        if self._stop is _do_nothing:
            self._stop = stop

    def cancel(self) -> None:
        """Discard the running job, which ends at its next step.

        Another job can be started at once.
        """
        if self._stop is not None:
            self._job_id += 1
            self._stop()
            self._end()

    @contextmanager
    def dropping(self) -> Iterator[None]:
        """Discard a droppable job, so that the body can start another one.

        Its partial results stay shown until `dropped` is emitted.
        """
        stop = self._stop if self._droppable else None
        if stop is not None:
            self._job_id += 1
            stop()
            self._stop = self._then = self._last_step = None
            self._rate = ProgressRate()
        try:
            yield
        finally:
            if stop is not None and not self.busy:
                self.busy_changed.emit(False)
                self.dropped.emit()

    def close(self) -> None:
        """Disconnect all listeners, and cancel the running job."""
        for signal in (
            *(self.progressed, self.busy_changed, self.failed),
            *(self.stopped, self.idle, self.dropped),
        ):
            signal.disconnect()
        self.cancel()

    def _report_step(self, step: Progress) -> None:
        self._last_step = step
        self._rate.observe(step)
        self.progressed.emit(step)

    def _end(self) -> None:
        self._last_step, self._rate = None, ProgressRate()
        self._stop, then, self._then = None, self._then, None
        self.busy_changed.emit(False)
        if not self._completed:
            self.stopped.emit()
        if then is not None:
            then()
        self.idle.emit()


class ProgressRate:
    """Estimate the time until the end of a job from the rate of its steps.

    Parameters
    ----------
    clock : callable
        Returns a time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._first: Progress | None = None
        self._start_time = 0.0
        self.seconds_left: float | None = None

    def observe(self, step: Progress) -> None:
        """Update the estimate by a step; it starts again with each stage."""
        now, first = self._clock(), self._first
        if first is None or (first.stage, first.total) != (step.stage, step.total):
            self._first, self._start_time, self.seconds_left = step, now, None
        elif step.done > first.done:
            seconds_per_step = (now - self._start_time) / (step.done - first.done)
            self.seconds_left = seconds_per_step * (step.total - step.done)


def _do_nothing() -> None:
    """Stand in for the stop function while the runner starts the job."""
