"""Run-length code of masks in Label Studio.

A mask is stored as the four equal channels of an RGBA image: bit fields for the number
of values, the size of a value and four sizes of lengths; then runs, each with one bit
for a repeated value, two bits for the size of its length, the length less one, and the
value.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_gnn_vos.errors import ReadError
from napari_gnn_vos.io.formats.run_lengths import run_lengths

LENGTH_BITS = (3, 4, 8, 16)
VALUE_BITS = 8
CHANNELS = 4
MAX_RUN = 2 ** LENGTH_BITS[-1]


def encode_brush(mask: NDArray[np.bool_]) -> list[int]:
    """Encode a mask in the run-length code of Label Studio.

    Parameters
    ----------
    mask : (H, W) ndarray of bool

    Returns
    -------
    code : list of int
        Bytes, 0 to 255.
    """
    fields = [_bits(mask.size * CHANNELS, 32), _bits(VALUE_BITS - 1, 5)]
    fields += [_bits(bits - 1, 4) for bits in LENGTH_BITS]
    value = 0
    for count in run_lengths(mask.ravel()):
        remaining = count * CHANNELS
        while remaining:
            length = min(remaining, MAX_RUN)
            size = next(k for k, bits in enumerate(LENGTH_BITS) if length <= 2**bits)
            fields += ["1", _bits(size, 2), _bits(length - 1, LENGTH_BITS[size])]
            fields.append(_bits(value, VALUE_BITS))
            remaining -= length
        value = 255 - value
    text = "".join(fields)
    text += "0" * (-len(text) % 8)
    return [*int(text, 2).to_bytes(len(text) // 8, "big")]


def decode_brush(code: list[int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Decode a mask; a pixel belongs to it if its last channel is not zero.

    Parameters
    ----------
    code : list of int
        Bytes, 0 to 255.
    shape : (int, int)
        H, W.

    Raises
    ------
    ReadError
        If the code is damaged or has another number of pixels.
    """
    values = np.zeros(shape[0] * shape[1] * CHANNELS, np.uint8)
    for start, stop, run in _runs(code, shape):
        values[start:stop] = run
    return np.asarray(values.reshape(*shape, CHANNELS)[..., -1] > 0)


def check_brush(code: list[int], shape: tuple[int, int]) -> None:
    """Check that a mask can be decoded; parameters and errors as in `decode_brush`."""
    for _run in _runs(code, shape):
        pass


def _runs(
    code: list[int], shape: tuple[int, int]
) -> Iterator[tuple[int, int, int | list[int]]]:
    """Yield start, end and values of the runs of a mask."""
    bits = _BitReader(code)
    total = bits.read(32)
    if total != shape[0] * shape[1] * CHANNELS:
        raise ReadError(
            f"Expected a brush mask of {shape[0]} x {shape[1]} pixels; it has {total} "
            "values. Export the project again."
        )
    value_bits = bits.read(5) + 1
    sizes = [bits.read(4) + 1 for _ in range(4)]
    start = 0
    while start < total:
        repeated, size = bits.read(1), sizes[bits.read(2)]
        stop = start + bits.read(size) + 1
        if repeated:
            yield start, stop, bits.read(value_bits) & 255
        else:
            count = min(stop, total) - start
            yield start, stop, [bits.read(value_bits) & 255 for _ in range(count)]
        start = stop


def _bits(number: int, width: int) -> str:
    return f"{number:0{width}b}"


class _BitReader:
    """Unsigned numbers of any width from bytes, most significant bit first."""

    def __init__(self, code: list[int]) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in code)
        self._position = 0

    def read(self, width: int) -> int:
        start, self._position = self._position, self._position + width
        if self._position > len(self._bits):
            raise ReadError("A brush mask is cut off. Export the project again.")
        return int(self._bits[start : self._position], 2)
