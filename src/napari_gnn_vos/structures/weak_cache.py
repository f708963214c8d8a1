"""Values computed from immutable objects, cached for the lifetime of the objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class WeakCache(Generic[Owner, Value]):
    """A cache of one value per object, which does not keep the object alive.

    A round replaces only the frames and edges that it changes, so that the values
    computed from all others stay cached.

    Examples
    --------
    >>> class Word(str):
    ...     '''A string that can be referenced weakly; `str` cannot.'''
    >>> lengths, word = WeakCache(), Word("superpixel")
    >>> lengths.get(word, len), lengths.get(word, print)  # does not call print
    (10, 10)
    """

    def __init__(self) -> None:
        self._values: WeakKeyDictionary[Owner, Value] = WeakKeyDictionary()

    def __reduce__(self) -> tuple[type[WeakCache[Owner, Value]], tuple[()]]:
        """Pickle as an empty cache: the objects do not exist in another process."""
        return type(self), ()

    def get(self, owner: Owner, compute: Callable[[Owner], Value]) -> Value:
        """Return the cached value of an object, or compute it by ``compute(owner)``."""
        value = self._values.get(owner)
        if value is None:
            value = self._values[owner] = compute(owner)
        return value

    def clear(self) -> None:
        """Remove all values."""
        self._values.clear()
