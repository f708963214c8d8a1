"""A sequence whose items are read when they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import Generic, TypeVar, overload

Item = TypeVar("Item")
KEPT = 128
"""Items that stay in memory after they were read."""


class Lazy(Sequence[Item], Generic[Item]):
    """A read-only sequence whose items are read when asked for, the last ones kept.

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
        self._kept: OrderedDict[int, Item] = OrderedDict()
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
                self._kept.move_to_end(index)
                return self._kept[index]
        item = self._read(index)
        with self._lock:
            self._kept[index] = item
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return item

    def take_over(self, other: Lazy[Item], but: Collection[int]) -> None:
        """Keep what another one of this length has read, but for some items."""
        with other._lock:
            kept = {k: item for k, item in other._kept.items() if k not in but}
        with self._lock:
            self._kept.update(kept)
