"""The colours of DAVIS for labels."""

from __future__ import annotations


def davis_palette() -> list[int]:
    """Return the 256 colours of DAVIS and PASCAL VOC as red, green, blue, red ...

    Label 0 is black; the bits of a label are dealt out to the high bits of the three
    colours in turn.

    Examples
    --------
    >>> davis_palette()[:9]
    [0, 0, 0, 128, 0, 0, 0, 128, 0]
    """
    return [
        sum((label >> (3 * bit + colour) & 1) << (7 - bit) for bit in range(8))
        for label in range(256)
        for colour in range(3)
    ]
