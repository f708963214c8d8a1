"""What to do next, in one line."""

from __future__ import annotations


def hint(
    *, opened: bool, images: bool, rounds: int, busy: bool, live: bool = False
) -> str:
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
    live : bool
        Whether every stroke is answered by itself.

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
    where = "where it is wrong" if rounds else "a stroke on each object"
    then = "" if live else ", then Predict again" if rounds else ", then Predict"
    return f"Paint {where}, on any frame{then}."
