"""SIMD intrinsics, where LLVM does not vectorise the loop itself.

They are called from compiled functions. Arrays are C-contiguous float32, arrays of
indices uint32; values are addressed by their flat position. Bounds are not checked.
`benchmarks/intrinsics.py` measures the gain of each over plain numba.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from napari_gnn_vos.model.backends.compiled.llvm_code import Code

VECTOR = 8
"""Floats of a SIMD vector: one AVX register."""
CACHE_LINE = 16
"""Floats of a cache line."""
LONG_RUN = 3 * VECTOR
"""Channels that `add_long_run` sums at a time."""


def _tile_width() -> int:
    """Return the columns of a tile whose sums fit into the vector registers."""
    try:
        features = binding.get_host_cpu_features()
    except RuntimeError:  # unknown on this platform
        return 16
    return 32 if features.get("avx512f") else 16


TILE_ROWS, WIDE_TILE = 4, _tile_width()
"""Rows and columns of a tile of `multiply_tile`."""
NARROW_TILE = 16
"""Columns of a tile of `multiply_narrow_tile`."""
_intrinsic: Any = intrinsic


@_intrinsic
def set_sum(typing, out, to, one, i, other, j):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """``out[to:] = one[i:] + other[j:]``, for `VECTOR` values."""
    at = types.intp

    def generate(*signature):  # type: ignore[no-untyped-def]
        code = Code(*signature)
        one, other = (code.load(code.at(n, code.args[n + 1]), VECTOR) for n in (2, 4))
        code.store(code.builder.fadd(one, other), code.at(0, code.args[1]))
        return signature[0].get_dummy_value()

    return types.void(out, at, one, at, other, at), generate


@_intrinsic
def prefetch(typing, values, position):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Prefetch the cache line of a value."""

    def generate(*signature):  # type: ignore[no-untyped-def]
        code = Code(*signature)
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        module = code.builder.module
        function = module.declare_intrinsic("llvm.prefetch", [byte], kind)
        line = code.builder.bitcast(code.at(0, code.args[1]), byte)
        read_keep_data = (ir.Constant(flag, value) for value in (0, 3, 1))
        code.builder.call(function, [line, *read_keep_data])
        return signature[0].get_dummy_value()

    return types.void(values, types.intp), generate


def _adder(vectors: int) -> Any:
    """Make the intrinsic that sums a run of edges for some vectors of channels."""

    @_intrinsic
    def add_run(typing, out, to, gates, projected, p, k, source, begin, end):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
        """Add the gates and the gated messages of a run of edges with the same target.

        ``out[to + k:] += g v`` and ``out[to + p + k:] += g`` for x from `begin` to
        `end`, with ``g = gates[x p + k:]`` and ``v = projected[source[x] 2 p + k:]``.
        Sums are kept in registers.
        """
        at = types.intp

        def generate(*signature):  # type: ignore[no-untyped-def]
            code = Code(*signature)
            builder = code.builder
            _, to, _, _, p, k, _, begin, end = code.args
            width, first = code.constant(VECTOR), builder.add(to, k)
            heads = first, builder.add(first, p)
            addresses = [
                [code.at(0, head, width, c) for c in range(vectors)] for head in heads
            ]
            messages, gate_sums = (
                [code.variable(code.load(a, VECTOR)) for a in row] for row in addresses
            )
            with cgutils.for_range(builder, end, start=begin) as loop:
                row = builder.mul(code.load_index(6, loop.index), code.constant(2))
                gate, value = (
                    builder.add(builder.mul(x, p), k) for x in (loop.index, row)
                )
                for c in range(vectors):
                    g = code.load(code.at(2, gate, width, c), VECTOR)
                    v = code.load(code.at(3, value, width, c), VECTOR)
                    total = code.multiply_add(builder.load(messages[c]), g, v)
                    builder.store(total, messages[c])
                    total = builder.fadd(builder.load(gate_sums[c]), g)
                    builder.store(total, gate_sums[c])
            for row, sums in zip(addresses, (messages, gate_sums), strict=True):
                for address, total in zip(row, sums, strict=True):
                    code.store(builder.load(total), address)
            return signature[0].get_dummy_value()

        return types.void(out, at, gates, projected, at, at, source, at, at), generate

    return add_run


add_run, add_long_run = _adder(1), _adder(LONG_RUN // VECTOR)


@_intrinsic
def transpose_tile(typing, rows, i, step, columns, j, stride):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """Transpose a tile of `VECTOR` rows and columns.

    ``columns[j + c stride + r] = rows[i + r step + c]``, by the recursive exchange of
    off-diagonal quarters.
    """
    at = types.intp

    def generate(*signature):  # type: ignore[no-untyped-def]
        code = Code(*signature)
        _, i, step, _, j, stride = code.args
        tile = [code.load(code.at(0, i, step, r), VECTOR) for r in range(VECTOR)]
        rows_or_columns = range(VECTOR)
        for half in (1, 2, 4):
            above = [c if not c & half else VECTOR + c - half for c in rows_or_columns]
            below = [c + half if not c & half else VECTOR + c for c in rows_or_columns]
            for r in rows_or_columns:
                if not r & half:
                    pair = tile[r], tile[r + half]
                    tile[r] = code.shuffle(*pair, above)
                    tile[r + half] = code.shuffle(*pair, below)
        for c in rows_or_columns:
            code.store(tile[c], code.at(3, j, stride, c))
        return signature[0].get_dummy_value()

    return types.void(rows, at, at, columns, at, at), generate


def _multiplier(width: int) -> Any:
    """Make the intrinsic for tiles of `TILE_ROWS` rows and `width` columns."""

    @_intrinsic
    def multiply_tile(typing, weight, k, step, skip, values, x, stride, count, out, to):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
        """Add a matrix product to a tile; its sums are kept in registers.

        ``out[to + r stride + c] += w v`` with ``w = weight[k + j step + r skip]`` and
        ``v = values[x + j stride + c]``, for r below `TILE_ROWS`, c below the width of
        the tile and all j below `count`.
        """
        at = types.intp

        def generate(*signature):  # type: ignore[no-untyped-def]
            code = Code(*signature)
            builder = code.builder
            _, k, step, skip, _, x, stride, count, _, to = code.args
            addresses = [code.at(8, to, stride, r) for r in range(TILE_ROWS)]
            sums = [code.variable(code.load(a, width)) for a in addresses]
            with cgutils.for_range(builder, count) as loop:
                row = builder.add(builder.mul(loop.index, stride), x)
                value = code.load(code.at(4, row), width)
                begin = builder.add(builder.mul(loop.index, step), k)
                for r, total in enumerate(sums):
                    w = code.load(code.at(0, begin, skip, r), 1)
                    w = code.shuffle(w, w, [0] * width)  # broadcast
                    product = code.multiply_add(builder.load(total), w, value)
                    builder.store(product, total)
            for total, address in zip(sums, addresses, strict=True):
                code.store(builder.load(total), address)
            return signature[0].get_dummy_value()

        arguments = weight, at, at, at, values, at, at, at, out, at
        return types.void(*arguments), generate

    return multiply_tile


multiply_tile, multiply_narrow_tile = _multiplier(WIDE_TILE), _multiplier(NARROW_TILE)
