"""Sort numbered files; frames and their masks need the same order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath

UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")
"""Random prefix of the file names that were uploaded to Label Studio."""


def frame_order(names: Sequence[str]) -> list[int]:
    """Return the order in which the frames of an annotation file are those of a folder.

    Annotation tools number images in the order of the alphabet or of their upload, so
    that ``img_10.png`` may be before ``img_2.png``.

    Parameters
    ----------
    names : sequence of T str
        File name of each frame, with folders.

    Returns
    -------
    order : list of int
        Indices of the names in natural order. 0 to T - 1 if a name is empty or occurs
        twice.

    Examples
    --------
    >>> frame_order(["img_1.png", "img_10.png", "img_2.png"])
    [0, 2, 1]
    """
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    paths = [
        path.with_name(UPLOAD_PREFIX.sub("", path.name)) for path in paths if path.name
    ]
    if len(set(paths)) < len(names):
        return [*range(len(names))]
    keys = [(natural_order(path.parent), natural_order(path)) for path in paths]
    return sorted(range(len(names)), key=keys.__getitem__)


def natural_order(path: PurePath) -> tuple[list[tuple[str, int]], str]:
    """Return a sort key that compares digits in file names as numbers.

    Examples
    --------
    >>> sorted(map(PurePath, ["f10.png", "f9.png"]), key=natural_order)[0].name
    'f9.png'
    """
    parts = re.findall(r"(\D*)(\d*)", path.stem)
    return [(text.lower(), int(digits or -1)) for text, digits in parts], path.name
