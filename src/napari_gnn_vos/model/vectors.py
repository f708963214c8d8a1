"""Steps on several floats at once, for loops that a compiler does not see as such.

Compiled functions call these by name; each becomes a few vector instructions of
whatever processor there is. Arrays are C-contiguous float32, addressed by the position
of a value in them; nothing is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

VECTOR = 8
"""Floats of a step, one register of AVX."""
TALL, WIDE = 4, 16
"""Rows and columns of a tile of `multiply_tile`: sums that fit into registers."""
_intrinsic: Any = intrinsic
_FLOAT = ir.FloatType()
_FUSED = ("contract",)
"""Lets a product and a sum be rounded once, where the processor can."""


class _Code:
    """Writes the code of one intrinsic: where its arrays are, and vectors in them."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder, self.args = builder, args
        self._data = {
            number: context.make_array(kind)(context, builder, args[number]).data
            for number, kind in enumerate(signature.args)
            if isinstance(kind, types.Array)
        }

    def number(self, value: int) -> Any:
        return ir.Constant(ir.IntType(64), value)

    def at(self, array: int, base: Any, step: Any = None, times: int = 0) -> Any:
        """Address of a value: `times` steps after `base`."""
        if times:
            ahead = self.builder.mul(step, self.number(times))
            base = self.builder.add(base, ahead)
        return self.builder.gep(self._data[array], [base])

    def load(self, address: Any, count: int = VECTOR) -> Any:
        kind = ir.VectorType(_FLOAT, count).as_pointer()
        value = self.builder.load(self.builder.bitcast(address, kind))
        value.align = 4
        return value

    def store(self, value: Any, address: Any) -> None:
        kind = value.type.as_pointer()
        done = self.builder.store(value, self.builder.bitcast(address, kind))
        done.align = 4

    def keep(self, value: Any) -> Any:
        """Make a variable that begins with a value; it becomes a register."""
        return cgutils.alloca_once_value(self.builder, value)  # type: ignore[no-untyped-call]

    def fuse(self, total: Any, one: Any, other: Any) -> Any:
        """Total plus one times other."""
        product = self.builder.fmul(one, other, flags=_FUSED)
        return self.builder.fadd(total, product, flags=_FUSED)

    def pick(self, one: Any, other: Any, lanes: list[int]) -> Any:
        kind = ir.VectorType(ir.IntType(32), len(lanes))
        return self.builder.shuffle_vector(one, other, ir.Constant(kind, lanes))


@_intrinsic
def set_sum(typing, out, to, one, i, other, j):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """``out[to:] = one[i:] + other[j:]``, for `VECTOR` values."""
    at = types.intp

    def generate(*about):  # type: ignore[no-untyped-def]
        code = _Code(*about)
        one, other = (code.load(code.at(n, code.args[n + 1])) for n in (2, 4))
        code.store(code.builder.fadd(one, other), code.at(0, code.args[1]))
        return about[0].get_dummy_value()

    return types.void(out, at, one, at, other, at), generate


@_intrinsic
def add_products(typing, out, to, apart, one, i, other, j):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """``out[to:] += one[i:] * other[j:]`` and ``out[to + apart:] += one[i:]``."""
    at = types.intp

    def generate(*about):  # type: ignore[no-untyped-def]
        code = _Code(*about)
        weight = code.load(code.at(3, code.args[4]))
        value = code.load(code.at(5, code.args[6]))
        near, far = code.at(0, code.args[1]), code.at(0, code.args[1], code.args[2], 1)
        code.store(code.fuse(code.load(near), weight, value), near)
        code.store(code.builder.fadd(code.load(far), weight), far)
        return about[0].get_dummy_value()

    return types.void(out, at, at, one, at, other, at), generate


@_intrinsic
def transpose_tile(typing, rows, i, step, columns, j, stride):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """``columns[j + c stride + r] = rows[i + r step + c]``, r and c below `VECTOR`.

    Halves of ever larger tiles change places.
    """
    at = types.intp

    def generate(*about):  # type: ignore[no-untyped-def]
        code = _Code(*about)
        _, i, step, _, j, stride = code.args
        tile = [code.load(code.at(0, i, step, r)) for r in range(VECTOR)]
        lanes = range(VECTOR)
        for half in (1, 2, 4):
            above = [c if not c & half else VECTOR + c - half for c in lanes]
            below = [c + half if not c & half else VECTOR + c for c in lanes]
            for r in lanes:
                if not r & half:
                    pair = tile[r], tile[r + half]
                    tile[r] = code.pick(*pair, above)
                    tile[r + half] = code.pick(*pair, below)
        for c in lanes:
            code.store(tile[c], code.at(3, j, stride, c))
        return about[0].get_dummy_value()

    return types.void(rows, at, at, columns, at, at), generate


@_intrinsic
def multiply_tile(typing, weight, k, step, values, x, stride, count, out):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """Add ``weight.T @ values`` to a tile of `TALL` by `WIDE` sums.

    ``out[(k + r) stride + x + c] += weight[j step + k + r] values[j stride + x + c]``
    for r below `TALL`, c below `WIDE` and all j below `count`.
    """
    at = types.intp

    def generate(*about):  # type: ignore[no-untyped-def]
        code = _Code(*about)
        builder = code.builder
        _, k, step, _, x, stride, count, _ = code.args
        first = builder.add(builder.mul(k, stride), x)
        places = [code.at(7, first, stride, r) for r in range(TALL)]
        sums = [code.keep(code.load(place, WIDE)) for place in places]
        with cgutils.for_range(builder, count) as loop:
            row = builder.add(builder.mul(loop.index, stride), x)
            value = code.load(code.at(3, row), WIDE)
            begin = builder.add(builder.mul(loop.index, step), k)
            for r, total in enumerate(sums):
                one = code.load(code.at(0, begin, code.number(1), r), 1)
                spread = code.pick(one, one, [0] * WIDE)
                builder.store(code.fuse(builder.load(total), spread, value), total)
        for total, place in zip(sums, places, strict=True):
            code.store(builder.load(total), place)
        return about[0].get_dummy_value()

    return types.void(weight, at, at, values, at, at, at, out), generate
