"""SIMD intrinsics for loops that LLVM does not vectorise.

They are called from compiled functions. Arrays are C-contiguous float32, arrays of
indices uint32; values are addressed by their flat position. Bounds are not checked.
`benchmarks/intrinsics.py` measures the gain of each over plain numba.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from napari_gnn_vos.model.backends.compiled.llvm_code import CodeBuilder

VECTOR = 8
"""Floats of a SIMD vector, one AVX register."""
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
def set_sum(typing, out, to, a, i, b, j):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """Add two vectors: ``out[to:] = a[i:] + b[j:]``, for `VECTOR` values."""
    index = types.intp

    def generate(*signature):  # type: ignore[no-untyped-def]
        code = CodeBuilder(*signature)
        _, to, _, i, _, j = code.args
        a = code.load(code.address(2, i), VECTOR)
        b = code.load(code.address(4, j), VECTOR)
        code.store(code.builder.fadd(a, b), code.address(0, to))
        return signature[0].get_dummy_value()

    return types.void(out, index, a, index, b, index), generate


@_intrinsic
def prefetch(typing, values, position):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Prefetch the cache line of a value."""

    def generate(*signature):  # type: ignore[no-untyped-def]
        code = CodeBuilder(*signature)
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        module = code.builder.module
        function = module.declare_intrinsic("llvm.prefetch", [byte], kind)
        line = code.builder.bitcast(code.address(0, code.args[1]), byte)
        read_keep_data = (ir.Constant(flag, value) for value in (0, 3, 1))
        code.builder.call(function, [line, *read_keep_data])
        return signature[0].get_dummy_value()

    return types.void(values, types.intp), generate


def _sum_run(code: CodeBuilder, message_sums: list[Any], gate_sums: list[Any]) -> None:
    """Generate the loop of `add_run` over edges; the sums are variables."""
    builder = code.builder
    _, _, _, _, p, k, _, begin, end = code.args
    vector = code.constant(VECTOR)
    with cgutils.for_range(builder, end, start=begin) as loop:
        row = builder.mul(code.load_index(6, loop.index), code.constant(2))
        gates, messages = (
            builder.add(builder.mul(number, p), k) for number in (loop.index, row)
        )
        for c, (message_sum, gate_sum) in enumerate(
            zip(message_sums, gate_sums, strict=True)
        ):
            gate = code.load(code.address(2, gates, vector, c), VECTOR)
            message = code.load(code.address(3, messages, vector, c), VECTOR)
            total = code.multiply_add(builder.load(message_sum), gate, message)
            builder.store(total, message_sum)
            builder.store(builder.fadd(builder.load(gate_sum), gate), gate_sum)


def _adder(vectors: int) -> Any:
    """Make the intrinsic that sums a run of edges over vectors of channels."""

    @_intrinsic
    def add_run(typing, sums, to, gates, terms, p, k, source, begin, end):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
        """Add the gates and the gated messages of a run of edges with the same target.

        For x from `begin` to `end - 1`, with ``gate = gates[x p + k:]`` and
        ``message = terms[source[x] 2 p + k:]``,

            sums[to + k:] += gate message
            sums[to + p + k:] += gate

        Sums are kept in registers.
        """
        index = types.intp

        def generate(*signature):  # type: ignore[no-untyped-def]
            code = CodeBuilder(*signature)
            _, to, _, _, p, k, _, _, _ = code.args
            first, vector = code.builder.add(to, k), code.constant(VECTOR)
            addresses = [
                code.address(0, position, vector, c)
                for position in (first, code.builder.add(first, p))
                for c in range(vectors)
            ]
            totals = [code.variable(code.load(a, VECTOR)) for a in addresses]
            _sum_run(code, totals[:vectors], totals[vectors:])
            for address, total in zip(addresses, totals, strict=True):
                code.store(code.builder.load(total), address)
            return signature[0].get_dummy_value()

        arguments = sums, index, gates, terms, index, index, source, index, index
        return types.void(*arguments), generate

    return add_run


add_run, add_long_run = _adder(1), _adder(LONG_RUN // VECTOR)


@_intrinsic
def transpose_tile(typing, rows, i, step, columns, j, stride):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
    """Transpose a tile of `VECTOR` rows and columns.

    ``columns[j + c stride + r] = rows[i + r step + c]``, by the recursive exchange of
    off-diagonal quarters.
    """
    index = types.intp

    def generate(*signature):  # type: ignore[no-untyped-def]
        code = CodeBuilder(*signature)
        _, i, step, _, j, stride = code.args
        lanes = range(VECTOR)
        tile = [code.load(code.address(0, i, step, r), VECTOR) for r in lanes]
        for half in (1, 2, 4):
            upper = [c if not c & half else VECTOR + c - half for c in lanes]
            lower = [c + half if not c & half else VECTOR + c for c in lanes]
            for r in lanes:
                if not r & half:
                    pair = tile[r], tile[r + half]
                    tile[r] = code.shuffle(*pair, upper)
                    tile[r + half] = code.shuffle(*pair, lower)
        for c in lanes:
            code.store(tile[c], code.address(3, j, stride, c))
        return signature[0].get_dummy_value()

    return types.void(rows, index, index, columns, index, index), generate


def _multiplier(width: int) -> Any:
    """Make the intrinsic for tiles of `TILE_ROWS` rows and `width` columns."""

    @_intrinsic
    def multiply_tile(typing, weight, k, step, skip, values, x, stride, count, out, to):  # type: ignore[no-untyped-def]  # noqa: ARG001, PLR0913
        """Add a matrix product to a tile; its sums are kept in registers.

        ``out[to + r stride + c] += w v`` with ``w = weight[k + j step + r skip]`` and
        ``v = values[x + j stride + c]``, for r below `TILE_ROWS`, c below the width of
        the tile and all j below `count`.
        """
        index = types.intp

        def generate(*signature):  # type: ignore[no-untyped-def]
            code = CodeBuilder(*signature)
            builder = code.builder
            _, k, step, skip, _, x, stride, count, _, to = code.args
            addresses = [code.address(8, to, stride, r) for r in range(TILE_ROWS)]
            sums = [code.variable(code.load(a, width)) for a in addresses]
            with cgutils.for_range(builder, count) as loop:
                row = builder.add(builder.mul(loop.index, stride), x)
                value = code.load(code.address(4, row), width)
                begin = builder.add(builder.mul(loop.index, step), k)
                for r, total in enumerate(sums):
                    w = code.load(code.address(0, begin, skip, r), 1)
                    w = code.shuffle(w, w, [0] * width)  # broadcast
                    product = code.multiply_add(builder.load(total), w, value)
                    builder.store(product, total)
            for total, address in zip(sums, addresses, strict=True):
                code.store(builder.load(total), address)
            return signature[0].get_dummy_value()

        arguments = weight, index, index, index, values, index, index, index, out, index
        return types.void(*arguments), generate

    return multiply_tile


multiply_tile, multiply_narrow_tile = _multiplier(WIDE_TILE), _multiplier(NARROW_TILE)
