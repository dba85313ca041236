"""Memory that is about to be written: values that come from there are copied first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from numparam.devices.memory import owns_memory
from numparam.gluon import transfers
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.array import BaseSparseNDArray

__all__ = ["WrittenMemory", "apart", "span_of"]


class WrittenMemory:
    """The memory of arrays that are about to be written, dense or sparse, on any contexts.

    Parameters
    ----------
    arrays : iterable of NDArray
        The arrays.

    Examples
    --------
    >>> import numparam as mx
    >>> weight = mx.nd.array([1, 2, 3])
    >>> values = WrittenMemory([weight]).apart(weight.asnumpy())
    >>> values = WrittenMemory([weight]).apart(weight[0:2])  # a copy
    >>> weight[:] = 0
    >>> values.asnumpy()
    array([1., 2.], dtype=float32)
    """

    def __init__(self, arrays: Iterable[Any]) -> None:
        spans: dict[str, list[tuple[int, int]]] = {}
        # Devices whose addresses are not known: all of their memory counts.
        self._devices: set[int] = set()
        self._chunks: set[int] = set()
        for array in arrays:
            if isinstance(array, BaseSparseNDArray):
                self._chunks.add(id(array._chunk))
                continue
            span = span_of(array._buffer)
            if span is None:
                self._devices.add(id(array._backend))
            else:
                spans.setdefault(span[0], []).append(span[1:])
        # By space of addresses: sorted starts, and the last end of all spans up to each.
        self._spans: dict[str, tuple[list[int], list[int]]] = {}
        for space, found in spans.items():
            found.sort()
            ends = list(accumulate((stop for _, stop in found), max))
            self._spans[space] = ([start for start, _ in found], ends)

    def apart(self, values: Any) -> Any:
        """Return the values themselves, or a copy if some of them lie in this memory.

        Parameters
        ----------
        values : NDArray or numpy.ndarray
            Dense or sparse, of any layout, on any context.
        """
        if isinstance(values, BaseSparseNDArray):
            if id(values._chunk) not in self._chunks:
                return values
            # Parts are replaced as a whole, so that a handle on them is enough.
            return values.from_parts(values.shape, values._parts, values.context, values._backend)
        if not isinstance(values, NDArray):
            return values.copy() if self._holds(values, None) else values
        if self._holds(values._buffer, values._backend):
            return transfers.copied(values, values.context)
        return values

    def _holds(self, buffer: Any, backend: Any) -> bool:
        span = span_of(buffer)
        if span is None:
            return id(backend) in self._devices
        space, first, end = span
        starts, ends = self._spans.get(space, ([], []))
        before = bisect_left(starts, end)
        return before > 0 and ends[before - 1] > first


def apart(values: Any, arrays: Sequence[Any]) -> Any:
    """Return values as they are, or a copy if some of them are in the memory of arrays.

    The same as ``WrittenMemory(arrays).apart(values)``, and faster for a few arrays whose memory
    nothing else shares.
    """
    buffers = [one._buffer if type(one) is NDArray else one for one in (values, *arrays)]
    if all(isinstance(one, np.ndarray) and owns_memory(one) for one in buffers):
        first, *others = buffers
        if all(first is not other for other in others):
            return values
    return WrittenMemory(arrays).apart(values)


def span_of(buffer: Any) -> tuple[str, int, int] | None:
    """Return the address space and the first and past-the-end addresses; None if unknown."""
    if isinstance(buffer, np.ndarray):
        if not buffer.flags.c_contiguous:
            return "host", *np.lib.array_utils.byte_bounds(buffer)
        start = buffer.__array_interface__["data"][0]  # in a fraction of the time
        return "host", start, start + buffer.nbytes
    interface = getattr(buffer, "__cuda_array_interface__", None)
    if interface is None:
        return None
    start = int(interface["data"][0])
    return "cuda", start, start + int(buffer.nbytes)
