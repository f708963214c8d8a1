"""Sort numbered files; frames and their masks need the same order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePath, PurePosixPath
from typing import TypeVar

P = TypeVar("P", bound=PurePath)
NUMBER = r"(?<!\d)-?\d+"
"""Number with a sign; a hyphen after a digit separates two numbers."""

DECIMAL = r"(|.*\D)(\d+)\.(\d+)(\D*)"
"""Name with a decimal number behind its first part."""
UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")
"""Random prefix of the file names that were uploaded to Label Studio."""


def frame_order(names: Sequence[str]) -> list[int]:
    """Return the frame order of a folder for the frames of an annotation file.

    Annotation tools number images in alphabetical order or in that of their upload, so
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
    parents = [natural_order(path.parent) for path in paths]
    position = {path: t for t, path in enumerate(sort_naturally(paths))}
    return sorted(range(len(names)), key=lambda t: (parents[t], position[paths[t]]))


def hexadecimal_numbers(stems: Sequence[str]) -> list[int]:
    """Return the numbers of names that are counted in hexadecimal digits.

    Parameters
    ----------
    stems : sequence of str
        File names without suffixes.

    Returns
    -------
    numbers : list of int
        Empty if the names do not end in consecutive hexadecimal numbers of equal
        length, or if there are too few to tell.
    """
    ends = zip(min(stems, default=""), max(stems, default=""), strict=False)
    start = next((k for k, (a, b) in enumerate(ends) if a != b), 0)
    digits = [stem[start:].lower() for stem in stems]
    if len({*map(len, digits)}) > 1 or not any(
        set(each) & {*"abcdef"} for each in digits
    ):
        return []
    if not all(re.fullmatch("[0-9a-f]+", each) for each in digits):
        return []
    numbers = [int(each, 16) for each in digits]
    is_counted = len(numbers) == max(numbers) - min(numbers) + 1 > 10
    return numbers if is_counted and len({*numbers}) == len(numbers) else []


def sort_naturally(paths: Iterable[P]) -> list[P]:
    """Sort files by `natural_order`; hyphens before numbers may be signs.

    They are if there is a name with and one without the hyphen at the same position, as
    in ``t-1.png`` and ``t0.png``. Points are those of decimal numbers if digits behind
    them begin with 0, as in ``t0.05.png`` and ``t0.1.png``. Consecutive hexadecimal
    numbers of equal length are sorted by their value.
    """
    paths = list(paths)
    if numbers := hexadecimal_numbers([path.stem for path in paths]):
        return [path for _, path in sorted(zip(numbers, paths, strict=True))]
    if decimals := _decimal_numbers([path.stem for path in paths]):
        return [path for _, path in sorted(zip(decimals, paths, strict=True))]
    kinds: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        stem = path.stem.lower()
        kinds[re.sub(NUMBER, "#", stem)].add(re.sub(r"\d+", "#", stem))
    signed = {kind for kind, unsigned in kinds.items() if len(unsigned) > 1}

    def key(path: P) -> tuple[list[tuple[str, int]], str]:
        if re.sub(NUMBER, "#", path.stem.lower()) not in signed:
            return natural_order(path)
        texts = re.split(NUMBER, path.stem.lower())
        numbers = [*map(int, re.findall(NUMBER, path.stem)), -1]
        return list(zip(texts, numbers, strict=True)), path.name

    return sorted(paths, key=key)


def _decimal_numbers(stems: Sequence[str]) -> list[float]:
    """Return the numbers of names that differ in a decimal number only.

    Empty if the names differ otherwise, or if the digits after the point may be a
    second number, as in ``1.9`` and ``1.10``. They are decimals if some begin with 0
    and have more digits than others, as in ``0.05`` and ``0.1``.
    """
    matches = [re.fullmatch(DECIMAL, stem) for stem in stems]
    parts = [match.groups() for match in matches if match]
    if (
        len(parts) < len(stems)
        or len({(first, last) for first, _, _, last in parts}) > 1
    ):
        return []
    digits = [fraction for _, _, fraction, _ in parts]
    shortest = min(map(len, digits), default=0)
    if not any(each.startswith("0") and len(each) > shortest for each in digits):
        return []
    return [float(f"{whole}.{fraction}") for _, whole, fraction, _ in parts]


def natural_order(path: PurePath) -> tuple[list[tuple[str, int]], str]:
    """Return a sort key that compares digits in file names as numbers.

    Examples
    --------
    >>> sorted(map(PurePath, ["f10.png", "f9.png"]), key=natural_order)[0].name
    'f9.png'
    """
    parts = re.findall(r"(\D*)(\d*)", path.stem)
    return [(text.lower(), int(digits or -1)) for text, digits in parts], path.name
