"""A sequence whose items are read on access and cached up to a memory limit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import Generic, Protocol, TypeVar, overload

CACHE_BYTES = 96 * 2**20
"""Total size of the cached items."""
PROTECTED_DIVISOR = 2
"""The oldest ``1 / PROTECTED_DIVISOR`` of the cached items is never evicted."""


class HasNbytes(Protocol):
    """An item that reports its size in memory."""

    @property
    def nbytes(self) -> int:
        """Size in bytes."""


Item = TypeVar("Item", bound=HasNbytes)


class BoundedCache(Generic[Item]):
    """Items by index, up to a total size.

    If the cache is full, the oldest half of the items stays and the other half is
    evicted first in, first out. So repeated passes over more items than fit have hits;
    with pure first-in, first-out eviction every access would be a miss. Access is
    thread-safe.

    Parameters
    ----------
    limit : int
        Size in bytes; one item is cached in any case.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: dict[int, Item] = {}
        self._order: list[int] = []  # indices of cached items, oldest first
        self._nbytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._items)

    def get(self, index: int) -> Item | None:
        """Return the item at an index, or None if it is not cached."""
        with self._lock:
            return self._items.get(index)

    def put(self, index: int, item: Item) -> None:
        """Cache an item, replace the previous one at its index, and evict others."""
        with self._lock:
            if index in self._items:
                self._nbytes -= self._items[index].nbytes
            else:
                self._order.append(index)
            self._items[index] = item
            self._nbytes += item.nbytes
            while self._nbytes > self._limit and len(self._order) > 1:
                evicted = (len(self._order) - 1) // PROTECTED_DIVISOR
                self._nbytes -= self._items.pop(self._order.pop(evicted)).nbytes

    def take_all(self) -> dict[int, Item]:
        """Return all items by index and empty the cache."""
        with self._lock:
            items, self._items, self._order = self._items, {}, []
            self._nbytes = 0
        return items


class CachedSequence(Sequence[Item], Generic[Item]):
    """A read-only sequence whose items are read on access and cached.

    Access is thread-safe.

    Parameters
    ----------
    read : callable
        From an index to the item.
    count : int
        Length of the sequence.
    limit : int, optional
        Size of the cache in bytes, see `BoundedCache`.
    """

    def __init__(
        self, read: Callable[[int], Item], count: int, limit: int | None = None
    ) -> None:
        self._read, self._count = read, count
        self._cache: BoundedCache[Item] = BoundedCache(
            CACHE_BYTES if limit is None else limit
        )

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        """Return an item, or a list of items for a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(self._count)[index]
        item = self._cache.get(index)
        if item is None:
            item = self._read(index)
            self._cache.put(index, item)
        return item

    def take_items_from(
        self, source: CachedSequence[Item], exclude: Collection[int]
    ) -> None:
        """Move the cached items of another sequence of this length to this one.

        The cache of `source` is empty afterwards, so successive versions of a sequence,
        as in an undo history, use no more memory than one.

        Parameters
        ----------
        source : CachedSequence
        exclude : collection of int
            Indices whose items differ.
        """
        for index, item in source._cache.take_all().items():
            if index not in exclude and self._cache.get(index) is None:
                self._cache.put(index, item)
