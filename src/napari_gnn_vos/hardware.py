"""Processor cores, and the number of threads that libraries may use.

The package runs one thread per core of its own, each on one frame or chunk. Libraries
that started a thread per core inside each of these would wait for each other. The
limits below are nestable and may overlap in several threads: a limit holds until the
last of its users leaves, who restores the original number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread, get_ident


def cores() -> int:
    """Count the cores that this process may use, 1 or more."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class SharedLimit:
    """Reference-counted limit on the threads of a library, for the whole process.

    Parameters
    ----------
    apply : callable
        Sets one thread, and returns the function that restores the original number.
    """

    def __init__(self, apply: Callable[[], Callable[[], None]]) -> None:
        self._apply, self._lock = apply, Lock()
        self._users = 0
        self._restore: Callable[[], None] = lambda: None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold the limit in a ``with`` statement."""
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


def _limit_opencv() -> Callable[[], None]:
    from napari_gnn_vos.vision import cv2

    original = cv2.getNumThreads()
    cv2.setNumThreads(1)
    return lambda: cv2.setNumThreads(original)


def _limit_blas() -> Callable[[], None]:
    from threadpoolctl import threadpool_limits

    restore: Callable[[], None] = threadpool_limits(1, "blas").restore_original_limits
    return restore


single_threaded_opencv = SharedLimit(_limit_opencv)
single_threaded_blas = SharedLimit(_limit_blas)


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
        import torch

        thread = get_ident()
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
        import torch

        if get_ident() in self._users:
            return
        torch.set_num_threads(self._original)
        if self._users:  # the call above has also set the default
            setter = Thread(target=torch.set_num_threads, args=(1,))
            setter.start()
            setter.join()


single_threaded_torch = TorchLimit()


def set_torch_threads(count: int) -> None:
    """Set the number of threads of PyTorch for good, in a worker process."""
    import torch

    torch.set_num_threads(count)
