"""Conversion of an array to another dtype, and plain copies."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from numparam.kernels import _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cpu import _pool
from numparam.kernels.cpu._convert import convert
from numparam.kernels.cpu._elements import claim, load, store
from numparam.kernels.cpu._jit import kernel, kernel_per_kind

_PIECE = 1 << 17  # elements that one claim converts: large against the cost of a claim
_COPIED = 1 << 20  # bytes that one claim copies


def cast(source: object, dtype: object = None, out: np.ndarray | None = None) -> np.ndarray:
    """Convert an array to another dtype, rounding once.

    Parameters
    ----------
    source : array_like
        Any shape, layout and byte order, of one of the 13 dtypes of the kernels.
    dtype : numpy.dtype or what makes one, optional
        Of the result. Needed unless `out` is given, which must then agree with it.
    out : numpy.ndarray, optional
        Receives the result: C-contiguous, of the source's shape. It may be exactly the source's
        memory, where the elements are of one size; it may not overlap it otherwise. A source that
        is not C-contiguous, aligned and of native byte order is copied first and may overlap it.

    Returns
    -------
    numpy.ndarray
        `out`, or a new C-contiguous array; also where the dtype stays the same.

    Raises
    ------
    TypeError
        If a dtype is not one of the kernels', if neither `dtype` nor `out` is given, or if `out` is
        not an array.
    ValueError
        If `out` has another shape or another dtype than `dtype`, cannot be written, or overlaps
        the source.

    Notes
    -----
    *To floating point*: the nearest number, ties to even, in one rounding from any source; too
    large a number becomes an infinity, NaN stays NaN. MXNet 1.9.1 cuts float32 off to get bfloat16
    (3.4e38 stays finite there).

    *From floating point to integers*: the fraction is dropped, and the whole number taken through a
    carrier, whose low bits the target keeps: int32 for int8, uint8, int16, uint16 and int32; int64
    for uint32, int64 and uint64 (for which ``2**63`` to ``2**64 - 1`` are good too). So 300.0 is 44
    as uint8, and -1.0 is 255. NaN, and numbers that the carrier cannot hold, become its smallest
    number, ``-2**31`` or ``-2**63``: 0 in a narrower target, ``2**63`` in uint64. This is what
    MXNet gives on x86-64, for the integers that it casts to (int8, uint8, int32, int64); here every
    processor gives it.

    *Between integers*: the low bits stay, as in C. *To bool*: whether it is not zero; NaN is true.

    Moves source.nbytes + out.nbytes; O(size). One loop is compiled for each pair of kinds that
    differ in machine code (102 of 169), at its first use.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import cast
    >>> cast.cast(np.float32([1.01171875, 3.4e38]), "bfloat16").tolist()
    [1.015625, inf]
    >>> cast.cast(np.float64([-1.9, 300, np.nan]), np.uint8)
    array([255,  44,   0], dtype=uint8)
    >>> out = np.empty(2, np.float16)
    >>> cast.cast([2049, 2051], out=out) is out
    True
    >>> out.tolist()
    [2048.0, 2052.0]
    """
    array = _gate.source(source, "source")
    if out is None:
        target = np.empty(array.shape, _target_dtype(dtype))
    else:
        target = _gate.output(out)
        if dtype is not None and _gate.kind(_target_dtype(dtype)) != _gate.kind(target.dtype):
            raise ValueError(
                f"dtype is {_target_dtype(dtype)} but out is {target.dtype}; "
                "give one of them, or both alike"
            )
        if target.shape != array.shape:
            raise ValueError(f"out must have the source's shape {array.shape}, not {target.shape}")
        _gate.refuse_partial_overlap(target, [array], "source")
    _write(array, target)
    return target if out is None else out


def copy(source: object, out: np.ndarray | None = None) -> np.ndarray:
    """Copy an array of any layout into a C-contiguous one of the same dtype, bit for bit.

    Parameters
    ----------
    source : array_like
        Any shape, layout and byte order, of one of the 13 dtypes of the kernels.
    out : numpy.ndarray, optional
        Receives the copy: C-contiguous, of the source's shape and (native) dtype. Where it is
        exactly the source's memory, nothing is done; it may not overlap a contiguous source partly.
        A source of another layout that may share memory with `out` is copied aside first.

    Returns
    -------
    numpy.ndarray
        `out`, or a new array that shares no memory with the source.

    Raises
    ------
    TypeError
        If the dtype is not one of the kernels', or `out` is not an array.
    ValueError
        If `out` has another shape or dtype, cannot be written, or overlaps part of the source.

    Notes
    -----
    Moves 2 × nbytes, in one pass from any layout unless it has to be copied aside; O(size). NaNs
    keep their payloads.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cpu import cast
    >>> columns = np.asfortranarray([[1, 2], [3, 4]])
    >>> cast.copy(columns).flags.c_contiguous
    True
    """
    if out is None:
        array = _gate.source(source, "source")
        if isinstance(source, np.ndarray) and _gate.address(array) != _gate.address(source):
            return array  # the gate has made it a contiguous copy already
        target = np.empty(array.shape, array.dtype)
        _write(array, target)
        return target
    target = _gate.output(out)
    if isinstance(source, np.ndarray) and _scattered_beside(source, target):
        # NumPy's own check of what is shared is not exact: `a[3:9] = a[2:14:2]` goes wrong.
        apart = source.copy() if np.may_share_memory(source, target) else source
        np.copyto(target, apart)
        return out
    array = _gate.source(source, "source")
    _gate.same_form(target, array)
    _gate.refuse_partial_overlap(target, [array], "source")
    _write(array, target)
    return out


def _scattered_beside(source: np.ndarray, target: np.ndarray) -> bool:
    """Return whether NumPy should copy the source, which is not contiguous, into the target."""
    return (
        not (source.flags.c_contiguous and source.flags.aligned and source.dtype.isnative)
        and source.shape == target.shape
        and source.dtype.newbyteorder("=") == target.dtype
    )


def _target_dtype(dtype: object) -> np.dtype:
    if dtype is None:
        raise TypeError("cast needs the dtype of its result: give dtype or out")
    wanted = np.dtype(dtype)  # type: ignore[call-overload]
    return _gate.BFLOAT16 if _gate.kind(wanted) == "bfloat16" else wanted


def _write(source: np.ndarray, target: np.ndarray) -> None:
    """Convert between contiguous arrays of one shape: the same memory, or without overlap."""
    pair = _machine_pair(_gate.kind(source.dtype), _gate.kind(target.dtype))
    nbytes = source.nbytes + target.nbytes
    addresses = (_gate.address(source), _gate.address(target))
    if pair is not None:
        pieces = -(-source.size // _PIECE)
        _pool.run(_convert_pieces(pair), *addresses, source.size, nbytes=nbytes, pieces=pieces)
    elif addresses[0] != addresses[1]:
        pieces = -(-source.nbytes // _COPIED)
        _pool.run(_copy_pieces, *addresses, source.nbytes, nbytes=nbytes, pieces=pieces)


def _machine_pair(source: str, target: str) -> str | None:
    """Return the pair of kinds whose loop converts `source` to `target`; None to copy the bits.

    Kinds whose sign makes no difference to the bits share a loop.
    """
    to_integer = target in _gate.INTEGERS
    size = ITEMSIZE[target]
    if source == target:
        return None
    if source in _gate.INTEGERS and (target == "bool" or to_integer):
        if to_integer and ITEMSIZE[source] == size:
            return None
        if target == "bool" or ITEMSIZE[source] > size:
            source = f"uint{8 * ITEMSIZE[source]}"
    if to_integer and (source not in _gate.FLOATS or size < 4):
        target = f"uint{8 * size}"
    return f"{source}-{target}"


@kernel_per_kind
def _convert_pieces(pair):
    source_kind, target_kind = pair.split("-")

    def convert_range(source, target, size, counter):
        while True:
            piece = claim(counter) * _PIECE
            if piece >= size:
                return
            for i in range(piece, min(piece + _PIECE, size)):
                value = load(source, i, source_kind)
                store(target, i, convert(value, source_kind, target_kind), target_kind)

    return convert_range


@kernel
def _copy_pieces(source, target, nbytes, counter):
    while True:
        piece = claim(counter) * _COPIED
        if piece >= nbytes:
            return
        _copy_bytes(target + piece, source + piece, min(_COPIED, nbytes - piece))


@intrinsic
def _copy_bytes(typing_context, target, source, nbytes):
    """Copy bytes between two addresses; LLVM calls the C library's memcpy."""

    def codegen(context, builder, signature, arguments):
        pointer = ir.PointerType(ir.IntType(8))
        to, origin = (builder.inttoptr(argument, pointer) for argument in arguments[:2])
        cgutils.raw_memcpy(builder, to, origin, arguments[2], 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen
