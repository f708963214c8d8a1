"""Parts of file names that number or name the channels of one time point.

Names are split into parts in three ways (`SPLITS`). A part whose values vary is that of
channels by these rules; the first one that applies to its values decides:

==  ==========================  =====================================  ===========
no  values of the part          channels if                            example
==  ==========================  =====================================  ===========
1   no other part varies        all are names of channels              DAPI, GFP
2   numbered words (`INDEX`)    two names differ in this part only     c0, c1
3   any, without a full grid    never                                  a, b, c
4   numbers                     the last varying part is not a cycle   1, 2
5   wells of a plate            always                                 A1, B1
6   words of a time             never                                  day1, day2
7   other words                 up to eight, with one digit at most    left, right
==  ==========================  =====================================  ===========

A full grid has an image for each value of the part and each combination of the others,
except for a few (`_VaryingPart.forms_grid`). The last number of a date, a time or a
decimal forms a grid, too; it is recognised by the length of its cycle (`_is_cycle`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SPLITS = (
    r"[^_\-. ]+",  # fields: "img", "t000", "DAPI"
    r"[a-zA-Z]+\d+|[a-zA-Z]+|\d+|[^\W\d_a-zA-Z]+",  # words, also with a number
    r"\d+|\D+",  # numbers, and what is between them
)
"""Patterns of a part of a name."""
INDEX = (
    r"(c|ch|channel|w|wave|z|slice|plane|"
    r"p|pos|position|xy|fov|site|view|cam|camera)\d+"
)
"""Word with the number of a channel, a slice or a position, in lower case."""
CHANNEL_NAME = (
    r"(dapi|hoechst|[bcgry]fp|egfp|fitc|tritc|mcherry|tdtomato|cy\d|(alexa|af)\d{3}|"
    r"bf|brightfield|dic|phase|ch\d+|channel\d+|red|green|blue|rgb|depth|masks?|"
    r"labels?|left|right)"
)
"""Names of channels, cameras and masks, in lower case."""
TIME = r"(t|time|day|week|hour|min|sec)\W?\d+"
"""Word with a number of a time, in lower case."""
WELL = r"[A-P](0?[1-9]|1\d|2[0-4])"
"""Row and column of a well, in upper case."""
DATE = r"(19|20)\d\d([-_. ]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
"""Year, month and day."""
DECIMAL_AT_END = r"\d\.\d+\D*$"

MAX_WORDS = 8
"""Largest number of channels whose names are words."""
MISSING = 0.1
"""Fraction of files that may be missing in a grid; one may be missing in any case."""
CYCLES = {
    (0, 2): (24, 60, 100),
    (1, 2): (12, 24, 28, 29, 30, 31, 60),
    (0, 3): (1000,),
}
"""Lengths of cycles of consecutive numbers, by the first number and the number of
digits: hours, minutes, months, days, and decimals."""
PERIODS = (24, 60, 100, 1000, 1440, 2400, 6000)
"""Products of step and length of cycles in larger steps, such as 4 x 15 minutes."""


def channel_values(stems: Sequence[str]) -> list[str]:
    """Return the values of the part of file names that distinguishes channels.

    If several parts may be that of channels, words are preferred to numbers, then few
    values to many, then short ones to long ones.

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
    >>> channel_values(["t0_c0", "t0_c1", "t1_c0"])
    ['c0', 'c1']
    >>> channel_values(["img_DAPI", "img_GFP"])
    ['DAPI', 'GFP']

    The last number of a time is not that of a channel:

    >>> channel_values(["day1_00", "day1_12", "day2_00", "day2_12"])
    []
    """
    candidates = [
        part.values
        for pattern in SPLITS
        for part in _channel_parts(stems, [re.findall(pattern, stem) for stem in stems])
    ]
    return min(
        candidates,
        key=lambda values: (values[0].isdecimal(), len(values), len(values[0])),
        default=[],
    )


@dataclass(frozen=True)
class _VaryingPart:
    """A part that is not equal in all names.

    Parameters
    ----------
    values : list of str
        Its values, each once, sorted.
    files : int
        Number of names.
    others : int
        Number of combinations of the other parts.
    """

    values: list[str]
    files: int
    others: int

    @property
    def is_repeated(self) -> bool:
        """Whether two names differ in this part only."""
        return self.others < self.files

    @property
    def forms_grid(self) -> bool:
        """Whether nearly all combinations of this part and the others are there."""
        missing = len(self.values) * self.others - self.files
        return self.others > 1 and missing <= max(1, MISSING * self.files)


def _channel_parts(
    stems: Sequence[str], names: Sequence[Sequence[str]]
) -> list[_VaryingPart]:
    """Return the parts that may be that of channels, of names that are split."""
    varying = _varying_parts(names)
    if len(varying) < 2:
        return [part for part in varying if _all_match(CHANNEL_NAME, part.values)]
    is_last_cycle = _is_cycle(
        varying[-1].values,
        behind_date=all(re.search(DATE, stem) for stem in stems),
        are_decimals=all(re.search(DECIMAL_AT_END, stem) for stem in stems),
    )
    return [part for part in varying if _is_channel(part, is_last_cycle)]


def _varying_parts(names: Sequence[Sequence[str]]) -> list[_VaryingPart]:
    """Compare the parts of names; none vary if the numbers of parts differ.

    Examples
    --------
    >>> _varying_parts([["img", "0", "a"], ["img", "0", "b"], ["img", "1", "a"]])
    [_VaryingPart(values=['0', '1'], files=3, others=2), \
_VaryingPart(values=['a', 'b'], files=3, others=2)]
    """
    if len({len(name) for name in names}) > 1:
        return []
    parts = []
    for index, column in enumerate(zip(*names, strict=True)):
        others = {(*name[:index], *name[index + 1 :]) for name in names}
        if len(set(column)) > 1:
            parts.append(_VaryingPart(sorted(set(column)), len(names), len(others)))
    return parts


def _is_channel(part: _VaryingPart, is_last_cycle: bool) -> bool:
    """Apply rules 2 to 7 of the module to a part, if several parts vary.

    Parameters
    ----------
    part : _VaryingPart
    is_last_cycle : bool
        Whether the numbers of the last part that varies are a cycle.
    """
    values = part.values
    if _all_match(INDEX, values):
        return part.is_repeated
    if not part.forms_grid:
        return False
    if all(value.isdecimal() for value in values):
        return not is_last_cycle
    if all(re.fullmatch(WELL, value) for value in values):
        return True
    return not _all_match(TIME, values) and _are_few_words(values)


def _all_match(pattern: str, values: Sequence[str]) -> bool:
    """Return whether all values match a pattern in lower case.

    Examples
    --------
    >>> _all_match(INDEX, ["c0", "C1"]), _all_match(TIME, ["day-1", "day2"])
    (True, True)
    """
    return all(re.fullmatch(pattern, value.lower()) for value in values)


def _are_few_words(values: Sequence[str]) -> bool:
    """Return whether there are few values, none with a long or a leading number.

    Examples
    --------
    >>> _are_few_words(["left", "right"]), _are_few_words(["cam1", "cam2"])
    (True, True)
    >>> _are_few_words(["img10", "img11"]), _are_few_words(["1st", "2nd"])
    (False, False)
    """
    has_number = any(re.search(r"\d{2}|^\d", value) for value in values)
    return len(values) <= MAX_WORDS and not has_number


def _is_cycle(values: Sequence[str], *, behind_date: bool, are_decimals: bool) -> bool:
    """Return whether numbers are those of a cycle, such as the minutes of an hour.

    Parameters
    ----------
    values : sequence of str
        With one number each; otherwise they are no cycle.
    behind_date : bool
        Whether the names contain a date; numbers of two digits or more are times then.
    are_decimals : bool
        Whether the names end with decimals.

    Examples
    --------
    >>> hours, steps = [f"{hour:02d}" for hour in range(24)], ["00", "15", "30", "45"]
    >>> _is_cycle(hours, behind_date=False, are_decimals=False)
    True
    >>> _is_cycle(steps, behind_date=False, are_decimals=False)
    True
    >>> _is_cycle(["0600", "1800"], behind_date=False, are_decimals=False)
    True
    >>> _is_cycle(["0", "5"], behind_date=False, are_decimals=True)  # 0.0, 0.5, 1.0
    True
    >>> _is_cycle(["07", "11"], behind_date=True, are_decimals=False)
    True
    >>> _is_cycle(["1", "2"], behind_date=True, are_decimals=False)
    False
    """
    found = [re.findall(r"\d+", value) for value in values]
    if any(len(each) != 1 for each in found):
        return False
    digits = max(len(each[0]) for each in found)
    if behind_date and digits > 1:
        return True
    numbers = sorted({int(each[0]) for each in found})
    if digits == 4:
        numbers = _minutes_of_times(numbers)
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    if len(steps) != 1:
        return False
    (step,), first, count = steps, numbers[0], len(numbers)
    if are_decimals and first < step and step * count == 10**digits:
        return True
    if step == 1:
        return count in CYCLES.get((first, digits), ())
    return first < step and step * count in PERIODS


def _minutes_of_times(numbers: list[int]) -> list[int]:
    """Convert times of the form HHMM to minutes; other numbers are returned unchanged.

    Examples
    --------
    >>> _minutes_of_times([0, 30, 100, 130]), _minutes_of_times([0, 75])
    ([0, 30, 60, 90], [0, 75])
    """
    if any(number % 100 >= 60 for number in numbers):
        return numbers
    return [number // 100 * 60 + number % 100 for number in numbers]
