"""Generation of LLVM code that loads, combines and stores vectors of floats."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

_FLOAT = ir.FloatType()
_CONTRACT = ("contract",)
"""Allow fused multiply-add, where the processor has it."""


class CodeBuilder:
    """Builder of the LLVM code of one intrinsic, with access to its arguments.

    Parameters
    ----------
    context, builder, signature, args
        Passed by numba to the code generator of an intrinsic.
    """

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder, self.args = builder, args
        self._data = {
            number: context.make_array(kind)(context, builder, args[number]).data
            for number, kind in enumerate(signature.args)
            if isinstance(kind, types.Array)
        }

    def constant(self, value: int) -> Any:
        """Return an integer constant."""
        return ir.Constant(ir.IntType(64), value)

    def address(self, array: int, base: Any, step: Any = None, times: int = 0) -> Any:
        """Compute the address of ``array[base + times * step]``.

        Arrays are given by their position in the signature, here and below.
        """
        if times:
            offset = self.builder.mul(step, self.constant(times))
            base = self.builder.add(base, offset)
        return self.builder.gep(self._data[array], [base])

    def load(self, address: Any, count: int) -> Any:
        """Load a vector of `count` floats."""
        kind = ir.VectorType(_FLOAT, count).as_pointer()
        value = self.builder.load(self.builder.bitcast(address, kind))
        value.align = 4
        return value

    def load_index(self, array: int, position: Any) -> Any:
        """Load ``array[position]`` of an array of unsigned integers."""
        value = self.builder.load(self.builder.gep(self._data[array], [position]))
        return self.builder.zext(value, ir.IntType(64))

    def store(self, value: Any, address: Any) -> None:
        """Store a vector of floats."""
        kind = value.type.as_pointer()
        store = self.builder.store(value, self.builder.bitcast(address, kind))
        store.align = 4

    def variable(self, value: Any) -> Any:
        """Allocate a variable with an initial value; LLVM keeps it in a register."""
        return cgutils.alloca_once_value(self.builder, value)  # type: ignore[no-untyped-call]

    def multiply_add(self, total: Any, a: Any, b: Any) -> Any:
        """Compute ``total + a * b``, rounded once where the processor can."""
        product = self.builder.fmul(a, b, flags=_CONTRACT)
        return self.builder.fadd(total, product, flags=_CONTRACT)

    def shuffle(self, a: Any, b: Any, positions: list[int]) -> Any:
        """Select values by their positions in the concatenation of two vectors."""
        kind = ir.VectorType(ir.IntType(32), len(positions))
        return self.builder.shuffle_vector(a, b, ir.Constant(kind, positions))
