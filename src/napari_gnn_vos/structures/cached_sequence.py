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


class CachedSequence(Sequence[Item], Generic[Item]):
    """A read-only sequence whose items are read on access and cached.

    If the cache is full, the oldest half of the items stays and the other half is
    evicted first in, first out. So repeated passes over a sequence that does not fit
    have hits; with pure first-in, first-out eviction every access would be a miss.
    Access is thread-safe.

    Parameters
    ----------
    read : callable
        From an index to the item.
    count : int
        Length of the sequence.
    limit : int
        Size of the cache in bytes; one item is cached in any case.
    """

    def __init__(
        self, read: Callable[[int], Item], count: int, limit: int = CACHE_BYTES
    ) -> None:
        self._read = read
        self._limit = limit
        self._count = count
        self._cache: dict[int, Item] = {}
        self._order: list[int] = []  # indices of cached items, oldest first
        self._nbytes = 0
        self._lock = Lock()

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
        with self._lock:
            if index in self._cache:
                return self._cache[index]
        item = self._read(index)
        with self._lock:
            self._insert(index, item)
        return item

    def adopt(self, source: CachedSequence[Item], exclude: Collection[int]) -> None:
        """Move the cached items of another sequence of this length to this one.

        The cache of `source` is empty afterwards, so successive versions of a sequence,
        as in an undo history, use no more memory than one.

        Parameters
        ----------
        source : CachedSequence
        exclude : collection of int
            Indices whose items differ.
        """
        with source._lock:
            cache, source._cache, source._order = source._cache, {}, []
            source._nbytes = 0
        with self._lock:
            for index, item in cache.items():
                if index not in exclude:
                    self._insert(index, item)

    def _insert(self, index: int, item: Item) -> None:
        """Cache an item, and evict others until the limit is met."""
        if index in self._cache:
            return
        self._cache[index] = item
        self._order.append(index)
        self._nbytes += item.nbytes
        while self._nbytes > self._limit and len(self._order) > 1:
            evicted = (len(self._order) - 1) // PROTECTED_DIVISOR
            self._nbytes -= self._cache.pop(self._order.pop(evicted)).nbytes
