"""Answers that follow every stroke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from psygnal import Signal

from napari_gnn_vos.errors import GnnVosError, NoSeedsError
from napari_gnn_vos.gui.job_runner import JobRunner


class AutoPredict:
    """Asks for an answer after every stroke, or when the work under way has ended.

    Parameters
    ----------
    desk : JobRunner
        Where answers are worked out.
    predict : callable
        Asks for one.

    Attributes
    ----------
    later : callable
        Calls something soon. At once by default; a window waits until napari, which may
        tell of a stroke before it has written it, has done with it.
    """

    changed = Signal(bool)

    def __init__(self, desk: JobRunner, predict: Callable[[], object]) -> None:
        self._desk, self._predict = desk, predict
        self.later: Callable[[Callable[[], object]], object] = lambda do: do()
        self._on = self._waiting = False
        desk.freed.connect(self._go_on)

    @property
    def on(self) -> bool:
        """Whether answers follow strokes."""
        return self._on

    @on.setter
    def on(self, wanted: bool) -> None:
        if wanted != self._on:
            self._on, self._waiting = wanted, False
            self.changed.emit(wanted)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take no note of what is drawn by others than the person."""
        on, self._on = self._on, False
        try:
            yield
        finally:
            self._on = on

    def follow(self, _event: object = None) -> None:
        """Take note that something was drawn or erased."""
        if self._on:
            self._waiting = True
            self.later(self._go_on)

    def _go_on(self) -> None:
        if not self._waiting or self._desk.busy:
            return
        self._waiting = False
        try:
            with suppress(NoSeedsError):  # background is drawn first, say
                self._predict()
        except GnnVosError as error:
            self._desk.failed.emit(str(error))
