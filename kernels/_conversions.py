"""Conversion of one element from any kind to any other, with one rounding, as LLVM instructions.

Backends use `converted` between a load, which widens float16 and bfloat16 to float32, and a store,
which rounds float32 to them. A value that float32 cannot hold would be rounded twice, which can be
off by one unit in the last place. So it is rounded *to odd*: an inexact value becomes the neighbour
whose last bit is one. This bit then represents everything below it, and the store rounds as if it
had the value itself (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums: proved
algorithms using rounding to odd", doi:10.1109/TC.2007.70819).

The conversions have no branches, so that LLVM vectorises loops over them.
"""

from __future__ import annotations

from llvmlite import ir

_FLOAT, _DOUBLE = ir.FloatType(), ir.DoubleType()
_I32, _I64 = ir.IntType(32), ir.IntType(64)

_FRACTION_BITS = {"float16": 10, "bfloat16": 7}
_FLOATS = ("float16", "bfloat16", "float32", "float64")


def converted(builder, value, source, target):
    """Emit the conversion of a value from kind `source` to kind `target`.

    For float16 and bfloat16 the result is a float32, which a store still has to round.
    """
    if source in _FLOATS:
        return _from_float(builder, value, source, target)
    return _from_integer(builder, value, source, target)


def _bits(kind: str) -> int:
    """Return the width of an integer kind."""
    return int(kind.removeprefix("u").removeprefix("int"))


def _from_float(builder, value, source, target):
    if target == "bool":
        return builder.fcmp_unordered("!=", value, ir.Constant(value.type, 0.0))  # NaN is true
    if target not in _FLOATS:
        return _truncated(builder, value, target)
    if target == "float64":
        return value if source == "float64" else builder.fpext(value, _DOUBLE)
    if source != "float64":
        return value
    if target == "float32":
        return builder.fptrunc(value, _FLOAT)
    return _rounded_to_odd(builder, value, target)


def _from_integer(builder, value, source, target):
    signed = source.startswith("int")
    if target == "bool":
        return builder.icmp_unsigned("!=", value, ir.Constant(value.type, 0))
    if target not in _FLOATS:
        wanted = ir.IntType(_bits(target))
        if wanted.width <= value.type.width:
            return value if wanted.width == value.type.width else builder.trunc(value, wanted)
        return builder.sext(value, wanted) if signed else builder.zext(value, wanted)
    to_float = builder.sitofp if signed else builder.uitofp
    if target == "float64":
        return to_float(value, _DOUBLE)
    if target == "bfloat16" and value.type.width > 16:
        if value.type.width == 64:
            value = _within_float64(builder, value, signed)
        return _rounded_to_odd(builder, to_float(value, _DOUBLE), target)
    # For float16 too: whole numbers up to 2**24 are exact in float32, and larger ones infinite.
    return to_float(value, _FLOAT)


def _rounded_to_odd(builder, value, target):
    """Round a float64 to odd, to two bits more than `target` has.

    The result is exact in float32, where that makes a difference: among its subnormal numbers too,
    which reach 16 bits below the last place of a bfloat16.
    """
    rest = (1 << (52 - _FRACTION_BITS[target] - 2)) - 1
    bits = builder.bitcast(value, _I64)
    # A rest other than zero carries into the bit above it. NaN stays NaN.
    carried = builder.add(builder.and_(bits, ir.Constant(_I64, rest)), ir.Constant(_I64, rest))
    kept = builder.and_(builder.or_(bits, carried), ir.Constant(_I64, ~rest))
    return builder.fptrunc(builder.bitcast(kept, _DOUBLE), _FLOAT)


def _within_float64(builder, value, signed):
    """Round a 64-bit integer of more than 53 bits to odd, so that float64 holds it."""
    rest = builder.and_(value, ir.Constant(_I64, 0xFFF))
    none = builder.icmp_unsigned("==", rest, ir.Constant(_I64, 0))
    half = builder.select(none, ir.Constant(_I64, 0), ir.Constant(_I64, 0x800))
    short = builder.or_(builder.and_(value, ir.Constant(_I64, ~0xFFF)), half)
    if signed:
        shifted = builder.add(value, ir.Constant(_I64, 1 << 53))
        exact = builder.icmp_unsigned("<", shifted, ir.Constant(_I64, 1 << 54))
    else:
        exact = builder.icmp_unsigned("<", value, ir.Constant(_I64, 1 << 53))
    return builder.select(exact, value, short)


def _truncated(builder, value, target):
    """Drop the fraction; see `numparam.kernels.cpu.cast.cast` for values beyond the target."""

    def constant(number):
        return ir.Constant(value.type, number)

    bits = _bits(target)
    through = 64 if target == "uint32" else max(bits, 32)
    low = -(2.0 ** (through - 1))
    high = 2.0**64 if target == "uint64" else -low
    # For numbers out of range the result of LLVM's conversion is undefined.
    held = builder.and_(
        builder.fcmp_ordered(">=", value, constant(low)),
        builder.fcmp_ordered("<", value, constant(high)),
    )
    value = builder.select(held, value, constant(low))
    if target == "uint64":
        upper = builder.fcmp_ordered(">=", value, constant(2.0**63))
        value = builder.select(upper, builder.fsub(value, constant(2.0**63)), value)
        whole = builder.fptosi(value, _I64)
        top = builder.select(upper, ir.Constant(_I64, 1 << 63), ir.Constant(_I64, 0))
        return builder.xor(whole, top)
    whole = builder.fptosi(value, ir.IntType(through))
    return whole if bits == through else builder.trunc(whole, ir.IntType(bits))
