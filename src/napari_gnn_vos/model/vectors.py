"""Steps on several floats at once, for loops that a compiler does not see as such.

Compiled functions call these by name; each becomes a few vector instructions of
whatever processor there is. Arrays are C-contiguous float32, those of numbers uint32,
addressed by the position of a value in them; nothing is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from napari_gnn_vos.model.llvm_code import Code

VECTOR = 8
"""Floats of a step, one register of AVX."""
LINE = 16
"""Floats of a cache line."""
LONG = 3 * VECTOR
"""Channels that a run of edges is added up for at a time, if there are as many."""


def _wide() -> int:
    try:
        features = binding.get_host_cpu_features()
    except RuntimeError:  # unknown on this platform
        return 16
    return 32 if features.get("avx512f") else 16


TALL, WIDE = 4, _wide()
"""Rows and columns of a tile of `multiply_tile`: sums that fit into registers."""
NARROW = 16
"""Columns of a tile of `multiply_narrow_tile`."""
_intrinsic: Any = intrinsic


@_intrinsic
def set_sum(typing, out, to, one, i, other, j):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """``out[to:] = one[i:] + other[j:]``, for `VECTOR` values."""
    at = types.intp

    def generate(*about):  # type: ignore[no-untyped-def]
        code = Code(*about)
        one, other = (code.load(code.at(n, code.args[n + 1]), VECTOR) for n in (2, 4))
        code.store(code.builder.fadd(one, other), code.at(0, code.args[1]))
        return about[0].get_dummy_value()

    return types.void(out, at, one, at, other, at), generate


@_intrinsic
def fetch(typing, values, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Ask for the cache line of a value that is needed soon; do not wait for it."""

    def generate(*about):  # type: ignore[no-untyped-def]
        code = Code(*about)
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        ask = code.builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        line = code.builder.bitcast(code.at(0, code.args[1]), byte)
        to_read_often_data = (ir.Constant(flag, value) for value in (0, 3, 1))
        code.builder.call(ask, [line, *to_read_often_data])
        return about[0].get_dummy_value()

    return types.void(values, types.intp), generate


def _adder(vectors: int) -> Any:
    """Make what adds up a run of edges with one target, some vectors of channels."""

    @_intrinsic
    def add_run(typing, out, to, gates, sent, p, k, source, begin, end):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
        """Add the gates of a run of edges, and the messages that these let through.

        ``out[to + k:] += g v`` and ``out[to + p + k:] += g`` for x from `begin` to
        `end`, with g = ``gates[x p + k:]`` and v = ``sent[source[x] 2 p + k:]``. Sums
        stay in registers.
        """
        at = types.intp

        def generate(*about):  # type: ignore[no-untyped-def]
            code = Code(*about)
            builder = code.builder
            _, to, _, _, p, k, _, begin, end = code.args
            width, first = code.number(VECTOR), builder.add(to, k)
            heads = first, builder.add(first, p)
            places = [[code.at(0, h, width, c) for c in range(vectors)] for h in heads]
            passed, opened = (
                [code.keep(code.load(a, VECTOR)) for a in row] for row in places
            )
            with cgutils.for_range(builder, end, start=begin) as loop:
                row = builder.mul(code.whole(6, loop.index), code.number(2))
                gate, value = (
                    builder.add(builder.mul(x, p), k) for x in (loop.index, row)
                )
                for c in range(vectors):
                    one = code.load(code.at(2, gate, width, c), VECTOR)
                    other = code.load(code.at(3, value, width, c), VECTOR)
                    total = code.fuse(builder.load(passed[c]), one, other)
                    builder.store(total, passed[c])
                    builder.store(builder.fadd(builder.load(opened[c]), one), opened[c])
            for row, kept in zip(places, (passed, opened), strict=True):
                for place, total in zip(row, kept, strict=True):
                    code.store(builder.load(total), place)
            return about[0].get_dummy_value()

        return types.void(out, at, gates, sent, at, at, source, at, at), generate

    return add_run


add_run, add_long_run = _adder(1), _adder(LONG // VECTOR)


@_intrinsic
def transpose_tile(typing, rows, i, step, columns, j, stride):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """``columns[j + c stride + r] = rows[i + r step + c]``, r and c below `VECTOR`.

    Halves of ever larger tiles change places.
    """
    at = types.intp

    def generate(*about):  # type: ignore[no-untyped-def]
        code = Code(*about)
        _, i, step, _, j, stride = code.args
        tile = [code.load(code.at(0, i, step, r), VECTOR) for r in range(VECTOR)]
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


def _multiplier(width: int) -> Any:
    """Make what multiplies into a tile of `TALL` rows and some columns."""

    @_intrinsic
    def multiply_tile(typing, weight, k, step, skip, values, x, stride, count, out, to):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
        """Add a product to a tile of sums, which stay in registers.

        ``out[to + r stride + c] += w v`` with ``w = weight[k + j step + r skip]`` and
        ``v = values[x + j stride + c]``, for r below `TALL`, c below the tile's width
        and all j below `count`.
        """
        at = types.intp

        def generate(*about):  # type: ignore[no-untyped-def]
            code = Code(*about)
            builder = code.builder
            _, k, step, skip, _, x, stride, count, _, to = code.args
            places = [code.at(8, to, stride, r) for r in range(TALL)]
            sums = [code.keep(code.load(place, width)) for place in places]
            with cgutils.for_range(builder, count) as loop:
                row = builder.add(builder.mul(loop.index, stride), x)
                value = code.load(code.at(4, row), width)
                begin = builder.add(builder.mul(loop.index, step), k)
                for r, total in enumerate(sums):
                    one = code.load(code.at(0, begin, skip, r), 1)
                    spread = code.pick(one, one, [0] * width)
                    builder.store(code.fuse(builder.load(total), spread, value), total)
            for total, place in zip(sums, places, strict=True):
                code.store(builder.load(total), place)
            return about[0].get_dummy_value()

        kinds = weight, at, at, at, values, at, at, at, out, at
        return types.void(*kinds), generate

    return multiply_tile


multiply_tile, multiply_narrow_tile = _multiplier(WIDE), _multiplier(NARROW)
