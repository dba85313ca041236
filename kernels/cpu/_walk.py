"""The walk over a pointer table: threads claim pieces of it and visit the arrays in each.

A kernel that works on many arrays is one loop over `spans`::

    @kernel_per_kind
    def _step(kind):
        def step(weights, gradients, rates, chunks_per_piece, counter):
            for array, start, stop in spans(weights, chunks_per_piece, counter):
                weight = weights[0, array]
                gradient = gradients[0, array]
                rate = rates[array]
                for i in range(start, stop):
                    store(weight, i, load(weight, i, kind) - rate * load(gradient, i, kind), kind)

        return step

and is started by `run`, which decides on the pieces::

    _walk.run(_step(group.kind), group, gradients.rows, rates, nbytes=3 * group.nbytes)

Only the first table is walked. The others are read beside it: the same number of arrays, each as
large as the one in its place, so that a span of one is a span of all. What an array has of its own
(a learning rate) is an array of numbers, indexed alike. Results must not depend on which thread
visits what.

Pass addresses, not tables, to the functions that such a loop calls: Numba counts the references of
every array argument, atomically, which costs more than visiting a small array.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu._elements import load
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._pointers import CHUNK, Group

_PIECE = 1 << 20  # bytes of the walked table that one claim takes: large against a claim's cost


def run(walking: Callable, walked: Group, *arguments: object, nbytes: int) -> None:
    """Run a kernel that walks the arrays of a group, on as many threads as the work justifies.

    Parameters
    ----------
    walking : callable
        A jitted function, called as ``walking(walked.rows, *arguments, chunks_per_piece, counter)``
        on every thread: it loops over ``spans(rows, chunks_per_piece, counter)``.
    walked : Group
        The arrays that are walked.
    *arguments
        Whatever else the kernel takes: rows of other tables, arrays of parameters, numbers.
    nbytes : int
        Bytes that the whole walk moves.
    """
    chunks_per_piece = _PIECE // (CHUNK * ITEMSIZE[walked.kind])
    _pool.run(
        walking, walked.rows, *arguments, chunks_per_piece,
        nbytes=nbytes, pieces=-(-walked.chunks // chunks_per_piece),
    )  # fmt: skip


def calls(walking: Callable, walked: Group, *arguments: object, nbytes: int) -> list[tuple]:
    """Return what `run` does as calls of compiled code; see `_pool.calls`."""
    chunks_per_piece = _PIECE // (CHUNK * ITEMSIZE[walked.kind])
    return _pool.calls(
        walking, walked.rows, *arguments, chunks_per_piece,
        nbytes=nbytes, pieces=-(-walked.chunks // chunks_per_piece),
    )  # fmt: skip


@inline
def spans(rows, chunks_per_piece, counter):
    """Iterate over the spans that this thread claims: array number, start and stop element.

    Parameters
    ----------
    rows : int64 array of (4, arrays + 1)
        The rows of a group (see `numparam.kernels.cpu._pointers.Group`).
    chunks_per_piece : int64
        Chunks of a claim.
    counter : int64 array of 1
        What the threads claim from.

    Notes
    -----
    A span begins at a multiple of `CHUNK` and ends at one or at the end of its array. No span is
    empty: arrays without elements are left out. All threads together visit each element once; each
    thread visits arrays, and the elements of an array, in ascending order.
    """
    return _spans(address(rows), rows.shape[1] - 1, chunks_per_piece, address(counter))


@inline
def _spans(rows, arrays, chunks_per_piece, counter):
    # Addresses, since a generator counts references to its arrays at every step.
    sizes = rows + 8 * (arrays + 1)
    firsts = rows + 16 * (arrays + 1)
    chunks = load(firsts, arrays, "int64")
    array = 0
    while True:
        chunk = _claim(counter) * chunks_per_piece
        if chunk >= chunks:
            return
        last = min(chunk + chunks_per_piece, chunks)
        while chunk < last:
            # Claims only grow, so the search goes on from the last array.
            while load(firsts, array + 1, "int64") <= chunk:
                array += 1
            first = load(firsts, array, "int64")
            stop = min((last - first) * CHUNK, load(sizes, array, "int64"))
            yield array, (chunk - first) * CHUNK, stop
            chunk = min(last, load(firsts, array + 1, "int64"))


@intrinsic
def address(typing_context, array):
    """Return the address of the first element of an array."""

    def codegen(context, builder, signature, arguments):
        held = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        return builder.ptrtoint(held.data, ir.IntType(64))

    return types.int64(array), codegen


@intrinsic
def _claim(typing_context, counter):
    """Take the next number from the shared int64 at an address, atomically."""

    def codegen(context, builder, signature, arguments):
        number = ir.IntType(64)
        cell = builder.inttoptr(arguments[0], ir.PointerType(number))
        return builder.atomic_rmw("add", cell, number(1), "monotonic")

    return types.int64(types.int64), codegen
