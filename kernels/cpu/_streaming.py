"""Streaming (non-temporal) stores, for results that are larger than the caches.

A plain store reads its cache line first; a streaming store writes the whole line. This moves less
memory and evicts nothing from the caches. Other threads see the values after an atomic operation or
a lock, such as the one that ends each call in `numparam.kernels.cpu._pool`.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from numparam.kernels.cpu._elements import load, store
from numparam.kernels.cpu._jit import inline

# Results of this many bytes or more are streamed, which is faster. Smaller ones stay in the caches
# for the next kernel.
STREAMED = 32 << 20

_LINE = 64  # bytes that one such store writes: a cache line
_WORDS = ir.VectorType(ir.IntType(64), _LINE // 8)


def _store_line(builder, line, address):
    pointer = builder.inttoptr(address, ir.PointerType(_WORDS))
    stored = builder.store(line, pointer, align=_LINE)
    one = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
    stored.set_metadata("nontemporal", one)


@intrinsic
def _zero_line(typing_context, address):
    """Set the cache line at `address` to zero."""

    def codegen(context, builder, signature, arguments):
        _store_line(builder, ir.Constant(_WORDS, None), arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@intrinsic
def _copy_line(typing_context, address, source):
    """Set the cache line at `address` to the bytes at `source`, which may span two lines."""

    def codegen(context, builder, signature, arguments):
        pointer = builder.inttoptr(arguments[1], ir.PointerType(_WORDS))
        _store_line(builder, builder.load(pointer, align=1), arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


@inline
def zero_bytes(begin, end, streamed):
    """Set the bytes from address `begin` to `end` to zero, past the caches if `streamed`."""
    if streamed:
        aligned = min((begin + _LINE - 1) // _LINE * _LINE, end)
        for i in range(aligned - begin):
            store(begin, i, 0, "uint8")
        lines = (end - aligned) // _LINE
        for i in range(lines):
            _zero_line(aligned + i * _LINE)
        begin = aligned + lines * _LINE
    for i in range(end - begin):
        store(begin, i, 0, "uint8")


@inline
def copy_bytes(target, source, nbytes, streamed):
    """Copy bytes between addresses that are apart, past the caches if `streamed`."""
    done = 0
    if streamed:
        done = min((target + _LINE - 1) // _LINE * _LINE - target, nbytes)
        for i in range(done):
            store(target, i, load(source, i, "uint8"), "uint8")
        lines = (nbytes - done) // _LINE
        for i in range(lines):
            _copy_line(target + done + i * _LINE, source + done + i * _LINE)
        done += lines * _LINE
    for i in range(done, nbytes):
        store(target, i, load(source, i, "uint8"), "uint8")
