"""Check of Blosc chunks of zarr arrays: the decoder may crash for a damaged header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from struct import Struct
from typing import Any
from zipfile import ZipFile

HEADER = Struct("<4B3I")
"""Version, version of the codec, flags, size of an item; then the numbers of bytes
of the content, of a block, and of the chunk."""


class BloscChunks:
    """Check the headers of chunks before they are decoded, each of them once.

    Chunks in other stores than folders and zip files, and in shards, are not checked.

    Parameters
    ----------
    array : zarr.Array
    """

    def __init__(self, array: Any) -> None:
        self._array = array
        self._checked: set[tuple[int, ...]] = set()
        self._chunks = _chunk_shape(array) if _is_blosc(array) else None

    def check(self, index: Sequence[int | slice]) -> None:
        """Check the chunks that an index selects.

        Parameters
        ----------
        index : sequence of int or slice
            One for each axis; slices select a whole axis.

        Raises
        ------
        ValueError
            If the size in a header is not that of the stored chunk.
        """
        if self._chunks is None:
            return
        for position in _positions(index, self._array.shape, self._chunks):
            if position not in self._checked:
                _check_header(_header_of(self._array, position))
                self._checked.add(position)


def _is_blosc(array: Any) -> bool:
    """Return whether the last codec of an array is Blosc."""
    if getattr(array, "shards", None) is not None:
        return False
    metadata = getattr(array, "metadata", None)
    codecs = getattr(metadata, "codecs", None)  # of zarr format 3
    codec = codecs[-1] if codecs else getattr(metadata, "compressor", None)
    codec = codec or getattr(array, "compressor", None)  # of version 2 of the package
    return "blosc" in type(codec).__name__.lower()


def _chunk_shape(array: Any) -> tuple[int, ...] | None:
    try:
        return tuple(map(int, array.chunks))
    except (NotImplementedError, AttributeError, TypeError):  # no regular grid
        return None


def _positions(
    index: Sequence[int | slice], shape: Sequence[int], chunks: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    """Yield the positions in the grid of the chunks that an index selects."""
    yield from product(
        *(
            [i // chunk] if isinstance(i, int) else range(-(-length // chunk))
            for i, length, chunk in zip(index, shape, chunks, strict=False)
        )
    )


def _header_of(array: Any, position: tuple[int, ...]) -> tuple[bytes, int] | None:
    """Read the first bytes of a stored chunk, and its size; None if it is not known."""
    store = array.store
    encode = getattr(getattr(array, "metadata", None), "encode_chunk_key", None)
    if encode is None:
        key = str(array._chunk_key(position))  # noqa: SLF001 - version 2 of zarr
    else:
        key = f"{array.path}/{encode(position)}".lstrip("/")
    location = Path(str(getattr(store, "root", None) or getattr(store, "path", "")))
    if location.is_dir():
        file = location / key
        if not file.is_file():
            return None
        with file.open("rb") as content:
            return content.read(HEADER.size), file.stat().st_size
    if not location.is_file():
        return None
    with ZipFile(location) as archive:
        if key not in archive.namelist():
            return None
        with archive.open(key) as content:
            return content.read(HEADER.size), archive.getinfo(key).file_size


def _check_header(found: tuple[bytes, int] | None) -> None:
    if found is None:
        return
    header, size = found
    if len(header) == HEADER.size:
        *_, content, block, stored = HEADER.unpack(header)
        if stored == size and block <= max(content, 1):
            return
    raise ValueError("a chunk is damaged or incomplete")
