"""File names that show that a folder has more than one image per time point."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from napari_gnn_vos.errors import ReadError, abbreviated_list
from napari_gnn_vos.io.natural_order import natural_order

NUMBERED = (
    *("c", "ch", "channel", "w", "wave", "z", "slice", "plane"),
    *("p", "pos", "position", "xy", "fov", "site", "view", "cam", "camera"),
)
"""Words before the number of a channel, a slice or a position."""
WELL = r"[A-P](0?[1-9]|1\d|2[0-4])"
"""Row and column of a well, in upper case."""
PARTS = r"[a-zA-Z]+\d+|[a-zA-Z]+|\d+|[^\W\d_a-zA-Z]+"
"""Parts of a name: a word with its number, a word, or a number."""


def refuse_mixed_sequences(files: Sequence[Path]) -> None:
    """Refuse a folder with several images for each time point.

    These are files of several channels, slices, positions or cameras, or masks beside
    the frames. Such names differ in one part, which takes the same values for each
    value of the other parts, such as ``img_000_DAPI.tif`` and ``img_000_GFP.tif``, or
    ``t000_z0.tif`` and ``t000_z1.tif``; one name is the other one with a word behind
    it, such as ``000.png`` and ``000_mask.png``; or two names are equal but for suffix,
    capitals and zeros, such as ``1.jpg`` and ``001.jpeg``.

    Raises
    ------
    ReadError
        If the names are of this kind.
    """
    _refuse_equal_names(files)
    _refuse_pairs(files)
    for names in (
        [re.split(r"[_\-. ]+", file.stem) for file in files],
        [re.findall(PARTS, file.stem) for file in files],
    ):
        values = _varying_part(names)
        if values:
            kinds = abbreviated_list(values, 8)
            raise ReadError(
                f"Expected one file per frame; {files[0].parent} has files of the "
                f"channels, slices or positions {kinds}. Move each of them to its own "
                "folder, or merge channels into a multi-channel TIFF."
            )


def _varying_part(names: Sequence[Sequence[str]]) -> list[str]:
    """Return the values of the part that names a channel; empty if there is none."""
    if len(names) < 4 or len({len(name) for name in names}) > 1:
        return []
    for index in range(len(names[0])):
        values = sorted({name[index] for name in names})
        others = Counter((*n[:index], *n[index + 1 :]) for n in names)
        complete = set(others.values()) == {len(values)} and len(others) > 1
        if complete and len(values) > 1 and _are_channels(values):
            return values
    return []


def _are_channels(values: Sequence[str]) -> bool:
    """Return whether parts of names are those of channels, not of times."""
    numbered = rf"({'|'.join(NUMBERED)})\d+"
    if all(re.fullmatch(numbered, value.lower()) for value in values):
        return True
    if all(re.fullmatch(WELL, value) for value in values):
        return True
    if all(re.fullmatch(r"t(ime)?\W?\d+", value.lower()) for value in values):
        return False
    return len(values) <= 8 and not any(re.search(r"\d{2}|^\d", v) for v in values)


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
    """Refuse a folder in which each name is there with and without a last word."""
    stems = {file.stem for file in files}
    matches = (re.fullmatch(r"(.+?)[_\-. ]?[a-zA-Z]+", stem) for stem in stems)
    pairs = {match[0]: match[1] for match in matches if match and match[1] in stems}
    if len(stems) > 2 and len(pairs) == len(set(pairs.values())) == len(stems) / 2:
        longer, shorter = min(pairs.items())
        raise ReadError(
            f"Expected one file per frame; {files[0].parent} has two for each, such as "
            f"{shorter} and {longer}. Move masks and other files to another folder."
        )
