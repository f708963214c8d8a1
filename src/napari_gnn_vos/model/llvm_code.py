"""Code in LLVM's language that reads, mixes and writes vectors of floats."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

_FLOAT = ir.FloatType()
_CONTRACT = ("contract",)
"""Lets a product and a sum be rounded once, where the processor can."""


class Code:
    """Writes the code of one intrinsic: where its arrays are, and vectors in them."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder, self.args = builder, args
        self._data = {
            number: context.make_array(kind)(context, builder, args[number]).data
            for number, kind in enumerate(signature.args)
            if isinstance(kind, types.Array)
        }

    def number(self, value: int) -> Any:
        """Write a constant."""
        return ir.Constant(ir.IntType(64), value)

    def at(self, array: int, base: Any, step: Any = None, times: int = 0) -> Any:
        """Address of a value: `times` steps after `base`."""
        if times:
            ahead = self.builder.mul(step, self.number(times))
            base = self.builder.add(base, ahead)
        return self.builder.gep(self._data[array], [base])

    def load(self, address: Any, count: int) -> Any:
        """Read a vector of floats."""
        kind = ir.VectorType(_FLOAT, count).as_pointer()
        value = self.builder.load(self.builder.bitcast(address, kind))
        value.align = 4
        return value

    def whole(self, array: int, number: Any) -> Any:
        """Read one of an array of unsigned whole numbers."""
        value = self.builder.load(self.builder.gep(self._data[array], [number]))
        return self.builder.zext(value, ir.IntType(64))

    def store(self, value: Any, address: Any) -> None:
        """Write a vector of floats."""
        kind = value.type.as_pointer()
        done = self.builder.store(value, self.builder.bitcast(address, kind))
        done.align = 4

    def keep(self, value: Any) -> Any:
        """Make a variable that begins with a value; it becomes a register."""
        return cgutils.alloca_once_value(self.builder, value)  # type: ignore[no-untyped-call]

    def fuse(self, total: Any, one: Any, other: Any) -> Any:
        """Total plus one times other."""
        product = self.builder.fmul(one, other, flags=_CONTRACT)
        return self.builder.fadd(total, product, flags=_CONTRACT)

    def pick(self, one: Any, other: Any, lanes: list[int]) -> Any:
        """Choose from the values of two vectors, counted through."""
        kind = ir.VectorType(ir.IntType(32), len(lanes))
        return self.builder.shuffle_vector(one, other, ir.Constant(kind, lanes))
