"""A sequence whose items are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import Generic, TypeVar, overload

Item = TypeVar("Item")
KEPT = 128
"""Items that stay in memory after they were read."""
STRIDE = 97
"""Of the places that are taken in turn; prime, so that all are."""


class Lazy(Sequence[Item], Generic[Item]):
    """A read-only sequence whose items are read when asked for, and some of them kept.

    Where more are read than can be kept, a new one takes the place of any other. Were
    it the one longest not asked for, then reading from the first to the last over and
    over would always find the next one gone.

    Parameters
    ----------
    read : callable
        From a number to its item.
    count : int
        Length.
    """

    def __init__(self, read: Callable[[int], Item], count: int) -> None:
        self._read = read
        self._count = count
        self._kept: dict[int, Item] = {}
        self._places: list[int] = []
        self._next = 0
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

    def take_over(self, other: Lazy[Item], but: Collection[int]) -> None:
        """Keep what another one of this length has kept, but for some items.

        The other one keeps nothing then: many that follow on each other, as those of an
        undo, take no more memory than one.
        """
        with other._lock:
            kept, other._kept, other._places = other._kept, {}, []
        with self._lock:
            for index, item in kept.items():
                if index not in but:
                    self._keep(index, item)

    def _keep(self, index: int, item: Item) -> None:
        """Keep an item in a free place, or in that of another."""
        if index not in self._kept:
            if len(self._places) < KEPT:
                self._places.append(index)
            else:
                self._next = (self._next + STRIDE) % KEPT
                del self._kept[self._places[self._next]]
                self._places[self._next] = index
        self._kept[index] = item
