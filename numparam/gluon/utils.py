"""Utilities for training loops: splitting of batches and clipping of gradients."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from numparam._missing import show_public_names
from numparam.context import Context
from numparam.devices.grouping import Group, Row, grouped
from numparam.formats.quoting import quoted
from numparam.gluon.downloads import check_sha1, download
from numparam.gluon.errors import (
    BatchAxisError,
    NoArraysError,
    NormArgumentError,
    NotAContextListError,
    NotAnArrayError,
    SliceCountError,
    UnevenSplitError,
)
from numparam.kernels._callers import warn_caller
from numparam.modes.np_mode import is_np_array
from numparam.ndarray.creation import array as nd_array
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.sparse.array import BaseSparseNDArray
from numparam.types.shapes import shape_is_known

__all__ = [
    "check_sha1",
    "clip_global_norm",
    "download",
    "shape_is_known",
    "split_and_load",
    "split_data",
]

_FLOATS = ("float16", "bfloat16", "float32", "float64")


def split_data(
    data: Any, num_slice: int, batch_axis: int = 0, even_split: bool = True
) -> list[Any]:
    """Split a batch into slices, one for each of several contexts.

    Parameters
    ----------
    data : NDArray or numpy.ndarray
        The batch.
    num_slice : int
        Into how many slices.
    batch_axis : int, default 0
        Along which axis.
    even_split : bool, default True
        Whether all slices must have the same length. With False the first ones may be longer by
        one, and the last ones of a very short batch may be empty.

    Returns
    -------
    list of NDArray or numpy.ndarray
        The slices; along the first axis they share the memory of the batch.

    Raises
    ------
    ValueError
        If the batch does not divide evenly and must, or there are no slices or no such axis.
    TypeError
        If it is not an array.

    Examples
    --------
    >>> import numparam as mx
    >>> batch = mx.nd.arange(6).reshape((3, 2))
    >>> [part.shape for part in mx.gluon.utils.split_data(batch, 2, even_split=False)]
    [(2, 2), (1, 2)]
    """
    shape = getattr(data, "shape", None)
    if shape is None:
        raise NotAnArrayError(
            f"split_data cuts an array, not {type(data).__name__}; make one with nd.array(values)"
        )
    count = operator.index(num_slice)
    axis = operator.index(batch_axis)
    if count < 1:
        raise SliceCountError(f"num_slice must be at least 1; it is {count}")
    if not -len(shape) <= axis < len(shape):
        raise BatchAxisError(f"data of shape {shape} has no axis {axis}")
    size = shape[axis]
    if even_split and size % count:
        raise UnevenSplitError(
            f"{size} elements of axis {axis} of data of shape {shape} do not divide into {count} "
            f"equal slices. Use a batch size that is a multiple of {count}, or even_split=False "
            "for slices of unequal length"
        )
    each, longer = divmod(size, count)
    ends = [(i + 1) * each + min(i + 1, longer) for i in range(count)]
    before = (slice(None),) * (axis % len(shape))
    parts = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    return [data[(*before, part)] if before else data[part] for part in parts]


def split_and_load(
    data: Any, ctx_list: Iterable[Context], batch_axis: int = 0, even_split: bool = True
) -> list[Any]:
    """Split a batch into slices, and move each to a context.

    Parameters
    ----------
    data : NDArray or array_like
        The batch.
    ctx_list : iterable of Context
        The contexts.
    batch_axis, even_split
        As for `split_data`.

    Returns
    -------
    list of NDArray
        A slice on each of the contexts. Arrays that are on the right context already are not
        copied.

    Raises
    ------
    ValueError, TypeError
        If there are no contexts, or as `split_data`.

    Examples
    --------
    >>> import numparam as mx
    >>> parts = mx.gluon.utils.split_and_load([[1, 2], [3, 4]], [mx.cpu(0), mx.cpu(1)])
    >>> [part.context for part in parts]
    [cpu(0), cpu(1)]
    """
    if isinstance(ctx_list, (Context, str, bytes)) or not isinstance(ctx_list, Iterable):
        raise NotAContextListError(
            f"ctx_list must be a list of contexts, such as [cpu(0), cpu(1)], not {ctx_list!r}"
        )
    contexts = list(ctx_list)
    for context in contexts:
        if not isinstance(context, Context):
            raise NotAContextListError(f"{context!r} in ctx_list is not a context")
    if not contexts:
        raise SliceCountError("ctx_list is empty; pass at least one context")
    if not isinstance(data, NDArray):
        data = _array_function()(data, ctx=contexts[0])
    if len(contexts) == 1:
        return [data.as_in_context(contexts[0])]
    parts = split_data(data, len(contexts), batch_axis, even_split)
    return [part.as_in_context(ctx) for part, ctx in zip(parts, contexts, strict=True)]


def _array_function() -> Any:
    if not is_np_array():
        return nd_array
    # Late: numparam.numpy is large, and not needed where NumPy arrays are off.
    from numparam import numpy as mx_numpy

    return mx_numpy.array


def clip_global_norm(
    arrays: Sequence[NDArray], max_norm: float, check_isfinite: bool = True
) -> Any:
    """Scale arrays down in place if their global norm is too large.

    Parameters
    ----------
    arrays : sequence of NDArray
        Of floating-point dtypes, on any contexts; row-sparse ones too. An array that appears
        twice counts once.
    max_norm : float
        The largest Euclidean norm that all elements of all arrays may have together.
    check_isfinite : bool, default True
        Whether to warn if the norm is not finite. With False the norm is returned as an
        array.

    Returns
    -------
    numpy.float32 or NDArray
        The norm before; an array of shape (1,), on the context of the first array, if
        `check_isfinite` is False.

    Raises
    ------
    ValueError
        If there are no arrays, one is not of a floating-point dtype, or `max_norm` is negative or
        NaN. Nothing is scaled then.
    TypeError
        If something is not an array.

    Warns
    -----
    UserWarning
        If the norm is infinite or NaN; the arrays then hold nothing useful.

    Notes
    -----
    The factor is ``min(1, max_norm / (norm + 1e-8))``. Squares are summed in float64 and in a fixed
    order (`numparam.kernels.cpu.norm.sum_of_squares`), so neither the number of threads nor the
    contexts change the result; MXNet sums in the arrays' dtype.

    Examples
    --------
    >>> import numparam as mx
    >>> gradients = [mx.nd.array([3, 4]), mx.nd.array([12])]
    >>> float(mx.gluon.utils.clip_global_norm(gradients, 1.3))
    13.0
    >>> gradients[0].asnumpy()
    array([0.3, 0.4], dtype=float32)
    """
    if isinstance(max_norm, bool) or not isinstance(max_norm, Real) or not max_norm >= 0:
        raise NormArgumentError(f"max_norm must be a number of at least 0, not {max_norm!r:.200}")
    first, groups = _by_device(arrays)
    squares: list[float] = []
    for group in groups:
        backend = group.backend
        squares += backend.download(backend.norm.sum_of_squares(_buffers(group))).tolist()
    total = math.sqrt(_exact_sum(squares))
    with np.errstate(over="ignore"):
        norm = np.float32(total)
    if check_isfinite and not np.isfinite(norm):
        warn_caller(
            f"the norm of all arrays together is {norm}: they hold NaN or infinity, and clipping "
            "makes nothing useful of them"
        )
    factor = float(max_norm) / (total + 1e-8)
    if not factor >= 1:
        for group in groups:
            group.backend.norm.scale(_buffers(group), factor)
    if check_isfinite:
        return norm
    host = np.array([norm], np.float32)
    return first._array_class.from_buffer(first._backend.upload(host), first._ctx, first._backend)


def _by_device(arrays: Sequence[NDArray]) -> tuple[NDArray, list[Group]]:
    """Check the arrays; return the first one, and the buffers of each device, each once."""
    given = [arrays] if isinstance(arrays, NDArray) else list(arrays)
    if not given:
        raise NoArraysError("there are no arrays to clip; pass at least one")
    rows = []
    for position, array in enumerate(given):
        if not isinstance(array, NDArray):
            raise NotAnArrayError(
                f"arrays[{position}] must be an NDArray, not {type(array).__name__}"
            )
        array._require_writable()
        if isinstance(array, BaseSparseNDArray):
            array.check_format()
        buffer = array._buffer
        if buffer.dtype.name not in _FLOATS:
            raise NormArgumentError(
                f"arrays[{position}] is {buffer.dtype}, which cannot be scaled down; use a "
                "floating-point dtype"
            )
        rows.append(Row(array._backend, (buffer,)))
    return given[0], grouped(rows)


def _buffers(group: Group) -> list[Any]:
    return [buffer for (buffer,) in group.rows]


def _exact_sum(numbers: list[float]) -> float:
    """Sum non-negative numbers, rounding once, so that their order does not matter."""
    try:
        return math.fsum(numbers)
    except OverflowError:
        return math.inf


def _indent(text: str, spaces: int) -> str:
    """Indent all lines but the first, so that a repr can stand inside another."""
    return text.replace("\n", "\n" + " " * spaces)


def _brief_print_list(items: Iterable[object], limit: int = 7) -> str:
    """Quote names for a message; if there are more than ``limit``, only the first and last ones."""
    names = list(items)
    if len(names) <= limit:
        return ", ".join(quoted(str(name)) for name in names)
    first, last = names[: limit // 2], names[-limit // 2 :]
    return ", ".join([*[quoted(str(n)) for n in first], "...", *[quoted(str(n)) for n in last]])


show_public_names(__name__)
