"""Wavefront schedule of layers over frames, executed by any number of threads.

In step s, layer l processes frame s - 2 l. A task (step, layer, label) is ready once
three tasks of the previous step are finished: that of its own layer, that of the layer
below, whose output it reads, and that of the layer above, which has then read what the
task overwrites. So threads need no barrier between steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Condition

Task = tuple[int, int, int]
"""Step, layer and label."""


class WavefrontScheduler:
    """Queue of tasks in the order in which they start, and the progress of each layer.

    Parameters
    ----------
    steps : range
    layers, labels : int
        Each step has one task per layer and label.
    execute : callable
        Executes a task, given step, layer and label.
    """

    def __init__(
        self,
        steps: range,
        layers: int,
        labels: int,
        execute: Callable[[int, int, int], None],
    ) -> None:
        self._execute, self._changed = execute, Condition()
        self._tasks: Iterator[Task] = (
            (step, layer, label)
            for step in steps
            for layer in reversed(range(layers))
            for label in range(labels)
        )
        self._next = next(self._tasks, None)
        self._finished = [[steps.start - 1] * labels for _ in range(layers)]
        self._released = steps.start - 1
        self._failure: BaseException | None = None
        self._closed = False

    def release(self, step: int) -> None:
        """Allow all tasks up to a step to start."""
        with self._changed:
            self._released = step
            self._changed.notify_all()

    def close(self) -> None:
        """Start no further task, and end `work` in all threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def work(self) -> None:
        """Execute tasks until the scheduler is closed or a task fails."""
        while task := self._take(None):
            self._run(task)

    def work_until(self, step: int) -> None:
        """Execute tasks until the last layer has finished a released step.

        Raises
        ------
        BaseException
            Raised by a task in this thread or in one that runs `work`.
        """
        while task := self._take(step):
            self._run(task)
        if self._failure is not None:
            raise self._failure

    def _take(self, until: int | None) -> Task | None:
        """Wait for the next ready task; None if there is nothing left to wait for."""
        with self._changed:
            while not (self._closed or self._has_finished(until)):
                task = self._next
                if task is not None and self._is_ready(*task):
                    self._next = next(self._tasks, None)
                    return task
                self._changed.wait()
        return None

    def _has_finished(self, step: int | None) -> bool:
        return step is not None and all(last >= step for last in self._finished[-1])

    def _is_ready(self, step: int, layer: int, label: int) -> bool:
        neighbours = self._finished[max(layer - 1, 0) : layer + 2]
        return step <= self._released and all(
            finished[label] >= step - 1 for finished in neighbours
        )

    def _run(self, task: Task) -> None:
        """Execute a task and record that it is finished, or that it failed."""
        try:
            self._execute(*task)
        except BaseException as failure:  # noqa: BLE001 - raised by `work_until`
            self._failure = failure
            self.close()
            return
        step, layer, label = task
        with self._changed:
            self._finished[layer][label] = step
            self._changed.notify_all()
