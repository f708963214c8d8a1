"""Validation of the arguments of public functions.

A function declares a check for each argument that a script may give a wrong type::

    @validated(session=instance(Session), first=integer(optional=True))
    def predict(session, model, *, first=None): ...

Checks return the value to use, which may be converted, or raise an `ArgumentError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import signature
from math import isfinite
from operator import index
from typing import Any, ParamSpec, TypeVar, cast

from napari_gnn_vos.errors import ArgumentError, GnnVosError, ReadError

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[str, Any], Any]
"""From the name and the value of an argument to the value to use."""


def validated(
    *relations: Callable[[Mapping[str, Any]], object], **checks: Check
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that validates arguments when a function is called.

    Generator functions are validated when they are called, not at their first step.

    Parameters
    ----------
    *relations : callable
        Called with all given arguments by name, after the checks; raises an error if
        they do not match each other.
    **checks : callable
        Check of each argument by name. Default values are not checked.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        parameters = signature(function)

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = parameters.bind(*args, **kwargs)
            for name, check in checks.items():
                if name in bound.arguments:
                    bound.arguments[name] = check(name, bound.arguments[name])
            for require in relations:
                require(bound.arguments)
            return function(*bound.args, **bound.kwargs)

        return cast("Callable[P, R]", checked)

    return decorate


def instance(
    *types: type, advice: str = "Convert it first.", optional: bool = False
) -> Check:
    """Return a check that a value is an instance of one of some types."""

    def check(name: str, value: Any) -> Any:
        if isinstance(value, types) or (optional and value is None):
            return value
        raise wrong_type(name, " or ".join(t.__name__ for t in types), value, advice)

    return check


def integer(
    least: int | None = None, largest: int | None = None, *, optional: bool = False
) -> Check:
    """Return a check that converts an integer, or a float without a fraction.

    Parameters
    ----------
    least, largest : int, optional
        Range of the values.
    optional : bool
        Whether None is accepted.
    """

    def check(name: str, value: Any) -> int | None:
        if value is None and optional:
            return None
        number = _as_integer(value)
        if number is None:
            raise wrong_type(name, "an integer", value, "Give a whole number.")
        too_small = least is not None and number < least
        if too_small or (largest is not None and number > largest):
            low, high = ("any" if end is None else end for end in (least, largest))
            raise ArgumentError(
                f"Expected an integer from {low} to {high} for {name!r}; got "
                f"{str(number)[:60]}. Give another number."
            )
        return number

    return check


def _as_integer(value: Any) -> int | None:
    try:
        if hasattr(value, "__index__"):
            return index(value)
        if hasattr(value, "is_integer") and value.is_integer():
            return int(value)
    except (TypeError, ValueError, OverflowError):  # an array of several numbers
        pass
    return None


def number(name: str, value: Any) -> float:
    """Check and convert a finite real number."""
    try:
        converted = float(value)
    except (TypeError, ValueError, OverflowError):
        converted = float("nan")
    if isinstance(value, str) or not isfinite(converted):
        raise wrong_type(name, "a finite number", value, "Give a number.")
    return converted


def file_path(name: str, value: Any) -> str:
    """Check and convert a path: text, bytes, or an object with ``__fspath__``."""
    try:
        text = os.fsdecode(value)
    except (TypeError, ValueError) as error:
        raise wrong_type(name, "a path", value, "Give the path of a file.") from error
    if "\0" in text:
        raise ReadError(
            f"Expected a path; {text[:60]!r} has a null character. Check the spelling."
        )
    return text


def sequence_of(
    kind: type, advice: str, error: type[GnnVosError] = ArgumentError
) -> Check:
    """Return a check that converts one or several items of a type to a tuple."""

    def check(name: str, value: Any) -> tuple[Any, ...]:
        if isinstance(value, kind):
            return (value,)
        if isinstance(value, (str, bytes)) or not _is_iterable(value):
            raise wrong_type(name, f"a list of {kind.__name__}", value, advice, error)
        items = tuple(value)
        for item in items:
            if not isinstance(item, kind):
                raise wrong_type(name, f"{kind.__name__} items", item, advice, error)
        return items

    return check


def lengths(count: int, meaning: str) -> Check:
    """Return a check that converts `count` positive integers to a tuple.

    Parameters
    ----------
    count : int
    meaning : str
        Names of the integers, for the error.
    """

    def check(name: str, value: Any) -> tuple[int, ...]:
        items = tuple(value) if _is_iterable(value) else ()
        numbers = tuple(n for n in map(_as_integer, items) if n is not None and n > 0)
        if len(numbers) != count or len(items) != count:
            advice = "Give them in this order."
            raise wrong_type(name, f"{count} integers, {meaning},", value, advice)
        return numbers

    return check


def flag(name: str, value: Any) -> bool:
    """Check and convert a truth value."""
    try:
        return bool(value)
    except (TypeError, ValueError) as error:  # an array of several numbers
        raise wrong_type(name, "True or False", value, "Give one.") from error


def generator(name: str, value: Any) -> Any:
    """Check and convert a source of random numbers as `numpy.random.default_rng`.

    A generator is used itself; an integer or another seed makes a new one, and None one
    with an unpredictable seed.
    """
    import numpy as np

    try:
        return np.random.default_rng(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong_type(
            name, "a numpy.random.Generator or a seed", value, "Give an integer."
        ) from error


def wrong_type(
    name: str,
    expected: str,
    value: object,
    advice: str,
    error: type[GnnVosError] = ArgumentError,
) -> GnnVosError:
    """Return the error for an argument of a wrong type."""
    is_short = value is None or isinstance(value, (bool, int, float, str, bytes))
    content = f" {str(value)[:60]!r}" if is_short and value is not None else ""
    got = "None" if value is None else f"{type(value).__name__}{content}"
    return error(f"Expected {expected} for {name!r}; got {got}. {advice}")


def _is_iterable(value: Any) -> bool:
    """Return whether a value can be iterated, by either protocol."""
    try:
        iter(value)
    except TypeError:
        return False
    return isinstance(value, Iterable) or hasattr(value, "__getitem__")
