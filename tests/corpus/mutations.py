"""Seeded damage of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.random import Generator


def damage(path: Path, rng: Generator) -> str:
    """Damage a file, or one file of a folder, in place.

    Parameters
    ----------
    path : Path
        Existing file or folder.
    rng : numpy.random.Generator
        Selects the file, the kind of the damage and its position.

    Returns
    -------
    kind : str
        Name of the damage.
    """
    files = (
        [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
    )
    if not files:
        return "no file"
    file = files[rng.integers(len(files))]
    content = bytearray(file.read_bytes())
    kind, change = list(_KINDS.items())[rng.integers(len(_KINDS))]
    file.write_bytes(change(content, rng) if content else b"\0")
    return kind


def _truncate(content: bytearray, rng: Generator) -> bytes:
    return bytes(content[: rng.integers(len(content))])


def _flip_bits(content: bytearray, rng: Generator) -> bytes:
    for _ in range(rng.integers(1, 9)):
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return bytes(content)


def _flip_header(content: bytearray, rng: Generator) -> bytes:
    for _ in range(rng.integers(1, 5)):
        content[rng.integers(min(len(content), 600))] = int(rng.integers(256))
    return bytes(content)


def _flip_end(content: bytearray, rng: Generator) -> bytes:
    for _ in range(rng.integers(1, 5)):
        content[-1 - rng.integers(min(len(content), 600))] = int(rng.integers(256))
    return bytes(content)


def _overwrite(content: bytearray, rng: Generator) -> bytes:
    start, length = _block(content, rng)
    content[start : start + length] = rng.integers(0, 256, length, np.uint8).tobytes()
    return bytes(content)


def _zero(content: bytearray, rng: Generator) -> bytes:
    start, length = _block(content, rng)
    content[start : start + length] = bytes(length)
    return bytes(content)


def _remove(content: bytearray, rng: Generator) -> bytes:
    start, length = _block(content, rng)
    return bytes(content[:start] + content[start + length :])


def _duplicate(content: bytearray, rng: Generator) -> bytes:
    start, length = _block(content, rng)
    return bytes(content[: start + length] + content[start:])


def _extreme_number(content: bytearray, rng: Generator) -> bytes:
    """Replace four aligned bytes by an extreme number."""
    start = 4 * int(rng.integers(max(1, len(content) // 4)))
    number = (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000)[rng.integers(5)]
    content[start : start + 4] = number.to_bytes(4, "little")
    return bytes(content)


def _block(content: bytearray, rng: Generator) -> tuple[int, int]:
    start = int(rng.integers(len(content)))
    longest = max(1, min(len(content) - start, len(content) // 4))
    return start, int(rng.integers(1, longest + 1))


_KINDS = {
    "truncated": _truncate,
    "bits flipped": _flip_bits,
    "header changed": _flip_header,
    "end changed": _flip_end,
    "block overwritten": _overwrite,
    "block zeroed": _zero,
    "block removed": _remove,
    "block duplicated": _duplicate,
    "extreme number": _extreme_number,
}
