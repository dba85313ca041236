"""Random arrays: ``numparam.nd.random``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from numparam import generator
from numparam._missing import missing
from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.arguments import device_of, shape_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke
from numparam.ndarray.sparse.parts import Parts, all_row_ids
from numparam.types.dtypes import as_dtype

__all__ = ["normal", "randint", "randn", "shuffle", "uniform"]

Fill = Callable[[Backend, Buffer], None]
_LARGEST_SPAN = 1 << 53


class DistributionError(MXNetError, ValueError, TypeError):
    """The parameters are not those of a distribution, or its numbers do not fit the array."""


class MixedParametersError(DistributionError, AssertionError):
    """One parameter is an array and the other a number; also an AssertionError, as in MXNet."""


def uniform(
    low: Any = 0,
    high: Any = 1,
    shape: int | Sequence[int] | None = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw numbers uniformly from [low, high).

    Parameters
    ----------
    low, high : float or NDArray
        The bounds. Two arrays of one shape give numbers for each pair of bounds.
    shape : int or sequence of int, optional
        The shape of the result, or of the numbers for each pair; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    ctx : Context, optional
        Where it goes; the current context if not given.
    out : NDArray, optional
        What is filled instead of a new array, of any storage type: a sparse one then stores
        everything.
    **keywords
        ``name``, ignored.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        If bounds, shape or dtype do not fit; nothing was written then.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.random.uniform(5, 6, shape=(2, 3)).shape
    (2, 3)
    """
    _ignore_name(keywords)

    def fill(bounds: tuple[float, float]) -> Fill:
        return lambda backend, buffer: generator.fill_uniform(backend, buffer, *bounds)

    if isinstance(low, NDArray) or isinstance(high, NDArray):
        _both_arrays(low, high)
        return _for_each(low, high - low, fill((0, 1)), shape, dtype, out)
    low, high = _number(low, "low"), _number(high, "high")
    if not low <= high:
        raise DistributionError(f"low must not be above high; they are {low} and {high}")
    return _drawn(fill((low, high)), shape, dtype, ctx, out)


def normal(
    loc: Any = 0,
    scale: Any = 1,
    shape: int | Sequence[int] | None = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw numbers from a normal distribution.

    Parameters
    ----------
    loc, scale : float or NDArray
        Mean and standard deviation. Two arrays of one shape give numbers for each pair.
    shape, dtype, ctx, out, **keywords
        As for `uniform`.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        If a parameter, shape or dtype does not fit; nothing was written then.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.random.normal(0, 1, shape=4, dtype='float64').dtype
    <class 'numpy.float64'>
    """
    _ignore_name(keywords)

    def fill(moments: tuple[float, float]) -> Fill:
        return lambda backend, buffer: generator.fill_normal(backend, buffer, *moments)

    if isinstance(loc, NDArray) or isinstance(scale, NDArray):
        _both_arrays(loc, scale)
        return _for_each(loc, scale, fill((0, 1)), shape, dtype, out)
    loc, scale = _number(loc, "loc"), _number(scale, "scale")
    if not scale >= 0:
        raise DistributionError(f"scale, a standard deviation, must not be negative; it is {scale}")
    return _drawn(fill((loc, scale)), shape, dtype, ctx, out)


def randn(
    *shape: int,
    dtype: Any = None,
    loc: float = 0,
    scale: float = 1,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw numbers from a normal distribution.

    Parameters
    ----------
    *shape : int
        The lengths of the result's dimensions; one number if none are given.
    dtype, loc, scale, ctx, out, **keywords
        As for `normal`.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.random.randn(2, 3).shape
    (2, 3)
    """
    return normal(loc, scale, shape or None, dtype, ctx, out, **keywords)


def randint(
    low: int,
    high: int,
    shape: int | Sequence[int] | None = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw integers from low to high - 1, each as likely.

    Parameters
    ----------
    low, high : int
        The bounds; at most 2**53 apart.
    shape, ctx, out, **keywords
        As for `uniform`.
    dtype : str, type or numpy.dtype, optional
        int32 (the default) or int64.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        If there is no integer in the range, or a bound, shape or dtype does not fit.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.random.randint(3, 4, shape=2).asnumpy()
    array([3, 3], dtype=int32)
    """
    _ignore_name(keywords)
    try:
        first, end = operator.index(low), operator.index(high)
    except TypeError:
        raise DistributionError(f"low and high must be integers, not {low!r}, {high!r}") from None
    wanted = as_dtype(dtype, np.int32) if out is None or dtype is not None else out._buffer.dtype
    if wanted.name not in ("int32", "int64"):
        raise DistributionError(f"dtype of randint must be int32 or int64, not {wanted}")
    limits = np.iinfo(wanted)
    if not first < end or first < limits.min or end - 1 > limits.max:
        raise DistributionError(f"there must be {wanted} integers from {low} to below {high}")
    span = end - first
    if span > _LARGEST_SPAN:
        raise DistributionError(f"low and high may be at most 2**53 apart, not {span}")
    lengths = _lengths(shape, out)
    ctx, backend = (out._ctx, out._backend) if out is not None else device_of(ctx)
    fractions = backend.empty(lengths, np.dtype(np.float64))
    generator.fill_uniform(backend, fractions)

    def numbered(values: np.ndarray) -> np.ndarray:
        return (np.floor(values * span).astype(np.int64) + first).astype(wanted)

    drawn = NDArray.from_buffer(backend.apply(numbered, fractions), ctx, backend)
    return _delivered(drawn, out)


def shuffle(data: NDArray, out: NDArray | None = None, **keywords: Any) -> NDArray:
    """Return the rows of an array in random order.

    Parameters
    ----------
    data : NDArray
        Dense, with at least one dimension; it stays as it is.
    out : NDArray, optional
        Where to write the result; it may be `data`.
    **keywords
        ``name``, ignored.

    Returns
    -------
    NDArray
        A copy, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> sorted(mx.nd.random.shuffle(mx.nd.arange(4)).asnumpy().tolist())
    [0.0, 1.0, 2.0, 3.0]
    """
    _ignore_name(keywords)
    if not isinstance(data, NDArray) or data.stype != "default" or not data.shape:
        raise DistributionError("shuffle needs a dense array with at least one dimension")
    backend = data._backend
    keys = backend.empty(data.shape[:1], np.dtype(np.float64))
    generator.fill_uniform(backend, keys)

    def order(values: np.ndarray) -> np.ndarray:
        return np.argsort(values, kind="stable")

    positions = data._array_class.from_buffer(backend.apply(order, keys), data._ctx, backend)
    return _delivered(invoke(OPERATIONS["take"], (data, positions), {}), out)


def __getattr__(name: str) -> NoReturn:
    raise missing(
        "numparam.nd.random",
        name,
        __all__,
        f"It has {', '.join(__all__)}. For other distributions draw with "
        "numpy.random.default_rng(seed) and make arrays with nd.array",
    )


def _ignore_name(keywords: dict[str, Any]) -> None:
    keywords.pop("name", None)
    if keywords:
        raise TypeError(f"unexpected argument {', '.join(keywords)}")


def _number(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DistributionError(f"{name} must be a number or an NDArray, not {value!r}") from None


def _both_arrays(first: Any, second: Any) -> None:
    if not (isinstance(first, NDArray) and isinstance(second, NDArray)):
        raise MixedParametersError(
            "both parameters must be numbers, or both arrays; they are "
            f"{type(first).__name__} and {type(second).__name__}"
        )
    if first.shape != second.shape:
        raise MixedParametersError(
            f"arrays of parameters must have one shape, not {first.shape} and {second.shape}"
        )


def _lengths(shape: Any, out: NDArray | None) -> tuple[int, ...]:
    """Return the shape to draw."""
    if shape is None:
        return (1,) if out is None else out.shape
    lengths = shape_of(shape)
    if out is not None and out.shape != lengths:
        raise DistributionError(f"out must have the shape {lengths}, not {out.shape}")
    return lengths


def _float_dtype(dtype: Any, out: NDArray | None) -> np.dtype[Any]:
    wanted = as_dtype(dtype) if out is None or dtype is not None else out._buffer.dtype
    if wanted.name not in ("float16", "bfloat16", "float32", "float64"):
        raise DistributionError(
            f"random numbers have dtype float16, bfloat16, float32 or float64, not {wanted}"
        )
    if out is not None and out._buffer.dtype != wanted:
        raise DistributionError(f"out must be of dtype {wanted}, not {out._buffer.dtype}")
    return wanted


def _drawn(fill: Fill, shape: Any, dtype: Any, ctx: Context | None, out: Any) -> NDArray:
    lengths = _lengths(shape, out)
    wanted = _float_dtype(dtype, out)
    if out is not None and out.stype == "default":
        out._require_writable()
        _filled(fill, out._backend, out._buffer)
        return out
    ctx, backend = (out._ctx, out._backend) if out is not None else device_of(ctx)
    buffer = backend.empty(lengths, wanted)
    _filled(fill, backend, buffer)
    return _delivered(NDArray.from_buffer(buffer, ctx, backend), out)


def _filled(fill: Fill, backend: Backend, buffer: Buffer) -> None:
    try:
        fill(backend, buffer)
    except (ValueError, TypeError) as error:
        raise DistributionError(str(error)) from error


def _for_each(
    offset: NDArray, factor: NDArray, fill: Fill, shape: Any, dtype: Any, out: Any
) -> NDArray:
    """Numbers for each pair of parameters: ``offset + factor * number``."""
    each = () if shape is None else shape_of(shape)
    wanted = _float_dtype(offset.dtype if dtype is None else dtype, out)
    backend = offset._backend
    buffer = backend.empty(offset.shape + each, wanted)
    _filled(fill, backend, buffer)
    numbers = NDArray.from_buffer(buffer, offset._ctx, backend)
    form = offset.shape + (1,) * len(each)
    for name, parameter in (("broadcast_mul", factor), ("broadcast_add", offset)):
        stretched = parameter.astype(wanted)._in_shape(form)
        numbers = invoke(OPERATIONS[name], (numbers, stretched), {})
    return _delivered(numbers, out)


def _delivered(drawn: NDArray, out: NDArray | None) -> NDArray:
    if out is None:
        return drawn
    if out.shape != drawn.shape or out._buffer.dtype != drawn._buffer.dtype:
        raise OperationError(
            f"out must be {drawn._buffer.dtype}{drawn.shape}, not {out._buffer.dtype}{out.shape}"
        )
    if out.stype == "row_sparse":
        _store_all_rows(drawn, out)
    else:
        drawn.copyto(out)
    return out


def _store_all_rows(drawn: NDArray, out: Any) -> None:
    """Store every row, also one that happens to be zero."""
    ids = all_row_ids(out._backend, out.shape[0])
    out._adopt(Parts(drawn._buffer, ids, valid=True))
