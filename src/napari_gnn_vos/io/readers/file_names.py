"""File names that show that a folder has more than one image per time point."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path

from napari_gnn_vos.errors import ReadError, abbreviated_list
from napari_gnn_vos.io.natural_order import (
    NUMBER,
    hexadecimal_numbers,
    natural_order,
)
from napari_gnn_vos.io.readers.channel_names import channel_values

COPY = r"(.*\d)( ?\(\d+\)|[ _-]+(copy|kopie|copie)\b.*|~)"
"""Name of a copy that a file manager makes beside the original."""


def refuse_mixed_sequences(files: Sequence[Path]) -> None:
    """Refuse a folder with several images for each time point.

    These are files of several channels, slices, positions or cameras, or masks beside
    the frames. Such names differ in one part, which takes the same values for each
    value of the other parts, such as ``img_000_DAPI.tif`` and ``img_000_GFP.tif``, or
    ``000_1.png`` and ``000_2.png``; one name is the other one with a word behind
    it, such as ``000.png`` and ``000_mask.png``; two names are equal but for suffix,
    capitals and zeros, such as ``1.jpg`` and ``001.jpeg``; or two sequences have the
    same numbers, such as ``a_1.png``, ``a_2.png``, ``b_1.png`` and ``b_2.png``. A file
    that is a copy of another one, or has no number while the others have, is no frame
    either.

    Raises
    ------
    ReadError
        If the names are of this kind.
    """
    if hexadecimal_numbers([file.stem for file in files]):
        return
    _refuse_equal_names(files)
    _refuse_pairs(files)
    _refuse_copies(files)
    _refuse_unnumbered(files)
    if values := channel_values([file.stem for file in files]):
        kinds = abbreviated_list(values, 8)
        raise ReadError(
            f"Expected one file per frame; {files[0].parent} has files of the "
            f"channels, slices or positions {kinds}. Move each of them to its own "
            "folder, or merge channels into a multi-channel TIFF."
        )
    _refuse_restarted_numbers(files)


def missing_numbers(files: Sequence[Path]) -> list[int]:
    """Return the numbers that a sequence of files lacks.

    Parameters
    ----------
    files : sequence of Path
        In natural order.

    Returns
    -------
    missing : list of int
        Empty if names differ in more than one number, if more than every tenth step is
        larger than the usual one, and if files are numbered in tens of thousands, such
        as times.

    Examples
    --------
    >>> missing_numbers([Path(f"{t}.png") for t in (1, 2, 3, 6, 7, 8)])
    [4, 5]
    """
    if len({_template(file) for file in files}) > 1:
        return []
    parts = zip(
        *(map(int, re.findall(r"\d+", file.stem)) for file in files), strict=True
    )
    varying = [numbers for numbers in parts if len(set(numbers)) > 1]
    if len(varying) != 1 or hexadecimal_numbers([file.stem for file in files]):
        return []
    (numbers,) = varying
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    usual = sorted(steps)[len(steps) // 2]
    larger = [step for step in steps if step != usual]
    is_regular = usual > 0 and all(s > 0 and s % usual == 0 for s in larger)
    if not is_regular or len(larger) > max(1, len(steps) // 10):
        return []
    count = (numbers[-1] - numbers[0]) // usual + 1 - len(numbers)
    if not 0 < count < 10_000:
        return []
    missing = sorted({*range(numbers[0], numbers[-1], usual)} - {*numbers})
    are_times = {number % 100 for number in missing} == {*range(60, 100)}  # HHMM
    return [] if are_times else missing


def _template(file: Path) -> str:
    """Return a name with ``#`` in place of each number."""
    return re.sub(r"\d+", "#", file.stem.lower())


def _refuse_equal_names(files: Sequence[Path]) -> None:
    """Refuse two files of one natural order."""
    first: dict[str, Path] = {}
    for file in files:
        key, _ = natural_order(file)
        other = first.setdefault(repr(key), file)
        if other is not file:
            raise ReadError(
                f"Expected one file per frame; {file.parent} has {other.name} and "
                f"{file.name}. Move one of them to another folder."
            )


def _refuse_pairs(files: Sequence[Path]) -> None:
    """Refuse a folder in which each name is there with and without a last part."""
    stems = {file.stem for file in files}
    pairs = {}
    for stem in stems:
        # no decimals, such as 1.5 behind 1
        for start in (m.start() for m in re.finditer(r"(?!\.\d)(?<=.)\D", stem)):
            if stem[:start] in stems:
                pairs[stem] = stem[:start]
    if len(stems) > 2 and len(pairs) == len(set(pairs.values())) == len(stems) / 2:
        longer, shorter = min(pairs.items())
        raise ReadError(
            f"Expected one file per frame; {files[0].parent} has two for each, such as "
            f"{shorter} and {longer}. Move masks and other files to another folder."
        )


def _refuse_copies(files: Sequence[Path]) -> None:
    """Refuse copies such as ``003 (1).png`` and ``003 copy.png`` of numbered files."""
    stems = {file.stem.lower(): file for file in files}
    counts = Counter(map(_template, files))
    for stem, file in stems.items():
        match = re.fullmatch(COPY, stem)
        original = stems.get(match[1]) if match else None
        if original is not None and counts[_template(original)] > 1:
            raise ReadError(
                f"Expected one file per frame; in {file.parent}, {file.name} is "
                f"probably a copy of {original.name}. Move it to another folder."
            )


def _refuse_unnumbered(files: Sequence[Path]) -> None:
    """Refuse files without a number among numbered ones, such as a background image.

    The first file of a sequence may have none, as ``img.png`` before ``img1.png``.
    """
    counts = Counter(map(_template, files))
    usual, count = counts.most_common(1)[0]
    others = [file for file in files if "#" not in _template(file)]
    if "#" not in usual or count < max(3, len(files) - len(others)):
        return
    if len(others) == 1 and usual.startswith(_template(others[0])):
        return
    if others:
        raise ReadError(
            f"Expected one numbered file per frame; {others[0].name} in "
            f"{files[0].parent} has no number. Move files that are no frames to "
            "another folder, or number all of them."
        )


def _refuse_restarted_numbers(files: Sequence[Path]) -> None:
    """Refuse two sequences with the same numbers, such as two recordings."""
    sequences: dict[str, dict[tuple[int, ...], Path]] = {}
    for file in files:
        numbers = tuple(map(int, re.findall(NUMBER, file.stem)))
        name = re.sub(NUMBER, "#", file.stem.lower())
        sequences.setdefault(name, {})[numbers] = file
    longest = max(sequences.values(), key=len)
    several = [
        each
        for each in sequences.values()
        if len(each) > 1 or len(longest) > max(3, len(files) / 2)
    ]
    for first, second in combinations(several[:100], 2):
        for numbers in first.keys() & second.keys():
            raise ReadError(
                f"Expected one sequence of images; {files[0].parent} has several with "
                f"the same numbers, such as {first[numbers].name} and "
                f"{second[numbers].name}. Move each of them to its own folder."
            )
