"""Parts of file names that number or name the channels of one time point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

NUMBERED = (
    r"(c|ch|channel|w|wave|z|slice|plane|"
    r"p|pos|position|xy|fov|site|view|cam|camera)\d+"
)
"""Word with the number of a channel, a slice or a position, in lower case."""
KNOWN = (
    r"(dapi|hoechst|[bcgry]fp|egfp|fitc|tritc|mcherry|tdtomato|cy\d|(alexa|af)\d{3}|"
    r"bf|brightfield|dic|phase|ch\d+|channel\d+|red|green|blue|rgb|depth|masks?|"
    r"labels?|left|right)"
)
"""Names of channels, cameras and masks, in lower case."""
TIME = r"(t|time|day|week|hour|min|sec)\W?\d+"
"""Word with a number of a time, in lower case."""
WELL = r"[A-P](0?[1-9]|1\d|2[0-4])"
"""Row and column of a well, in upper case."""
PARTS = r"[a-zA-Z]+\d+|[a-zA-Z]+|\d+|[^\W\d_a-zA-Z]+"
"""Parts of a name: a word with its number, a word, or a number."""

DATE = r"(19|20)\d\d([-_. ]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
"""Year, month and day."""
MISSING = 0.1
"""Fraction of files that may be missing in a grid of times and channels."""
CYCLES = {
    (0, 2): (24, 60, 100),
    (1, 2): (12, 24, 28, 29, 30, 31, 60),
    (0, 3): (1000,),
}
"""Lengths of cycles of the last number of dates, times and numbers in two parts, by its
first value and its number of digits."""
UNITS = (24, 60, 100, 1000, 1440, 2400, 6000)
"""Intervals after which a number of times in equal steps starts again from 0."""


def channel_values(stems: Sequence[str]) -> list[str]:
    """Return the values of the part of file names that distinguishes channels.

    The part takes the same values for each value of the other parts, but for a few
    files that are missing. The last number of a date, a time or a decimal does, too; it
    is known from the length of its cycle.

    Parameters
    ----------
    stems : sequence of str
        File names without suffixes.

    Returns
    -------
    values : list of str
        Sorted; empty if there is none.

    Examples
    --------
    >>> channel_values(["000_1", "000_2", "001_1", "001_2"])
    ['1', '2']
    >>> channel_values(["day1_00", "day1_12", "day2_00", "day2_12"])
    []
    """
    has_decimals = all(re.search(r"\d\.\d+\D*$", stem) for stem in stems)
    has_dates = all(re.search(DATE, stem) for stem in stems)
    found = [
        values
        for pattern in (r"[^_\-. ]+", PARTS, r"\d+|\D+")
        for values in _channel_parts(
            [tuple(re.findall(pattern, stem)) for stem in stems],
            has_decimals,
            has_dates,
        )
    ]
    return min(
        found,
        key=lambda each: (each[0].isdecimal(), len(each), len(each[0])),
        default=[],
    )


def _channel_parts(
    names: Sequence[tuple[str, ...]], has_decimals: bool, has_dates: bool
) -> list[list[str]]:
    """Return the values of each part of the names that may be that of channels."""
    if len({len(name) for name in names}) > 1:
        return []
    parts = [sorted(set(part)) for part in zip(*names, strict=True)]
    varying = [index for index, values in enumerate(parts) if len(values) > 1]
    if len(varying) == 1:
        values = parts[varying[0]]
        is_known = all(re.fullmatch(KNOWN, value.lower()) for value in values)
        return [values] if is_known else []
    is_cyclic = bool(varying) and _is_cycle(parts[varying[-1]], has_decimals, has_dates)
    found: list[list[str]] = []
    for index in varying:
        values = parts[index]
        times = {(*name[:index], *name[index + 1 :]) for name in names}
        if all(re.fullmatch(NUMBERED, value.lower()) for value in values):
            is_channel = len(times) < len(names)
        else:
            missing = len(values) * len(times) - len(names)
            is_grid = missing <= max(1, MISSING * len(names)) and len(times) > 1
            are_numbers = all(value.isdecimal() for value in values)
            is_channel = is_grid and (
                not is_cyclic if are_numbers else _are_words(values)
            )
        if is_channel:
            found.append(values)
    return found


def _are_words(values: Sequence[str]) -> bool:
    """Return whether parts of names are those of channels, not of times."""
    if all(re.fullmatch(WELL, value) for value in values):
        return True
    if all(re.fullmatch(TIME, value.lower()) for value in values):
        return False
    return len(values) <= 8 and not any(re.search(r"\d{2}|^\d", v) for v in values)


def _is_cycle(values: Sequence[str], has_decimals: bool, has_dates: bool) -> bool:
    """Return whether numbers are those of a cycle, such as the minutes of an hour.

    Behind a date, any numbers of two digits or more are times.
    """
    found = [re.findall(r"\d+", value) for value in values]
    if any(len(each) != 1 for each in found):
        return False
    numbers = sorted({int(each[0]) for each in found})
    digits = max(len(each[0]) for each in found)
    if has_dates and digits > 1:
        return True
    if digits == 4 and all(number % 100 < 60 for number in numbers):
        numbers = [number // 100 * 60 + number % 100 for number in numbers]
    first, count = numbers[0], len(numbers)
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    if len(steps) != 1:
        return False
    (step,) = steps
    if first < step and has_decimals and step * count == 10**digits:
        return True
    if step > 1:
        return first < step and step * count in UNITS
    return count in CYCLES.get((first, digits), ())
