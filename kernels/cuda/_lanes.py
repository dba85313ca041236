"""Loads and stores of several neighbouring elements at once, and of tuples of arrays, on a GPU.

A thread moves up to 16 bytes in one instruction. What it loads is a tuple of elements, its lanes;
what it loads of several arrays is a tuple of lanes, each a tuple with one element of each array.
All loads of a call stand before anything that is computed from them, so that they are under way
together.

Elements widen and round as in `numparam.kernels.cuda._elements`. Addresses of `width` elements are
multiples of their size; the caller has checked that. The simulator runs plain twins.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda import _elements, _provider
from numparam.kernels.cuda._jit import SIMULATED, inline

_MOST = 16  # bytes of one load


def _compiled():
    intrinsic, types = _provider.extending()
    i8, i16, i32, i64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
    raw = {16: ir.VectorType(i32, 4), 8: ir.VectorType(i32, 2), 4: i32, 2: i16, 1: i8}
    value_type = _elements.value_types(types)
    literal = _elements.literal

    def element_type(kind):
        return ir.IntType(8 * ITEMSIZE[kind])

    def widened(builder, stored, kind):
        """Return the value of an element's bits."""
        if kind == "float16":
            return builder.fpext(builder.bitcast(stored, ir.HalfType()), ir.FloatType())
        if kind == "bfloat16":
            high = builder.shl(builder.zext(stored, i32), ir.Constant(i32, 16))
            return builder.bitcast(high, ir.FloatType())
        if kind == "float32":
            return builder.bitcast(stored, ir.FloatType())
        if kind == "float64":
            return builder.bitcast(stored, ir.DoubleType())
        if kind == "bool":
            return builder.icmp_unsigned("!=", stored, ir.Constant(i8, 0))
        return stored

    def narrowed(builder, value, kind):
        """Return the bits of an element for a value."""
        if kind == "float16":
            return builder.bitcast(builder.fptrunc(value, ir.HalfType()), i16)
        if kind == "bfloat16":
            return _elements.rounded_to_bfloat16(builder, value)
        if kind == "bool":
            return builder.zext(value, i8)
        return builder.bitcast(value, element_type(kind)) if "float" in kind else value

    def pieces(kind, width):
        """Split `width` elements into loads: the first element of each, and its bytes."""
        size = ITEMSIZE[kind]
        nbytes = min(size * width, _MOST)
        return [(first, nbytes) for first in range(0, width, nbytes // size)]

    def place(builder, address, index, kind, first, nbytes):
        offset = builder.mul(builder.add(index, i64(first)), i64(ITEMSIZE[kind]))
        whole = builder.add(address, offset)
        # Address space 1 is global memory: ld.global and st.global, not generic accesses.
        return builder.inttoptr(whole, ir.PointerType(raw[nbytes], addrspace=1))

    def loaded(builder, address, index, kind, width):
        """Load the bits of elements: pairs of raw values and the elements in each."""
        return [
            builder.load(place(builder, address, index, kind, first, nbytes), align=nbytes)
            for first, nbytes in pieces(kind, width)
        ]

    def taken_apart(builder, held, kind, width):
        values = []
        for stored, (_, nbytes) in zip(held, pieces(kind, width), strict=True):
            count = nbytes // ITEMSIZE[kind]
            if count == 1:
                stored = builder.bitcast(stored, element_type(kind))
                values.append(widened(builder, stored, kind))
                continue
            vector = builder.bitcast(stored, ir.VectorType(element_type(kind), count))
            values += [
                widened(builder, builder.extract_element(vector, i32(i)), kind)
                for i in range(count)
            ]
        return values

    def stored(builder, address, index, values, kind, width):
        for first, nbytes in pieces(kind, width):
            count = nbytes // ITEMSIZE[kind]
            bits = [narrowed(builder, value, kind) for value in values[first : first + count]]
            if count == 1:
                whole = builder.bitcast(bits[0], raw[nbytes])
            else:
                whole = ir.Constant(ir.VectorType(element_type(kind), count), ir.Undefined)
                for i, one in enumerate(bits):
                    whole = builder.insert_element(whole, one, i32(i))
                whole = builder.bitcast(whole, raw[nbytes])
            builder.store(whole, place(builder, address, index, kind, first, nbytes), align=nbytes)

    def group(value, count):
        return types.UniTuple(value, count) if count else types.Tuple(())

    @intrinsic
    def load_lanes(typing_context, address, index, kind, width):
        """Load elements `index` … `index` + `width` - 1 of an array, as a tuple."""
        name, count = literal(kind), literal(width)
        if name is None or count is None:
            return None
        result = types.UniTuple(value_type[name], count)

        def codegen(context, builder, signature, arguments):
            held = loaded(builder, arguments[0], arguments[1], name, count)
            return context.make_tuple(builder, result, taken_apart(builder, held, name, count))

        return result(types.int64, types.int64, kind, width), codegen

    @intrinsic
    def store_lanes(typing_context, address, index, values, kind, width):
        """Set elements from `index` on to a tuple of values."""
        name, count = literal(kind), literal(width)
        if name is None or count is None:
            return None
        given = types.UniTuple(value_type[name], count)

        def codegen(context, builder, signature, arguments):
            values = [builder.extract_value(arguments[2], i) for i in range(count)]
            stored(builder, arguments[0], arguments[1], values, name, count)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, given, kind, width), codegen

    @intrinsic
    def load_many(typing_context, addresses, index, kind, width):
        """Load elements from `index` on of the arrays at a tuple of addresses: a tuple of lanes."""
        name, count = literal(kind), literal(width)
        if name is None or count is None or not hasattr(addresses, "count"):
            return None
        arrays = addresses.count
        lane = group(value_type[name], arrays)
        result = types.UniTuple(lane, count)

        def codegen(context, builder, signature, arguments):
            held = [
                loaded(builder, builder.extract_value(arguments[0], j), arguments[1], name, count)
                for j in range(arrays)
            ]
            values = [taken_apart(builder, one, name, count) for one in held]
            lanes = [
                context.make_tuple(builder, lane, [values[j][i] for j in range(arrays)])
                for i in range(count)
            ]
            return context.make_tuple(builder, result, lanes)

        return result(addresses, types.int64, kind, width), codegen

    @intrinsic
    def store_many(typing_context, addresses, index, lanes, kind, width):
        """Set elements from `index` on of the arrays at a tuple of addresses: a tuple of lanes."""
        name, count = literal(kind), literal(width)
        if name is None or count is None or not hasattr(addresses, "count"):
            return None
        arrays = addresses.count
        given = types.UniTuple(group(value_type[name], arrays), count)

        def codegen(context, builder, signature, arguments):
            lanes = [builder.extract_value(arguments[2], i) for i in range(count)]
            for j in range(arrays):
                address = builder.extract_value(arguments[0], j)
                values = [builder.extract_value(lane, j) for lane in lanes]
                stored(builder, address, arguments[1], values, name, count)
            return context.get_dummy_value()

        return types.void(addresses, types.int64, given, kind, width), codegen

    @intrinsic
    def numbers_at(typing_context, address, count, kind, wanted):
        """Load the `count` elements of `kind` at an address as a tuple, converted to `wanted`."""
        number, name, other = literal(count), literal(kind), literal(wanted)
        if number is None or name is None or other is None:
            return None
        made = value_type[other]
        result = group(made, number)

        def codegen(context, builder, signature, arguments):
            values = []
            for i in range(number):
                [one] = loaded(builder, arguments[0], i64(i), name, 1)
                [value] = taken_apart(builder, [one], name, 1)
                values.append(context.cast(builder, value, value_type[name], made))
            return context.make_tuple(builder, result, values)

        return result(types.int64, count, kind, wanted), codegen

    @intrinsic
    def newer(typing_context, masters, own, kind):
        """Return master weights, or the weights where they are not the rounded masters."""
        name = literal(kind)
        if name is None or not hasattr(masters, "count"):
            return None
        count = masters.count

        def codegen(context, builder, signature, arguments):
            made = []
            for i in range(count):
                master, weight = (builder.extract_value(one, i) for one in arguments[:2])
                written = builder.icmp_unsigned(
                    "!=", narrowed(builder, master, name), narrowed(builder, weight, name)
                )
                made.append(builder.select(written, weight, master))
            return context.make_tuple(builder, masters, made)

        return masters(masters, own, kind), codegen

    @intrinsic
    def rounded(typing_context, values, kind):
        """Return the values of a tuple as they will be once they are stored as `kind`."""
        name = literal(kind)
        if name is None or not hasattr(values, "count"):
            return None
        count = values.count

        def codegen(context, builder, signature, arguments):
            made = [builder.extract_value(arguments[0], i) for i in range(count)]
            bits = [narrowed(builder, one, name) for one in made]
            return context.make_tuple(
                builder, values, [widened(builder, one, name) for one in bits]
            )

        return values(values, kind), codegen

    @intrinsic
    def alike(typing_context, left, right):
        """Return whether two tuples hold equal floating-point numbers; NaN equals nothing."""

        def codegen(context, builder, signature, arguments):
            same = ir.Constant(ir.IntType(1), 1)
            for i in range(len(left)):
                first, second = (builder.extract_value(given, i) for given in arguments)
                same = builder.and_(same, builder.fcmp_ordered("==", first, second))
            return same

        return types.boolean(left, right), codegen

    return load_lanes, store_lanes, load_many, store_many, numbers_at, newer, rounded, alike


def _simulated():
    load, store = _elements.load, _elements.store

    def aligned(address, index, kind, width):
        size = ITEMSIZE[kind]
        start = int(address) + int(index) * size
        if start % min(size * width, _MOST):
            raise ValueError(f"address {start} is not a multiple of {size * width} bytes")

    def load_lanes(address, index, kind, width):
        aligned(address, index, kind, width)
        return tuple(load(address, index + i, kind) for i in range(width))

    def store_lanes(address, index, values, kind, width):
        aligned(address, index, kind, width)
        for i, value in enumerate(values):
            store(address, index + i, value, kind)

    def load_many(addresses, index, kind, width):
        held = [load_lanes(address, index, kind, width) for address in addresses]
        return tuple(tuple(one[i] for one in held) for i in range(width))

    def store_many(addresses, index, lanes, kind, width):
        for j, address in enumerate(addresses):
            store_lanes(address, index, [lane[j] for lane in lanes], kind, width)

    def numbers_at(address, count, kind, wanted):
        made = np.float32 if wanted in ("float16", "bfloat16") else np.dtype(wanted).type
        return tuple(made(load(address, i, kind)) for i in range(count))

    def bits_of(value, kind):
        return np.asarray(np.float32(value)).astype(_elements.STORAGE[kind]).tobytes()

    def newer(masters, own, kind):
        pairs = zip(masters, own, strict=True)
        return tuple(w if bits_of(m, kind) != bits_of(w, kind) else m for m, w in pairs)

    def rounded(values, kind):
        storage = _elements.STORAGE[kind]
        return tuple(type(one)(np.asarray(one).astype(storage)) for one in values)

    def alike(left, right):
        return left == right

    return load_lanes, store_lanes, load_many, store_many, numbers_at, newer, rounded, alike


load_lanes, store_lanes, load_many, store_many, numbers_at, newer, rounded, alike = (
    _simulated() if SIMULATED else _compiled()
)


def stepped(step, width):
    """Return a helper that makes one step of each of `width` lanes, all of them at once.

    ``stepped(step, width)(weights, gradients, states, coefficients)`` returns the lanes of the new
    weights and of the new states.
    """
    if width == 1:

        @inline
        def one(weights, gradients, states, coefficients):
            made = step(weights[0], gradients[0], states[0], coefficients)
            return (made[0],), (made[1],)

        return one
    half = width // 2
    part = stepped(step, half)

    @inline
    def both(weights, gradients, states, coefficients):
        low = part(weights[:half], gradients[:half], states[:half], coefficients)
        high = part(weights[half:], gradients[half:], states[half:], coefficients)
        return low[0] + high[0], low[1] + high[1]

    return both
