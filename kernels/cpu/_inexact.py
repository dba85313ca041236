"""The processor's flag that says whether any floating-point operation had to round.

It costs nothing while sums are made, and says afterwards whether all of them are exact. A caller
stores the sums before it asks, and begins what may round afterwards, so that the compiler does not
mix the two. Where the note cannot be read, every operation counts as rounded.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_I32 = ir.IntType(32)
_BYTES = ir.PointerType(ir.IntType(8))

# Intel's manual, volume 1, 10.2.3: the sixth flag of the SSE control and status register.
_SSE_FLAG = 0x20
# FE_INEXACT of the C libraries for AArch64, a bit of the register FPSR.
_ARM_FLAG = 0x10


def _access(context) -> str | None:
    """Return how the target's flag is read: 'x86' instructions, 'c' functions, or not at all."""
    architecture = context.codegen().magic_tuple()[0].partition("-")[0]
    if architecture == "x86_64":
        return "x86"
    if architecture in ("aarch64", "arm64") and llvm.address_of_symbol("fetestexcept"):
        return "c"
    return None


def _word(builder, name, place):
    kind = ir.FunctionType(ir.VoidType(), [_BYTES])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}")
    builder.call(function, [builder.bitcast(place, _BYTES)])


def _c_function(builder, name):
    kind = ir.FunctionType(_I32, [_I32])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [ir.Constant(_I32, _ARM_FLAG)])


@intrinsic
def clear_inexact(typing_context):
    """Clear this thread's flag."""

    def codegen(context, builder, signature, arguments):
        access = _access(context)
        if access == "x86":
            place = cgutils.alloca_once(builder, _I32)
            _word(builder, "stmxcsr", place)
            kept = builder.and_(builder.load(place), ir.Constant(_I32, 0xFFFFFFFF ^ _SSE_FLAG))
            builder.store(kept, place)
            _word(builder, "ldmxcsr", place)
        elif access == "c":
            _c_function(builder, "feclearexcept")
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def is_inexact(typing_context):
    """Return whether an operation since `clear_inexact` had to round on this thread."""

    def codegen(context, builder, signature, arguments):
        access = _access(context)
        if access == "x86":
            place = cgutils.alloca_once(builder, _I32)
            _word(builder, "stmxcsr", place)
            noted = builder.and_(builder.load(place), ir.Constant(_I32, _SSE_FLAG))
        elif access == "c":
            noted = _c_function(builder, "fetestexcept")
        else:
            noted = ir.Constant(_I32, 1)
        return builder.icmp_unsigned("!=", noted, ir.Constant(_I32, 0))

    return types.boolean(), codegen
