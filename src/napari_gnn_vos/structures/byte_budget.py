"""A limit on the bytes that several threads use at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class ByteBudget:
    """A memory limit from which threads reserve bytes temporarily.

    Parameters
    ----------
    limit : int
        Bytes. A thread that needs more waits until no other thread has a reservation.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self._used = limit, 0
        self._condition = Condition()

    @contextmanager
    def reserve(self, nbytes: int) -> Iterator[None]:
        """Wait until bytes are available and hold them in a ``with`` statement.

        A thread that holds a reservation must not reserve more.
        """
        with self._condition:
            self._condition.wait_for(
                lambda: self._used == 0 or self._used + nbytes <= self.limit
            )
            self._used += nbytes
        try:
            yield
        finally:
            with self._condition:
                self._used -= nbytes
                self._condition.notify_all()
