"""Automatic prediction: a round is requested after every stroke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from psygnal import Signal

from napari_gnn_vos.controller.jobs import JobRunner
from napari_gnn_vos.deprecation import renamed_attribute
from napari_gnn_vos.errors import GnnVosError, NoSeedsError


class AutoPredict:
    """Request a prediction after every stroke.

    A running prediction is dropped, because its strokes are part of the new one; other
    jobs are completed first.

    Parameters
    ----------
    jobs : JobRunner
        Runs the predictions.
    predict : callable
        Requests a prediction.

    Attributes
    ----------
    schedule : callable
        Schedules the call of a function. By default, the function is called at once.
        The dock widget defers the call to the event loop, because napari emits the
        paint event before it has written the stroke into the layer.
    """

    changed = Signal(bool)
    failed = Signal(str)  # a prediction could not be started; message

    def __init__(self, jobs: JobRunner, predict: Callable[[], object]) -> None:
        self._jobs, self._predict = jobs, predict
        self.schedule: Callable[[Callable[[], object]], object] = lambda call: call()
        self._enabled = self._pending = self._paused = False
        jobs.idle.connect(self._predict_pending)

    @property
    def enabled(self) -> bool:
        """Whether every stroke is followed by a prediction."""
        return self._enabled

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        if enabled != self._enabled:
            self._enabled, self._pending = enabled, False
            self.changed.emit(enabled)

    on = renamed_attribute("on", "enabled")

    @property
    def is_paused(self) -> bool:
        """Whether changes of the drawing are ignored."""
        return self._paused

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Ignore changes of the drawing that the program makes itself."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False

    def request(self) -> None:
        """Request a prediction, because something was drawn or erased."""
        if self._enabled and not self._paused:
            self._pending = True
            self.schedule(self._replace_job)

    def _replace_job(self) -> None:
        """Replace a running prediction by a new one."""
        if self._pending:
            with self._jobs.dropping():
                self._predict_pending()

    def _predict_pending(self) -> None:
        if not self._pending or self._jobs.busy:
            return
        self._pending = False
        try:
            with suppress(NoSeedsError):  # only background is drawn so far
                self._predict()
        except GnnVosError as error:
            self.failed.emit(str(error))
