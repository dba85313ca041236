"""Loads and stores in loops over several arrays that share no memory.

An optimizer's step reads and writes up to seven arrays in one loop. To make vector code of it, LLVM
would compare every pair of addresses at run time, and gives up where there are many pairs; rows of
an embedding are so short that the comparisons would cost more than the loop. Here each array of a
loop has a role, a constant number, and LLVM is told that different roles never share memory.

The caller has checked that: see `numparam.kernels._step_gate`.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from numparam.kernels.cpu import _elements, _rows

ROLES = 8


def _scopes(builder, roles):
    """Return the metadata that names the alias scopes of some roles."""
    module = builder.module
    domain = module.add_metadata([ir.MetaDataString(module, "numparam.roles")])
    return module.add_metadata(
        [
            module.add_metadata([ir.MetaDataString(module, f"numparam.role.{role}"), domain])
            for role in roles
        ]
    )


def _mark(builder, instruction, role):
    instruction.set_metadata("alias.scope", _scopes(builder, [role]))
    others = [other for other in range(ROLES) if other != role]
    instruction.set_metadata("noalias", _scopes(builder, others))


def _loaded(context, builder, address, index, kind, role):
    loaded = builder.load(_elements._pointer(builder, address, index, kind))
    _mark(builder, loaded, role)
    return _elements.widened(context, builder, loaded, kind)


def _stored(context, builder, address, index, value, kind, role):
    pointer = _elements._pointer(builder, address, index, kind)
    _mark(builder, builder.store(_elements.narrowed(context, builder, value, kind), pointer), role)


@intrinsic(prefer_literal=True)
def load_apart(typing_context, address, index, kind, role):
    """Load element `index` of the array of `kind` at `address`, the only array of this role."""
    name, number = kind.literal_value, role.literal_value

    def codegen(context, builder, signature, arguments):
        return _loaded(context, builder, arguments[0], arguments[1], name, number)

    return _elements._VALUE[name](types.int64, types.int64, kind, role), codegen


@intrinsic(prefer_literal=True)
def load_held(typing_context, array, weight, index, held, kind):
    """Load element `index` of what a step updates: a weight of `kind` or its master of `held`.

    A weight is rounded from its master. Where it differs from that, it has been written since, and
    is the newer one of the two. The role of `array` is 0; that of the weight of a master is 7.
    """
    name, low = held.literal_value, kind.literal_value

    def codegen(context, builder, signature, arguments):
        array, weight, index = arguments[:3]
        master = _loaded(context, builder, array, index, name, 0)
        if name == low:
            return master
        stored = builder.load(_elements._pointer(builder, weight, index, low))
        _mark(builder, stored, 7)
        newer = builder.icmp_unsigned(
            "!=", stored, _elements.narrowed(context, builder, master, low)
        )
        return builder.select(newer, _elements.widened(context, builder, stored, low), master)

    return _elements._VALUE[name](types.int64, types.int64, types.int64, held, kind), codegen


@intrinsic(prefer_literal=True)
def store_apart(typing_context, address, index, value, kind, role):
    """Set element `index` of the array of `kind` at `address`, the only array of this role."""
    name, number = kind.literal_value, role.literal_value

    def codegen(context, builder, signature, arguments):
        _stored(context, builder, arguments[0], arguments[1], arguments[2], name, number)
        return context.get_dummy_value()

    value_type = _elements._VALUE[name]
    return types.void(types.int64, types.int64, value_type, kind, role), codegen


@intrinsic(prefer_literal=True)
def load_all(typing_context, addresses, index, kind, role):
    """Load element `index` of each array at a tuple of addresses; their roles count from `role`."""
    name, number, count = kind.literal_value, role.literal_value, len(addresses)
    result = types.UniTuple(_elements._VALUE[name], count) if count else types.Tuple(())

    def codegen(context, builder, signature, arguments):
        loaded = [
            _loaded(
                context,
                builder,
                builder.extract_value(arguments[0], i),
                arguments[1],
                name,
                number + i,
            )
            for i in range(count)
        ]
        return context.make_tuple(builder, result, loaded)

    return result(addresses, types.int64, kind, role), codegen


@intrinsic(prefer_literal=True)
def store_all(typing_context, addresses, index, values, kind, role):
    """Set elements `index` of the arrays at a tuple of addresses to a tuple of values."""
    name, number, count = kind.literal_value, role.literal_value, len(addresses)
    given = types.UniTuple(_elements._VALUE[name], count) if count else types.Tuple(())

    def codegen(context, builder, signature, arguments):
        for i in range(count):
            address = builder.extract_value(arguments[0], i)
            value = builder.extract_value(arguments[2], i)
            _stored(context, builder, address, arguments[1], value, name, number + i)
        return context.get_dummy_value()

    return types.void(addresses, types.int64, given, kind, role), codegen


@intrinsic(prefer_literal=True)
def rounded(typing_context, values, kind):
    """Return the values of a tuple as they will be once they are stored as `kind`."""
    name = kind.literal_value

    def codegen(context, builder, signature, arguments):
        made = []
        for i in range(len(values)):
            value = builder.extract_value(arguments[0], i)
            stored = _elements.narrowed(context, builder, value, name)
            made.append(_elements.widened(context, builder, stored, name))
        return context.make_tuple(builder, values, made)

    return values(values, kind), codegen


@intrinsic
def differing(typing_context, left, right):
    """Count the places in which two tuples of floating-point numbers differ."""

    def codegen(context, builder, signature, arguments):
        count = ir.Constant(ir.IntType(64), 0)
        for i in range(len(left)):
            first, second = (builder.extract_value(given, i) for given in arguments)
            unequal = builder.fcmp_unordered("!=", first, second)
            count = builder.add(count, builder.zext(unequal, ir.IntType(64)))
        return count

    return types.int64(left, right), codegen


@intrinsic
def prefetch_all(typing_context, addresses, offset):
    """Prefetch the cache line at an offset from each address of a tuple; see `_rows.prefetch`."""

    def codegen(context, builder, signature, arguments):
        for i in range(len(addresses)):
            address = builder.add(builder.extract_value(arguments[0], i), arguments[1])
            _rows.fetch_line(builder, address)
        return context.get_dummy_value()

    return types.void(addresses, types.int64), codegen


@intrinsic(prefer_literal=True)
def numbers_at(typing_context, address, count, kind, wanted):
    """Load the `count` elements of `kind` at an address as a tuple, converted to `wanted`."""
    name, number = kind.literal_value, count.literal_value
    value_type = _elements._VALUE[wanted.literal_value]
    result = types.UniTuple(value_type, number) if number else types.Tuple(())

    def codegen(context, builder, signature, arguments):
        values = []
        for i in range(number):
            index = ir.Constant(ir.IntType(64), i)
            loaded = builder.load(_elements._pointer(builder, arguments[0], index, name))
            values.append(context.cast(builder, loaded, _elements._VALUE[name], value_type))
        return context.make_tuple(builder, result, values)

    return result(types.int64, count, kind, wanted), codegen
