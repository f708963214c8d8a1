"""Wavefront schedule of layers over frames, executed by any number of threads.

In step s, layer l processes frame s - d l, with a delay d of 1 or 2. A task (step,
layer, label) reads the output of the layer below for its frame and the next one. It is
ready once that layer has finished them, its own layer has finished the previous step,
and the layer above has read what the task overwrites. So threads need no barrier
between steps.

With a delay of 2, all layers of a step can be executed at the same time. With a delay
of 1, only the labels can, but a frame is finished in half as many steps, so that fewer
of the frames after it are computed before.
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
    delay : {1, 2}
        Steps from a frame in one layer to the same frame in the next.
    """

    def __init__(
        self,
        steps: range,
        layers: int,
        labels: int,
        execute: Callable[[int, int, int], None],
        delay: int = 2,
    ) -> None:
        self._execute, self._changed = execute, Condition()
        self._delay, order = delay, range(layers)
        self._tasks: Iterator[Task] = (
            (step, layer, label)
            for step in steps
            for layer in (order if delay == 1 else reversed(order))
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
        below = self._finished[layer - 1][label] if layer else step
        others = self._finished[layer : layer + 2]
        return (
            step <= self._released
            and below >= step + 1 - self._delay
            and all(finished[label] >= step - 1 for finished in others)
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
