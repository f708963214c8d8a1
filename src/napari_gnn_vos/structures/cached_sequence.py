"""A sequence whose items are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import Generic, Protocol, TypeVar, overload

KEPT = 96 * 2**20
"""Bytes of items that stay in memory after they were read."""
SETTLED = 2
"""The first one in so many of those that are kept stay; the others make room."""


class HasNbytes(Protocol):
    """What knows how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""


Item = TypeVar("Item", bound=HasNbytes)


class CachedSequence(Sequence[Item], Generic[Item]):
    """A read-only sequence whose items are read when asked for, and some of them kept.

    Where more are read than can be kept, those that were read first stay, and the rest
    goes in the order in which it came. Were it so with all of them, then reading from
    the first to the last over and over would always find the next one gone.

    Parameters
    ----------
    read : callable
        From a number to its item.
    count : int
        Length.
    limit : int
        Bytes of items that stay in memory; one item stays in any case.
    """

    def __init__(
        self, read: Callable[[int], Item], count: int, limit: int = KEPT
    ) -> None:
        self._read = read
        self._limit = limit
        self._count = count
        self._kept: dict[int, Item] = {}
        self._places: list[int] = []
        self._nbytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        """Item, or list of items."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(self._count)[index]
        with self._lock:
            if index in self._kept:
                return self._kept[index]
        item = self._read(index)
        with self._lock:
            self._keep(index, item)
        return item

    def adopt(self, other: CachedSequence[Item], but: Collection[int]) -> None:
        """Keep what another one of this length has kept, but for some items.

        The other one keeps nothing then: many that follow on each other, as those of an
        undo, take no more memory than one.
        """
        with other._lock:
            kept, other._kept, other._places = other._kept, {}, []
            other._nbytes = 0
        with self._lock:
            for index, item in kept.items():
                if index not in but:
                    self._keep(index, item)

    def _keep(self, index: int, item: Item) -> None:
        """Keep an item, and let others go until there is room."""
        if index in self._kept:
            return
        self._kept[index] = item
        self._places.append(index)
        self._nbytes += item.nbytes
        while self._nbytes > self._limit and len(self._places) > 1:
            gone = self._places.pop((len(self._places) - 1) // SETTLED)
            self._nbytes -= self._kept.pop(gone).nbytes
