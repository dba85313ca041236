"""Loads and stores at addresses, for all element kinds.

A kernel that takes addresses is compiled once for any number of arrays. `load` widens
float16 and bfloat16 to float32 and `store` rounds float32 to them, to nearest even, since Numba has
neither type on the CPU; the other kinds are loaded and stored as they are.

The caller has checked every address: see `numparam.kernels._gate`.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _half

_VALUE = {
    "float16": types.float32, "bfloat16": types.float32,
    "float32": types.float32, "float64": types.float64, "bool": types.boolean,
    "int8": types.int8, "int16": types.int16, "int32": types.int32, "int64": types.int64,
    "uint8": types.uint8, "uint16": types.uint16, "uint32": types.uint32, "uint64": types.uint64,
}  # fmt: skip

_I16, _I32 = ir.IntType(16), ir.IntType(32)


def _literal(kind: types.Type) -> str:
    if not isinstance(kind, types.StringLiteral):
        raise TypingError("the element kind must be a constant string of the kernel's closure")
    return kind.literal_value


def _pointer(builder, address, index, kind):
    bits = 8 * ITEMSIZE[kind]
    if kind == "float32":
        storage = ir.FloatType()
    elif kind == "float64":
        storage = ir.DoubleType()
    else:
        storage = ir.IntType(bits)
    base = builder.inttoptr(address, ir.PointerType(storage))
    return builder.gep(base, [index], inbounds=True)


def widened(context, builder, stored, kind):
    """Return the value of an element as it is stored in memory."""
    if kind == "float16":
        return _half.widened(context, builder, stored)
    if kind == "bfloat16":
        high = builder.shl(builder.zext(stored, _I32), ir.Constant(_I32, 16))
        return builder.bitcast(high, ir.FloatType())
    if kind == "bool":
        return cgutils.is_not_null(builder, stored)
    return stored


def narrowed(context, builder, value, kind):
    """Return the form in which a value is stored in memory."""
    if kind == "float16":
        return _half.rounded(context, builder, value)
    if kind == "bfloat16":
        return _round_to_bfloat16(builder, value)
    return builder.zext(value, ir.IntType(8)) if kind == "bool" else value


@intrinsic(prefer_literal=True)
def load(typing_context, address, index, kind):
    """Return element `index` of the array of `kind` at `address`."""
    name = _literal(kind)

    def codegen(context, builder, signature, arguments):
        loaded = builder.load(_pointer(builder, arguments[0], arguments[1], name))
        return widened(context, builder, loaded, name)

    return _VALUE[name](types.int64, types.int64, kind), codegen


@intrinsic(prefer_literal=True)
def store(typing_context, address, index, value, kind):
    """Set element `index` of the array of `kind` at `address`; the value is converted as in C."""
    name = _literal(kind)
    value_type = _VALUE[name]

    def codegen(context, builder, signature, arguments):
        address, index, value, _ = arguments
        stored = narrowed(context, builder, value, name)
        builder.store(stored, _pointer(builder, address, index, name))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, value_type, kind), codegen


def _round_to_bfloat16(builder, value):
    """Round to nearest, ties to even, by adding half of the last kept bit; keep NaN a quiet NaN."""
    bits = builder.bitcast(value, _I32)
    last = builder.and_(builder.lshr(bits, ir.Constant(_I32, 16)), ir.Constant(_I32, 1))
    rounded = builder.add(bits, builder.add(last, ir.Constant(_I32, 0x7FFF)))
    quiet = builder.or_(bits, ir.Constant(_I32, 0x00400000))
    chosen = builder.select(builder.fcmp_unordered("uno", value, value), quiet, rounded)
    return builder.trunc(builder.lshr(chosen, ir.Constant(_I32, 16)), _I16)


@intrinsic
def claim(typing_context, counter):
    """Take the next number from a shared counter, an int64 array of one element, atomically."""

    def codegen(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", array.data, one, "monotonic")

    return types.int64(counter), codegen


@intrinsic
def added(typing_context, cell, amount):
    """Add to a shared int64 array of one element atomically, and return its old value.

    What each thread wrote before its addition is visible to the thread that makes the last one.
    """

    def codegen(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", array.data, arguments[1], "acq_rel")

    return types.int64(cell, types.int64), codegen


@intrinsic
def minimum(typing_context, cell, value):
    """Lower a shared int64 array of one element to `value`, atomically."""

    def codegen(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        builder.atomic_rmw("min", array.data, arguments[1], "monotonic")
        return context.get_dummy_value()

    return types.void(cell, types.int64), codegen
