"""Sort numbered files; frames and their masks need the same order."""

from __future__ import annotations

import re
from pathlib import Path


def natural_order(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Return a sort key that compares digits in file names as numbers.

    Examples
    --------
    >>> sorted(map(Path, ["f10.png", "f9.png"]), key=natural_order)[0].name
    'f9.png'
    """
    parts = re.findall(r"(\D*)(\d*)", path.stem)
    return [(text.lower(), int(digits or -1)) for text, digits in parts], path.name
