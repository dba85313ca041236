"""Loads and stores at plain addresses on a GPU, one pair for all element kinds.

The twins of `numparam.kernels.cpu._elements`: `load` widens float16 and bfloat16 to float32, and
`store` rounds float32 to them, to nearest even. The caller has checked every address.

The simulator cannot run an intrinsic, so each has a plain twin here that uses ctypes.
"""

from __future__ import annotations

import ctypes
import math
import threading

import numpy as np
from llvmlite import ir

from numparam.kernels._gate import BFLOAT16, ITEMSIZE, KINDS
from numparam.kernels.cuda import _jit, _provider
from numparam.kernels.cuda._jit import SIMULATED, cuda, expand, inline

STORAGE = {name: np.dtype(name) for name in KINDS if name != "bfloat16"} | {"bfloat16": BFLOAT16}
_WIDENED = ("float16", "bfloat16")
LANES = 256  # accumulators in which squares are summed, as everywhere
_SLOTS = 8 * 256  # digits of eight bits for each warp of a block
_marking = threading.Lock()  # of the simulator
_FRACTION_BITS = {"float16": 10, "bfloat16": 7, "float32": 23}


def value_types(types):
    """Return Numba's type of a loaded element, for each kind."""
    made = {
        name: types.float32 if name in _WIDENED else getattr(types, name)
        for name in STORAGE if name != "bool"
    }  # fmt: skip
    return made | {"bool": types.boolean}


def literal(value):
    """Return a constant that an intrinsic is given; None where it is asked with a general type.

    numba-cuda asks with the general type first; None sends it on to the constant.
    """
    return getattr(value, "literal_value", None)


def rounded_to_bfloat16(builder, value):
    """Emit the rounding of a float32 to the bits of a bfloat16."""
    # To nearest even by adding half of the last kept bit; NaN stays a quiet NaN.
    i32 = ir.IntType(32)
    bits = builder.bitcast(value, i32)
    last = builder.and_(builder.lshr(bits, ir.Constant(i32, 16)), ir.Constant(i32, 1))
    rounded = builder.add(bits, builder.add(last, ir.Constant(i32, 0x7FFF)))
    quiet = builder.or_(bits, ir.Constant(i32, 0x00400000))
    chosen = builder.select(builder.fcmp_unordered("uno", value, value), quiet, rounded)
    return builder.trunc(builder.lshr(chosen, ir.Constant(i32, 16)), ir.IntType(16))


def _compiled():
    intrinsic, types = _provider.extending()
    i16, i32, i64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
    vector = ir.VectorType(i32, 4)
    type_of = value_types(types)

    def pointer(builder, address, index, storage):
        # Address space 1 is global memory: ld.global and st.global, not generic accesses.
        base = builder.inttoptr(address, ir.PointerType(storage, addrspace=1))
        return builder.gep(base, [index])

    def storage_of(kind):
        if kind == "float32":
            return ir.FloatType()
        if kind == "float64":
            return ir.DoubleType()
        return ir.IntType(8 * ITEMSIZE[kind])

    def unit_of(unit):
        return vector if unit == 16 else ir.IntType(8 * unit)

    @intrinsic
    def load(typing_context, address, index, kind):
        """Return element `index` of the array of `kind` at `address`."""
        name = literal(kind)
        if name is None:
            return None

        def codegen(context, builder, signature, arguments):
            address, index, _ = arguments
            loaded = builder.load(pointer(builder, address, index, storage_of(name)))
            if name == "float16":
                return builder.fpext(builder.bitcast(loaded, ir.HalfType()), ir.FloatType())
            if name == "bfloat16":
                high = builder.shl(builder.zext(loaded, i32), ir.Constant(i32, 16))
                return builder.bitcast(high, ir.FloatType())
            if name == "bool":
                return builder.icmp_unsigned("!=", loaded, ir.Constant(loaded.type, 0))
            return loaded

        return type_of[name](types.int64, types.int64, kind), codegen

    @intrinsic
    def store(typing_context, address, index, value, kind):
        """Set element `index` of the array of `kind` at `address`, converting as in C."""
        name = literal(kind)
        if name is None:
            return None

        def codegen(context, builder, signature, arguments):
            address, index, value, _ = arguments
            if name == "float16":
                value = builder.bitcast(builder.fptrunc(value, ir.HalfType()), i16)
            elif name == "bfloat16":
                value = rounded_to_bfloat16(builder, value)
            elif name == "bool":
                value = builder.zext(value, ir.IntType(8))
            builder.store(value, pointer(builder, address, index, storage_of(name)))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, type_of[name], kind), codegen

    @intrinsic
    def minimum(typing_context, address, index, value):
        """Lower int64 number `index` at `address` to `value`, atomically."""

        def codegen(context, builder, signature, arguments):
            address, index, value = arguments
            builder.atomic_rmw("min", pointer(builder, address, index, i64), value, "monotonic")
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), codegen

    @intrinsic
    def copy_unit(typing_context, target, target_index, source, source_index, unit):
        """Copy one unit of 1 to 16 bytes; addresses are multiples of it."""
        size = literal(unit)
        if size is None:
            return None

        def codegen(context, builder, signature, arguments):
            target, target_index, source, source_index, _ = arguments
            loaded = builder.load(pointer(builder, source, source_index, unit_of(size)), align=size)
            builder.store(loaded, pointer(builder, target, target_index, unit_of(size)), align=size)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4, unit), codegen

    @intrinsic
    def clear_unit(typing_context, target, index, unit):
        """Set one unit of 1 to 16 bytes to zero; the address is a multiple of it."""
        size = literal(unit)
        if size is None:
            return None

        def codegen(context, builder, signature, arguments):
            target, index, _ = arguments
            zero = ir.Constant(unit_of(size), None if size == 16 else 0)
            builder.store(zero, pointer(builder, target, index, unit_of(size)), align=size)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, unit), codegen

    @intrinsic
    def narrowed(typing_context, value, kind):
        """Return what `store` must round so that a float64 is rounded to `kind` once."""
        name = literal(kind)
        if name is None:
            return None
        rest = (1 << (50 - _FRACTION_BITS[name])) - 1

        def codegen(context, builder, signature, arguments):
            value = arguments[0]
            if name in _WIDENED:
                # To two bits more than the kind has, the last of which stands for the rest.
                bits = builder.bitcast(value, i64)
                added = builder.add(builder.and_(bits, i64(rest)), i64(rest))
                kept = builder.and_(builder.or_(bits, added), i64(~rest))
                value = builder.bitcast(kept, ir.DoubleType())
            return builder.fptrunc(value, ir.FloatType())

        return types.float32(types.float64, kind), codegen

    @intrinsic
    def set_bit(typing_context, address, number):
        """Set bit `number` of the int64 words at `address`, atomically."""

        def codegen(context, builder, signature, arguments):
            address, number = arguments
            word = builder.ashr(number, i64(6))
            bit = builder.shl(i64(1), builder.and_(number, i64(63)))
            builder.atomic_rmw("or", pointer(builder, address, word, i64), bit, "monotonic")
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), codegen

    @intrinsic
    def bits_set(typing_context, word):
        """Count the bits of an int64 that are one."""

        def codegen(context, builder, signature, arguments):
            return builder.ctpop(arguments[0])

        return types.int64(types.int64), codegen

    @intrinsic
    def float64_of(typing_context, bits):
        """Return the float64 of an int64's bits."""

        def codegen(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], ir.DoubleType())

        return types.float64(types.int64), codegen

    @intrinsic
    def float32_of(typing_context, bits):
        """Return the float32 of an int32's bits."""

        def codegen(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], ir.FloatType())

        return types.float32(types.int32), codegen

    @intrinsic
    def bits_of_float64(typing_context, value):
        """Return the bits of a float64 as an int64."""

        def codegen(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], i64)

        return types.int64(types.float64), codegen

    @intrinsic
    def bits_of_float32(typing_context, value):
        """Return the bits of a float32 as an int32."""

        def codegen(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], i32)

        return types.int32(types.float32), codegen

    bits = set_bit, bits_set, float64_of, float32_of, bits_of_float64, bits_of_float32
    return load, store, minimum, copy_unit, clear_unit, narrowed, *bits


def _simulated():
    one_at_a_time = threading.Lock()

    def load(address, index, kind):
        storage = STORAGE[kind]
        start = int(address) + int(index) * storage.itemsize
        value = np.frombuffer(ctypes.string_at(start, storage.itemsize), storage)[0]
        return np.float32(value) if kind in _WIDENED else value

    def store(address, index, value, kind):
        storage = STORAGE[kind]
        if kind in _WIDENED:
            value = np.float32(value)
        raw = np.asarray(value).astype(storage).tobytes()
        ctypes.memmove(int(address) + int(index) * storage.itemsize, raw, storage.itemsize)

    def minimum(address, index, value):
        with one_at_a_time:
            if value < load(address, index, "int64"):
                store(address, index, np.int64(value), "int64")

    def aligned(address, index, unit):
        if address % unit:
            raise ValueError(f"address {address} is not a multiple of {unit} bytes")
        return int(address) + int(index) * unit

    def copy_unit(target, target_index, source, source_index, unit):
        to, start = aligned(target, target_index, unit), aligned(source, source_index, unit)
        ctypes.memmove(to, start, unit)

    def clear_unit(target, index, unit):
        ctypes.memset(aligned(target, index, unit), 0, unit)

    def narrowed(value, kind):
        value = np.float64(value)
        if kind in _WIDENED:
            rest = (1 << (50 - _FRACTION_BITS[kind])) - 1
            bits = int(value.view(np.int64))
            bits = (bits | ((bits & rest) + rest)) & ~rest
            value = np.int64(bits).view(np.float64)
        return np.float32(value)

    def set_bit(address, number):
        with one_at_a_time:
            word = int(load(address, int(number) >> 6, "int64")) | (1 << (int(number) & 63))
            store(address, int(number) >> 6, np.uint64(word & (2**64 - 1)), "uint64")

    def bits_set(word):
        return np.int64((int(word) & (2**64 - 1)).bit_count())

    def float64_of(bits):
        return np.int64(bits).view(np.float64)

    def float32_of(bits):
        return np.int32(bits).view(np.float32)

    def bits_of_float64(value):
        return np.float64(value).view(np.int64)

    def bits_of_float32(value):
        return np.float32(value).view(np.int32)

    bits = set_bit, bits_set, float64_of, float32_of, bits_of_float64, bits_of_float32
    return load, store, minimum, copy_unit, clear_unit, narrowed, *bits


(
    load, store, minimum, copy_unit, clear_unit, narrowed,
    set_bit, bits_set, float64_of, float32_of, bits_of_float64, bits_of_float32,
) = _simulated() if SIMULATED else _compiled()  # fmt: skip

if SIMULATED:

    def block():
        # While a kernel runs, the simulator has its own module in the place of _jit's `cuda`.
        now = _jit.cuda
        return (
            np.int64(now.blockIdx.x), np.int64(now.gridDim.x),
            np.int64(now.threadIdx.x), np.int64(now.blockDim.x),
        )  # fmt: skip

    def product(first, second):
        return first * second

    root = np.sqrt

    def unsigned(number):
        return np.uint64(int(number) & (2**64 - 1))

    def shared_lanes():
        return _jit.cuda.shared.array(LANES, np.float64)

    def shared_numbers():
        return _jit.cuda.shared.array(LANES, np.int64)

    def shared_places():
        return _jit.cuda.shared.array(_SLOTS, np.int64)

    def shared_masks():
        return _jit.cuda.shared.array(_SLOTS, np.uint32)

    def add_shared(counts, i):
        _jit.cuda.atomic.add(counts, i, np.uint32(1))

    def mark_shared(masks, i, bit):
        with _marking:
            masks[i] |= np.uint32(1 << int(bit))

    def barrier():
        _jit.cuda.syncthreads()

    warp_barrier = barrier

else:
    _libdevice = cuda.libdevice

    @inline
    def block():
        """Return this thread's block, the number of blocks, its place in its block, its size."""
        return (
            np.int64(cuda.blockIdx.x), np.int64(cuda.gridDim.x),
            np.int64(cuda.threadIdx.x), np.int64(cuda.blockDim.x),
        )  # fmt: skip

    @inline
    def product(first, second):
        """Multiply two float64 numbers, rounding the product by itself: never fused with a sum."""
        return _libdevice.dmul_rn(first, second)

    @inline
    def root(value):
        """Square root of a float32 or float64 number, correctly rounded."""
        return math.sqrt(value)

    @inline
    def unsigned(number):
        """Return the uint64 of the bits of an int64."""
        return np.uint64(number)

    @expand
    def shared_numbers():
        """Return `LANES` int64 numbers that the threads of a block share."""
        return cuda.shared.array(LANES, np.int64)

    @expand
    def shared_lanes():
        """Return `LANES` float64 numbers that the threads of a block share."""
        return cuda.shared.array(LANES, np.float64)

    @expand
    def shared_places():
        """Return 256 int64 numbers for each warp of a block, which its threads share."""
        return cuda.shared.array(_SLOTS, np.int64)

    @expand
    def shared_masks():
        """Return 256 numbers of 32 bits for each warp of a block, which its threads share."""
        return cuda.shared.array(_SLOTS, np.uint32)

    @inline
    def barrier():
        """Wait until all threads of the block are here."""
        cuda.syncthreads()

    @inline
    def warp_barrier():
        """Wait until all threads of the warp are here, and see what they have written."""
        cuda.syncwarp()

    @expand
    def add_shared(counts, i):
        """Add one to 32-bit count `i` of those that threads share, atomically."""
        cuda.atomic.add(counts, i, np.uint32(1))

    @expand
    def mark_shared(masks, i, bit):
        """Set a bit of mask `i` of those that threads share, atomically."""
        cuda.atomic.or_(masks, i, np.uint32(np.int64(1) << bit))


@inline
def span():
    """Return this thread's number and the number of threads of the launch, in 64 bits."""
    number, blocks, place, size = block()
    return number * size + place, blocks * size
