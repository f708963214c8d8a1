"""Processor cores, and the threads that libraries and the interpreter may use.

The package runs one thread per core of its own, each on one frame or chunk. Libraries
that started a thread per core inside each of these would wait for each other. The
limits below are nestable and may overlap in several threads: a limit holds until the
last of its users leaves, who restores the original number.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib import import_module
from threading import Event, Lock, get_ident, get_native_id, local
from typing import Any, TypeVar

Result = TypeVar("Result")


def cores() -> int:
    """Return the number of CPU cores that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class SharedLimit:
    """Reference-counted setting of a library or the interpreter, for the whole process.

    Parameters
    ----------
    apply : callable
        Changes the setting, for example to one thread, and returns the function that
        restores the original one.
    """

    def __init__(self, apply: Callable[[], Callable[[], None]]) -> None:
        self._apply, self._lock = apply, Lock()
        self._users = 0
        self._restore: Callable[[], None] = lambda: None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold the setting in a ``with`` statement."""
        with self._lock:
            if self._users == 0:
                self._restore = self._apply()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._restore()


@contextmanager
def worker_threads(
    initializer: Callable[[], object] | None = None,
) -> Iterator[ThreadPoolExecutor]:
    """Provide one thread per core; tasks that did not start are cancelled at the end.

    If the body is cancelled or raises an error, running tasks end at their next call
    of `raise_if_cancelled`. They are waited for during `CANCEL_SECONDS`; longer calls
    of a library end later, and their results are discarded.

    Parameters
    ----------
    initializer : callable, optional
        Called in each thread before its first task.
    """
    cancelled = Event()

    def prepare_thread() -> None:
        _thread.cancelled = cancelled
        if initializer is not None:
            initializer()

    pool = _Workers(cores(), initializer=prepare_thread)
    try:
        yield pool
    except BaseException:
        cancelled.set()
        pool.shutdown(wait=False, cancel_futures=True)
        wait(tuple(pool.unfinished), CANCEL_SECONDS)
        raise
    pool.shutdown(cancel_futures=True)


CANCEL_SECONDS = 0.2
"""Time in which a cancelled pipeline waits for the tasks of its threads."""
_thread = local()


class WorkCancelled(BaseException):
    """Raised in a thread whose pipeline was cancelled; its result is discarded."""


def lower_thread_priority() -> None:
    """Let other threads compute before this one and those that it starts.

    Only Linux has priorities of threads that are inherited; elsewhere nothing changes.
    """
    if sys.platform == "linux":
        thread = get_native_id()
        niceness = os.getpriority(os.PRIO_PROCESS, thread)
        if niceness < BACKGROUND_NICENESS:
            os.setpriority(os.PRIO_PROCESS, thread, BACKGROUND_NICENESS)


BACKGROUND_NICENESS = 10
"""Niceness of threads that prepare results which may not be needed."""


def raise_if_cancelled() -> None:
    """End the task of this thread if its pipeline was cancelled.

    Raises
    ------
    WorkCancelled
        In a thread of `worker_threads` after its body was left by an exception.
    """
    cancelled: Event | None = getattr(_thread, "cancelled", None)
    if cancelled is not None and cancelled.is_set():
        raise WorkCancelled


class _Workers(ThreadPoolExecutor):
    """A pool that knows its unfinished tasks."""

    def __init__(self, count: int, initializer: Callable[[], object]) -> None:
        super().__init__(count, initializer=initializer)
        self.unfinished: set[Future[Any]] = set()

    def submit(
        self, call: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Future[Result]:
        """Submit a task."""
        future = super().submit(call, *args, **kwargs)
        self.unfinished.add(future)
        future.add_done_callback(self.unfinished.discard)
        return future


def _limit_opencv() -> Callable[[], None]:
    from napari_gnn_vos.vision import cv2

    original = cv2.getNumThreads()
    cv2.setNumThreads(1)
    return lambda: cv2.setNumThreads(original)


def _limit_blas() -> Callable[[], None]:
    """Limit OpenBLAS, MKL and others.

    For libraries with one pool of threads per process, threadpoolctl ignores all
    threads but the first that has set a limit, until that thread ends.
    """
    from threadpoolctl import threadpool_limits

    limits = _in_short_thread(lambda: threadpool_limits(1, "blas"))
    return lambda: _in_short_thread(limits.restore_original_limits)


def _in_short_thread(work: Callable[[], Result]) -> Result:
    """Call a function in a thread that ends with it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


SWITCH_SECONDS = 0.0005
"""Time after which a thread that executes Python code lets a waiting thread continue,
while a window is open; Python's default is .005 s."""


def _shorten_switch_interval() -> Callable[[], None]:
    original = sys.getswitchinterval()
    sys.setswitchinterval(min(original, SWITCH_SECONDS))
    return lambda: sys.setswitchinterval(original)


responsive_threads = SharedLimit(_shorten_switch_interval)
"""Held by threads that work beside a window. Each call of OpenGL releases the
interpreter lock, and waits for the switch interval if such a thread takes it; a redraw
of the canvas has more than a hundred of these calls."""
single_threaded_opencv = SharedLimit(_limit_opencv)
single_threaded_blas = SharedLimit(_limit_blas)


def _torch() -> Any:
    """Import PyTorch, which packages without networks must not load."""
    return import_module("torch")


class TorchLimit:
    """Reference-counted limit of PyTorch to one thread.

    PyTorch keeps a number per thread that uses it, and a default for threads that
    begin to use it. The limit sets the default and the number of the thread that
    enters. It may be left in another thread than it was entered in.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users: list[int] = []  # identifiers of the threads that entered
        self._original = 1

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold the limit in a ``with`` statement."""
        torch, thread = _torch(), get_ident()
        with self._lock:
            if not self._users:
                self._original = torch.get_num_threads()
            torch.set_num_threads(1)
            self._users.append(thread)
        try:
            yield
        finally:
            with self._lock:
                self._users.remove(thread)
                self._restore()

    def _restore(self) -> None:
        """Restore this thread's number, and the default once nobody needs the limit."""
        if get_ident() in self._users:
            return
        torch = _torch()
        torch.set_num_threads(self._original)
        if self._users:  # the call above has also set the default
            _in_short_thread(lambda: torch.set_num_threads(1))


single_threaded_torch = TorchLimit()


def set_torch_threads(count: int) -> None:
    """Set the number of threads of PyTorch for good, in a worker process."""
    _torch().set_num_threads(count)
