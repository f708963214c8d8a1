"""Image file directories of a TIFF file, read without its other metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from struct import calcsize, error, unpack, unpack_from
from typing import IO, NamedTuple

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.readers.lazy_frames import MAX_PIXELS

TAGS = {
    "kind": (254, (0,)),
    "width": (256, ()),
    "length": (257, ()),
    "bits": (258, (1,)),
    "compression": (259, (1,)),
    "photometric": (262, ()),
    "orientation": (274, ()),
    "samples": (277, (1,)),
    "planar": (284, (1,)),
    "predictor": (317, (1,)),
    "colours": (320, ()),
    "format": (339, (1,)),
    "extra": (338, ()),
    "depth": (32997, (1,)),
}
"""Tags that describe the pixels: number, and values if a directory lacks it."""
TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""Codes of unsigned integers in TIFF and in `struct`."""
MAX_DIRECTORIES, MAX_TAGS = 2**20, 2**16
"""Limits on the directories of a file, and on the tags of a directory."""

MAX_PAGE_BYTES = 2**32
"""Largest size of a decoded page, checked before memory is allocated."""

Values = tuple[int, ...]


class Directory(NamedTuple):
    """Properties of the pixels of a page.

    Parameters
    ----------
    offset : int
        Position in the file.
    tags : mapping of str to tuple of int
        Values of `TAGS`.
    """

    offset: int
    tags: Mapping[str, Values]


def require_page_sizes(directories: Iterable[Directory]) -> None:
    """Check the sizes that pages declare, before memory is allocated for them.

    Raises
    ------
    ReadError
        If a page has more than `MAX_PIXELS` or `MAX_PAGE_BYTES`.
    """
    for number, directory in enumerate(directories):
        tags = directory.tags
        pixels = prod(tags["width"] + tags["length"] + tags["depth"])
        size = pixels * prod(tags["samples"]) * max(tags["bits"], default=1) // 8
        if pixels > MAX_PIXELS or size > MAX_PAGE_BYTES:
            raise ReadError(
                f"Page {number} declares {pixels} pixels and {size} bytes; the limits "
                f"are {MAX_PIXELS} and {MAX_PAGE_BYTES}. Copy the file again if it is "
                "damaged, or reduce its pages."
            )


class DirectoryList(NamedTuple):
    """The main directories of a file.

    Parameters
    ----------
    directories : list of Directory
    is_complete : bool
        False if the file ends before a directory, or they form a loop.
    """

    directories: list[Directory]
    is_complete: bool


def read_directories(path: Path, limit: int = MAX_DIRECTORIES) -> DirectoryList:
    """Read the directories of the pages of a TIFF or BigTIFF file.

    Parameters
    ----------
    path : Path
    limit : int
        Largest number of directories that are read.

    Returns
    -------
    directories : DirectoryList
        Empty and not complete for a file that is not a TIFF.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    by_offset: dict[int, Directory] = {}
    with path.open("rb") as file:
        layout = _Layout.of(file)
        offset = layout.first if layout else 0
        while layout and offset and len(by_offset) < limit:
            if offset in by_offset:
                return DirectoryList(list(by_offset.values()), False)
            try:
                tags, following = _read_directory(file, layout, offset)
            except (error, OverflowError, ValueError):  # the file ends
                return DirectoryList(list(by_offset.values()), False)
            by_offset[offset] = Directory(offset, tags)
            offset = following
    return DirectoryList(list(by_offset.values()), bool(by_offset))


class _Layout(NamedTuple):
    """Byte order, and codes of counters and offsets in `struct`."""

    order: str
    counter: str
    pointer: str
    first: int

    @classmethod
    def of(cls, file: IO[bytes]) -> _Layout | None:
        header = file.read(16)
        order = {b"II": "<", b"MM": ">"}.get(header[:2])
        if order is None or len(header) < 8:
            return None
        (version,) = unpack_from(f"{order}H", header, 2)
        if version == 42:
            return cls(order, "H", "I", *unpack_from(f"{order}I", header, 4))
        if version == 43 and len(header) == 16:
            return cls(order, "Q", "Q", *unpack_from(f"{order}Q", header, 8))
        return None


def _read_directory(
    file: IO[bytes], layout: _Layout, offset: int
) -> tuple[dict[str, Values], int]:
    """Read a directory, and the offset of the next one."""
    file.seek(offset)
    counter = f"{layout.order}{layout.counter}"
    (count,) = unpack(counter, file.read(calcsize(counter)))
    if count > MAX_TAGS:
        raise ValueError(f"{count} tags are more than {MAX_TAGS}")
    entry = f"{layout.order}HH{layout.pointer}{calcsize(layout.pointer)}s"
    size = calcsize(entry)
    block = file.read(count * size)
    pointer = f"{layout.order}{layout.pointer}"
    (following,) = unpack(pointer, file.read(calcsize(pointer)))
    entries = {}
    for position in range(0, count * size, size):
        number, kind, length, value = unpack_from(entry, block, position)
        entries[number] = kind, length, value
    tags = {
        name: _values(file, layout, entries[number]) if number in entries else missing
        for name, (number, missing) in TAGS.items()
    }
    return tags, following


def _values(file: IO[bytes], layout: _Layout, entry: tuple[int, int, bytes]) -> Values:
    """Return the values of a tag, which are stored elsewhere if they are long."""
    kind, length, value = entry
    form = f"{layout.order}{min(length, 2**18)}{TYPES.get(kind, 'B')}"
    if calcsize(form) > len(value):
        file.seek(unpack(f"{layout.order}{layout.pointer}", value)[0])
        value = file.read(calcsize(form))
    return tuple(unpack_from(form, value))
