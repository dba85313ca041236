"""Checks that every array passes before a kernel sees it.

Kernels compute addresses; an array of another layout than they assume would make them read or write
foreign memory. So each entry passes its inputs through `source` or `sources`, which return a
C-contiguous, aligned, native-endian array (a copy only if the input is not one), and its outputs
through `output` or `outputs`, which never copy, because the caller would not see the result.
"""

from __future__ import annotations

import ctypes
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from numbers import Real
from typing import Any

import ml_dtypes
import numpy as np

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
KINDS = (*FLOATS, *INTEGERS, "bool")

ITEMSIZE = {
    name: BFLOAT16.itemsize if name == "bfloat16" else np.dtype(name).itemsize for name in KINDS
}

# MXNet's dtype for bfloat16. Such arrays enter as views of the dtype that NumPy can add.
_MXNET_BFLOAT16 = np.dtype([("bfloat16", "=u2")])

_PLAIN = {np.dtype(name): name for name in KINDS if name != "bfloat16"} | {BFLOAT16: "bfloat16"}
_KIND_OF = {**_PLAIN, _MXNET_BFLOAT16: "bfloat16"}

_READABLE = 0x1 | 0x100  # C-contiguous, aligned
_WRITEABLE = _READABLE | 0x400


def kind(dtype: np.dtype) -> str:
    """Return the kernels' name for the element kind of a native dtype."""
    try:
        return _KIND_OF[dtype]
    except KeyError:
        raise TypeError(
            f"dtype {dtype} is not supported; the kernels take {', '.join(KINDS)}"
        ) from None


def source(array: object, name: str) -> np.ndarray:
    """Return `array` as a C-contiguous, aligned, native-endian array; copy only if necessary.

    MXNet's bfloat16 enters as a view of the dtype `BFLOAT16`. Host arrays only: an array on a GPU
    raises TypeError.
    """
    if type(array) is not np.ndarray:
        array = _as_array(array, name)
    if array.flags.num & _READABLE == _READABLE and array.dtype in _PLAIN:
        return array
    native = array.dtype.newbyteorder("=")
    kind(native)
    entered = np.require(array, native, ("C", "A"))
    return entered.view(BFLOAT16) if native == _MXNET_BFLOAT16 else entered


def _as_array(array: object, name: str) -> np.ndarray:
    if isinstance(array, np.ndarray):
        return array.view(np.ndarray)
    if hasattr(array, "__cuda_array_interface__"):
        raise TypeError(
            f"{name} is on a GPU; call the same function of numparam.kernels.cuda, "
            "or copy it to the host first"
        )
    converted = np.asarray(array)
    if converted.dtype == object:
        raise TypeError(f"{name} must be a numeric array, not {type(array).__name__}")
    return converted


def sources(arrays: Iterable[object], name: str = "sources") -> list[np.ndarray]:
    """Check at least one source, all of one shape and one dtype; see `source`."""
    _refuse_single(arrays, name)
    checked = []
    for array in arrays:
        # The common case costs no call and no formatted name.
        if (
            type(array) is np.ndarray
            and array.flags.num & _READABLE == _READABLE
            and array.dtype in _PLAIN
        ):
            checked.append(array)
        else:
            checked.append(source(array, f"{name}[{len(checked)}]"))
    if not checked:
        raise ValueError(f"{name} is empty; at least one array is needed")
    first = checked[0]
    for i, array in enumerate(checked):
        if array.shape != first.shape or array.dtype != first.dtype:
            raise ValueError(
                f"{name} must agree in shape and dtype: {name}[0] is {first.dtype}{first.shape}, "
                f"{name}[{i}] is {array.dtype}{array.shape}"
            )
    return checked


def output(array: object, name: str = "out", *, writeable: bool = True) -> np.ndarray:
    """Check that a kernel may use `array` in place, and return it or a view; never a copy.

    With ``writeable=False`` it is only read, and may be read-only.
    """
    if type(array) is not np.ndarray:
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"{name} must be a numpy.ndarray to be used in place, not {type(array).__name__}"
            )
        array = array.view(np.ndarray)
    flags = array.flags
    needed = _WRITEABLE if writeable else _READABLE
    if flags.num & needed == needed:
        if array.dtype in _PLAIN:
            return array
        if array.dtype == _MXNET_BFLOAT16:
            return array.view(BFLOAT16)
    kind(array.dtype.newbyteorder("="))
    if writeable and not flags.writeable:
        raise ValueError(
            f"{name} is read-only (a memory map opened for reading, a buffer of bytes, a frozen "
            "array?); pass a writeable copy"
        )
    if not flags.c_contiguous:
        raise ValueError(
            f"{name} is not C-contiguous (shape {array.shape}, strides {array.strides} bytes); "
            "use a contiguous array and copy from it"
        )
    if not flags.aligned:
        raise ValueError(f"{name} is not aligned to its {array.dtype.itemsize}-byte elements")
    raise ValueError(f"{name} is not in native byte order (dtype {array.dtype})")


def outputs(
    arrays: Iterable[object], name: str = "arrays", *, writeable: bool = True
) -> list[np.ndarray]:
    """Check each of any number of arrays as `output` does; any shapes and dtypes."""
    _refuse_single(arrays, name)
    needed = _WRITEABLE if writeable else _READABLE
    checked = []
    for array in arrays:
        # The common case costs no call and no formatted name.
        if (
            type(array) is np.ndarray
            and array.flags.num & needed == needed
            and array.dtype in _PLAIN
        ):
            checked.append(array)
        else:
            checked.append(output(array, f"{name}[{len(checked)}]", writeable=writeable))
    return checked


def _refuse_single(arrays: object, name: str) -> None:
    if isinstance(arrays, np.ndarray) or not isinstance(arrays, Iterable):
        raise TypeError(f"{name} must be a list of arrays, not one {type(arrays).__name__}")


def same_form(array: np.ndarray, like: np.ndarray, name: str = "out") -> None:
    """Check that an output has the shape and dtype of `like`."""
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(
            f"{name} must be {like.dtype}{like.shape} like the sources, "
            f"not {array.dtype}{array.shape}"
        )


def _address_by_interface(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def _address_by_layout(array: np.ndarray) -> int:
    # NumPy's C structure of an array, part of its ABI, begins with the address of the data.
    return _Pointer.from_address(id(array) + _HEADER).value or 0


_Pointer = ctypes.c_size_t
_HEADER = object.__basicsize__


def _layout_is_known() -> bool:
    """Return whether both ways find the same addresses, on arrays of several kinds."""
    if sys.implementation.name != "cpython":
        return False
    memory = np.zeros(32, np.uint8)
    probes = (memory, memory[3:], memory[::-1], memory.view(np.int64).reshape(2, 2).T, np.ones(()))
    return all(_address_by_layout(probe) == _address_by_interface(probe) for probe in probes)


# The documented way builds a dictionary: ten times the time of all the rest of a small call.
_address = _address_by_layout if _layout_is_known() else _address_by_interface


def address(array: np.ndarray) -> int:
    """Return the address of the first element, in bytes."""
    return _address(array)


def refuse_partial_overlap(out: np.ndarray, others: Sequence[np.ndarray], name: str) -> None:
    """Check that `out` shares no part of its memory with one of `others`; all contiguous.

    The very same array is allowed: element i is read before element i is written.
    """
    start = address(out)
    stop = start + out.nbytes
    for i, other in enumerate(others):
        other_start = address(other)
        if (
            other_start < stop
            and start < other_start + other.nbytes
            and (other_start != start or other.nbytes != out.nbytes)
        ):
            raise ValueError(
                f"out overlaps part of {name}[{i}]; it may be exactly one of them "
                "or share no memory with any"
            )


def addresses_apart(arrays: Sequence[np.ndarray], name: str = "sources") -> list[int]:
    """Check sources and, last, their output for partial overlaps; return all addresses.

    `refuse_partial_overlap` for many arrays of one form, which looks up each address once.
    """
    starts = [_address(array) for array in arrays]
    own = starts[-1]
    nbytes = arrays[-1].nbytes
    for i, start in enumerate(starts):
        if start != own and -nbytes < start - own < nbytes:
            raise ValueError(
                f"out overlaps part of {name}[{i}]; it may be exactly one of them "
                "or share no memory with any"
            )
    return starts


def row_ids(ids: object, rows: int | None, name: str = "ids") -> np.ndarray:
    """Return `ids` as a 1-D int64 array; with `rows`, only after all are within 0 … rows - 1.

    Floating-point ids are taken where each is a whole number that its dtype holds exactly.

    Raises
    ------
    TypeError
        If `ids` is not an array of numbers. A mask of booleans is not.
    ValueError
        If a floating-point id has a fraction, is not finite or is too large to be exact.
    IndexError
        If an id is negative or not below `rows`.
    """
    given = source(ids, name)
    flat = given.reshape(-1)
    if flat.dtype == np.int64:
        whole = flat
    elif flat.dtype == np.bool_:
        raise TypeError(
            f"{name} are booleans; row ids are numbers. numpy.flatnonzero gives those of a mask"
        )
    elif flat.dtype.type.__name__ in FLOATS:  # `dtype.name` imports, which fails at exit
        whole = _whole_numbers(flat, name)
    else:
        if flat.dtype == np.uint64 and flat.size and flat.max() > np.uint64(2**63 - 1):
            raise IndexError(f"{name} holds {flat.max()}, which is beyond any row")
        whole = flat.astype(np.int64)
    if rows is not None and whole.size:
        low, high = int(whole.min()), int(whole.max())
        if low < 0 or high >= rows:
            bad = low if low < 0 else high
            position = int(np.flatnonzero(whole == bad)[0])
            raise IndexError(
                f"{name}[{position}] is {bad}; row ids must be between 0 and {rows - 1} "
                f"for {rows} rows"
            )
    return whole


def _whole_numbers(ids: np.ndarray, name: str) -> np.ndarray:
    wide = ids.astype(np.float64)
    bits = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
    exact = 2.0 ** bits[ids.dtype.type.__name__]
    good = np.isfinite(wide) & (np.floor(wide) == wide) & (np.abs(wide) <= exact)
    if not good.all():
        position = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"{name}[{position}] is {float(wide[position])!r} as {ids.dtype}; a floating-point row "
            f"id must be a whole number of at most {int(exact)}, up to which {ids.dtype} is exact. "
            "Pass int64 ids"
        )
    return wide.astype(np.int64)


def multiplier(factor: object) -> float:
    """Check a factor for arrays and return it as a float."""
    if isinstance(factor, bool) or not isinstance(factor, Real):
        raise TypeError(f"factor must be a real number, not {type(factor).__name__}")
    try:
        return float(factor)
    except OverflowError:
        raise ValueError("factor is a number beyond float64") from None


def tolerances(rtol: object, atol: object) -> tuple[float, float]:
    """Check the tolerances of a comparison and return them as floats."""
    checked = []
    for name, value in (("rtol", rtol), ("atol", atol)):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} must be a real number, not {type(value).__name__}")
        checked.append(float(value))
        if not checked[-1] >= 0:
            raise ValueError(f"{name} must not be negative or NaN, got {value!r:.50}")
    return checked[0], checked[1]


def booleans_differ(position: int, name: str = "sources") -> str:
    """Return the message for boolean sources that have no mean."""
    return (
        f"{name}[{position}] differs from {name}[0]; booleans have no mean unless all copies "
        "agree. Cast them to a number first"
    )


def several(lists: Iterable[Iterable[object]], name: str) -> list[Iterable[object]]:
    """Check that there is at least one list of arrays, and return all."""
    _refuse_single(lists, name)
    given = list(lists)
    if not given:
        raise ValueError(f"{name} is empty; at least one list of arrays is needed")
    return given


def copies_match(
    copies: Sequence[Sequence[np.ndarray]], address: Callable[[Any], int] = address
) -> None:
    """Check that lists hold arrays of the same forms, and that no two arrays share memory."""
    spans = []
    for k, arrays in enumerate(copies):
        if len(arrays) != len(copies[0]):
            raise ValueError(
                f"copies[{k}] has {len(arrays)} arrays and copies[0] has {len(copies[0])}; each "
                "needs all arrays"
            )
        for i, (array, first) in enumerate(zip(arrays, copies[0], strict=True)):
            if array.shape != first.shape or array.dtype != first.dtype:
                raise ValueError(
                    f"copies[{k}][{i}] must be {first.dtype}{first.shape} like copies[0][{i}], "
                    f"not {array.dtype}{array.shape}"
                )
            if array.nbytes:
                spans.append((address(array), array.nbytes, k, i))
    spans.sort()
    for (start, nbytes, k, i), (following, _, m, j) in pairwise(spans):
        if following < start + nbytes:
            raise ValueError(
                f"copies[{k}][{i}] and copies[{m}][{j}] share memory, which would be written "
                "twice; pass each array once, and no views of it"
            )


def each_source(arrays: Iterable[object], name: str = "sources") -> list[np.ndarray]:
    """Check each of any number of arrays as `source` does; any shapes and dtypes."""
    _refuse_single(arrays, name)
    return [source(array, f"{name}[{i}]") for i, array in enumerate(arrays)]


def pairs_match(
    targets: Sequence[np.ndarray],
    read: Sequence[np.ndarray],
    address: Callable[[Any], int] = address,
    names: tuple[str, str] = ("targets", "sources"),
) -> None:
    """Check that sources have their targets' forms, and that no two of all arrays share memory.

    A source may be exactly its own target: element i is read before element i is written.
    """
    written, given_as = names
    if len(targets) != len(read):
        raise ValueError(
            f"there are {len(targets)} {written} and {len(read)} {given_as}; each of {written} "
            "needs one"
        )
    for i, (target, given) in enumerate(zip(targets, read, strict=True)):
        if target.shape != given.shape or target.dtype != given.dtype:
            raise ValueError(
                f"{given_as}[{i}] must be {target.dtype}{target.shape} like {written}[{i}], "
                f"not {given.dtype}{given.shape}"
            )
    spans = sorted(
        (address(target), target.nbytes, i) for i, target in enumerate(targets) if target.nbytes
    )
    for (start, nbytes, i), (following, _, j) in pairwise(spans):
        if following < start + nbytes:
            raise ValueError(
                f"{written}[{min(i, j)}] and {written}[{max(i, j)}] share memory, which would be "
                "written twice; pass each array once, and no views of it"
            )
    starts = [start for start, _, _ in spans]
    for i, given in enumerate(read):
        start = address(given)
        before = bisect_left(starts, start + given.nbytes) - 1
        if before < 0 or not given.nbytes:
            continue
        other, nbytes, owner = spans[before]
        if other + nbytes > start and not (owner == i and other == start):
            raise ValueError(
                f"{given_as}[{i}] shares memory with {written}[{owner}]; pass a copy of it"
            )
