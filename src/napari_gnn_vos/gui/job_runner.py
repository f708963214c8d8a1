"""Where work is done: one piece at a time, which can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError
from napari_gnn_vos.gui.runner import Runner
from napari_gnn_vos.progress import Pipeline, Progress


class JobRunner:
    """Runs one pipeline at a time and tells how it goes.

    Parameters
    ----------
    run : Runner
        Where pipelines run.
    """

    progressed = Signal(Progress)
    failed = Signal(str)
    busy_changed = Signal(bool)
    stopped = Signal()  # work has ended without a result or an expected error
    freed = Signal()  # and all that was to follow it has begun, if there is anything

    def __init__(self, run: Runner) -> None:
        self._run = run
        self._stop: Callable[[], None] | None = None
        self._then: Callable[[], object] | None = None
        self._turn = 0
        self._settled = False

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return self._stop is not None

    def require_free(self) -> None:
        """Raise GnnVosError if work is under way."""
        if self.busy:
            raise GnnVosError("Work is under way. Wait for it, or press Cancel.")

    def start(
        self,
        pipeline: Pipeline[Any],
        on_result: Callable[[Any], object],
        then: Callable[[], object] | None = None,
    ) -> None:
        """Drive a pipeline.

        Parameters
        ----------
        pipeline : generator of Progress
            Fresh.
        on_result : callable
            Called with the result, unless the work fails or is cancelled.
        then : callable, optional
            Called after that, when the desk is free again.

        Raises
        ------
        GnnVosError
            If work is under way.
        """
        self.require_free()
        self._turn += 1
        round_index, self._settled = self._turn, False

        def result(value: Any) -> None:
            on_result(value)
            self._then, self._settled = then, True

        def error(what: GnnVosError) -> None:
            self._settled = True
            self.failed.emit(str(what))

        def while_wanted(call: Callable[..., object]) -> Callable[..., None]:
            return lambda *args: call(*args) if round_index == self._turn else None  # type: ignore[return-value]

        self._stop = _nothing
        self.busy_changed.emit(True)
        stop = self._run(
            pipeline,
            on_step=while_wanted(self.progressed.emit),
            on_result=while_wanted(result),
            on_error=while_wanted(error),
            on_end=self._end,
        )
        if self._stop is _nothing:
            self._stop = stop

    def cancel(self) -> None:
        """Ask the work under way to end at its next step; its result is dropped."""
        if self._stop is not None:
            self._turn += 1
            self._stop()

    def _end(self) -> None:
        self._stop, then, self._then = None, self._then, None
        self.busy_changed.emit(False)
        if not self._settled:
            self.stopped.emit()
        if then is not None:
            then()
        self.freed.emit()


def _nothing() -> None:
    """Stop nothing: the work is just about to start."""
