"""How many threads torch takes for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def single_threaded_torch() -> Iterator[None]:
    """Let torch add no threads, where there is one a core already.

    Holds for this thread and for those that begin to use torch meanwhile.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def limit_this_thread() -> None:
    """Let torch compute on one core in the current thread, and in no other.

    PyTorch keeps the count per thread, and a default for threads that first use it
    later. The default is set to one as well; `single_threaded_torch` restores it.
    """
    torch.set_num_threads(1)
