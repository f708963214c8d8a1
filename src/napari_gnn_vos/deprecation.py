"""Aliases for attributes that were renamed."""

from __future__ import annotations

import warnings
from operator import attrgetter
from typing import Any


def warn_renamed(old: str, new: str) -> None:
    """Warn the caller of the calling function that a name is deprecated."""
    warnings.warn(
        f"{old!r} was renamed to {new!r}; the old name will be removed in the next "
        "release.",
        DeprecationWarning,
        stacklevel=3,
    )


def renamed_attribute(old: str, new: str) -> Any:
    """Make a property that warns and returns the attribute under its new name.

    Parameters
    ----------
    old, new : str
        Name until version 0.1, and name since then, which may contain dots.

    Returns
    -------
    alias : property
        Read and write access to ``self.<new>`` with a DeprecationWarning.
    """

    def get(instance: Any) -> Any:
        warn_renamed(old, new)
        return attrgetter(new)(instance)

    def assign(instance: Any, value: Any) -> None:
        warn_renamed(old, new)
        owner, _, name = new.rpartition(".")
        setattr(attrgetter(owner)(instance) if owner else instance, name, value)

    return property(get, assign, doc=f"Deprecated alias of `{new}`.")
