"""What is worked out of a frozen object, kept for as long as the object itself is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class WeakCache(Generic[Owner, Value]):
    """Values that depend on one object each, and are worked out once.

    So a round works out only what the last one has changed, and holds no more than
    what its graph holds anyway.

    Examples
    --------
    >>> class Word(str):
    ...     '''A string that can be kept beside; plain ones cannot.'''
    >>> lengths, word = WeakCache(), Word("superpixel")
    >>> lengths.of(word, len), lengths.of(word, print)
    (10, 10)
    """

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Owner, Value] = WeakKeyDictionary()

    def __reduce__(self) -> tuple[type[WeakCache[Owner, Value]], tuple[()]]:
        """Go to another process empty: the objects are not those that are there."""
        return type(self), ()

    def of(self, owner: Owner, work_out: Callable[[Owner], Value]) -> Value:
        """Value of an object; worked out if it is asked for the first time."""
        value = self._kept.get(owner)
        if value is None:
            value = self._kept[owner] = work_out(owner)
        return value

    def clear(self) -> None:
        """Let all values go."""
        self._kept.clear()
