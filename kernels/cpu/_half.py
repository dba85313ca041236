"""Conversion between float16 and float32, by the processor's instructions or by integers.

Where the target of the compilation has no such instructions (x86-64 without F16C, as with
``NUMBA_CPU_NAME=generic``), LLVM would call routines of a compiler's run-time library, which a JIT
compiler does not find: the process would jump to address zero. There the bits are computed here,
equal to those of the instructions, free of branches, so that loops over them become vector code.

NaN stays NaN with its sign and the upper bits of its payload, and becomes quiet, as the
instructions and IEEE 754 have it; NumPy leaves a signalling NaN as it is.
"""

from __future__ import annotations

import functools

import llvmlite.binding as llvm
from llvmlite import ir

_FLOAT, _I16, _I32 = ir.FloatType(), ir.IntType(16), ir.IntType(32)

_INFINITY = 0x7F800000  # float32
_SMALLEST_NORMAL = 0x38800000  # float32 2**-14, below which a float16 is subnormal
_REBIAS = 112 << 23  # between the exponents of the two types
_QUIET = 0x200  # the bit of a float16 that says that a NaN is quiet; in a float32 13 places higher

_PROBE = """
target triple = "{}"
define float @widen(half %x) {{ %y = fpext half %x to float  ret float %y }}
define half @narrow(float %x) {{ %y = fptrunc float %x to half  ret half %y }}
"""


def widened(context, builder, bits):
    """Return the float32 value of a float16, given as an i16."""
    if has_instructions(*context.codegen().magic_tuple()):
        return builder.fpext(builder.bitcast(bits, ir.HalfType()), _FLOAT)
    wide = builder.zext(bits, _I32)
    sign = builder.shl(builder.and_(wide, _I32(0x8000)), _I32(16))
    magnitude = builder.and_(wide, _I32(0x7FFF))
    moved = builder.shl(magnitude, _I32(13))
    normal = builder.add(moved, _I32(_REBIAS))
    # A whole number of the smallest steps, all exact.
    steps = builder.fmul(builder.uitofp(magnitude, _FLOAT), _FLOAT(2.0**-24))
    chosen = builder.select(
        builder.icmp_unsigned("<", magnitude, _I32(0x400)), builder.bitcast(steps, _I32), normal
    )
    infinite = builder.icmp_unsigned(">=", magnitude, _I32(0x7C00))
    chosen = builder.select(infinite, builder.or_(moved, _I32(_INFINITY)), chosen)
    quiet = builder.or_(moved, _I32(_INFINITY | _QUIET << 13))
    chosen = builder.select(builder.icmp_unsigned(">", magnitude, _I32(0x7C00)), quiet, chosen)
    return builder.bitcast(builder.or_(sign, chosen), _FLOAT)


def rounded(context, builder, value):
    """Return the float16 nearest to a float32, ties to even, as an i16."""
    if has_instructions(*context.codegen().magic_tuple()):
        return builder.bitcast(builder.fptrunc(value, ir.HalfType()), _I16)
    bits = builder.bitcast(value, _I32)
    sign = builder.and_(builder.lshr(bits, _I32(16)), _I32(0x8000))
    magnitude = builder.and_(bits, _I32(0x7FFFFFFF))
    last = builder.and_(builder.lshr(magnitude, _I32(13)), _I32(1))
    up = builder.add(magnitude, builder.add(last, _I32(0xFFF)))
    normal = builder.lshr(builder.sub(up, _I32(_REBIAS)), _I32(13))
    # From 65520 on all are infinite.
    large = builder.icmp_unsigned(">", normal, _I32(0x7C00))
    normal = builder.select(large, _I32(0x7C00), normal)
    # The step of float32 at 0.5 is the smallest float16: the sum's last bits count such steps.
    shifted = builder.fadd(builder.bitcast(magnitude, _FLOAT), _FLOAT(0.5))
    small = builder.sub(builder.bitcast(shifted, _I32), _I32(0x3F000000))
    chosen = builder.select(
        builder.icmp_unsigned("<", magnitude, _I32(_SMALLEST_NORMAL)), small, normal
    )
    payload = builder.lshr(builder.and_(magnitude, _I32(0x7FFFFF)), _I32(13))
    chosen = builder.select(
        builder.icmp_unsigned(">", magnitude, _I32(_INFINITY)),
        builder.or_(payload, _I32(0x7C00 | _QUIET)),
        chosen,
    )
    return builder.trunc(builder.or_(sign, chosen), _I16)


@functools.cache
def has_instructions(triple: str, processor: str, features: str) -> bool:
    """Return whether LLVM converts float16 for this target without calling a routine."""
    machine = llvm.Target.from_triple(triple).create_target_machine(
        cpu=processor, features=features, opt=2
    )
    assembly = machine.emit_assembly(llvm.parse_assembly(_PROBE.format(triple)))
    # Such as __extendhfsf2 and __truncsfhf2, or __gnu_h2f_ieee and __gnu_f2h_ieee.
    return not any(name in assembly for name in ("hfsf2", "sfhf2", "h2f_ieee", "f2h_ieee"))
