"""What to do next, in one line."""

from __future__ import annotations


def hint(*, opened: bool, rounds: int, busy: bool) -> str:
    """Tell what a person may do next.

    Parameters
    ----------
    opened : bool
        Whether a video is chosen.
    rounds : int
        Rounds played.
    busy : bool
        Whether work is under way.

    Returns
    -------
    text : str
        One short sentence.
    """
    if busy:
        return "You can go on painting meanwhile."
    if not opened:
        return "Open a video: drag it here, or File > Open Sample."
    if rounds:
        return "Paint where it is wrong, on any frame, then Predict again."
    return "Paint a stroke on each object, on any frame, then Predict."
