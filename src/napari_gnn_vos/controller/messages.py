"""Wording of messages: common errors, numbers and times."""

from __future__ import annotations

NO_VIDEO = "There is no video. Open one and choose its layer."
NO_PREDICTION = "There is no prediction yet. Paint strokes, and press Predict."


def describe_count(number: int, singular: str) -> str:
    """Format a count, in the singular or with a plural in -s.

    Examples
    --------
    >>> describe_count(1, "frame"), describe_count(12, "frame")
    ('1 frame', '12 frames')
    """
    return f"{number} {singular}{'' if number == 1 else 's'}"


def ordinal(number: int) -> str:
    """Format a positive number as an ordinal.

    Examples
    --------
    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    teen = number // 10 % 10 == 1
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if teen else suffix}"


def describe_time_left(seconds: float | None) -> str:
    """Format the remaining time; an unknown time gives an empty text.

    Examples
    --------
    >>> describe_time_left(42.3), describe_time_left(170), describe_time_left(None)
    ('about 42 s left', 'about 3 min left', '')
    """
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(round(seconds), 1)} s left"
    return f"about {round(seconds / 60)} min left"
