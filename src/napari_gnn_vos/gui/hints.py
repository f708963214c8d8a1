"""What to do next, in one line."""

from __future__ import annotations


def hint(*, opened: bool, images: bool, rounds: int, busy: bool) -> str:
    """Tell what a person may do next.

    Parameters
    ----------
    opened : bool
        Whether a video is chosen.
    images : bool
        Whether there are image layers to choose from.
    rounds : int
        Rounds played.
    busy : bool
        Whether work is under way.

    Returns
    -------
    text : str
        One short sentence.
    """
    if not opened and images:
        return "Choose the layer of your video in the list above."
    if not opened:
        return "Open a video: drag it here, or File > Open Sample."
    if busy:
        return "You can go on painting meanwhile."
    if rounds:
        return "Paint where it is wrong, on any frame, then Predict again."
    return "Paint a stroke on each object, on any frame, then Predict."
