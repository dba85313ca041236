"""Random arrays: ``numparam.nd.random``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from numparam import generator
from numparam._missing import missing, show_public_names
from numparam.base import MXNetError
from numparam.context import Context
from numparam.devices.backend import Backend, Buffer
from numparam.ndarray.arguments import device_of, shape_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.operations import OPERATIONS, OperationError, invoke
from numparam.ndarray.quiet import quietly
from numparam.ndarray.sparse.parts import Parts, all_row_ids
from numparam.types.dtypes import DTypeLike, as_dtype

__all__ = [
    "exponential",
    "exponential_like",
    "gamma",
    "gamma_like",
    "generalized_negative_binomial",
    "generalized_negative_binomial_like",
    "multinomial",
    "negative_binomial",
    "negative_binomial_like",
    "normal",
    "normal_like",
    "poisson",
    "poisson_like",
    "randint",
    "randn",
    "shuffle",
    "uniform",
    "uniform_like",
]

Fill = Callable[[Backend, Buffer], None]
_LARGEST_SPAN = 1 << 53


class DistributionError(MXNetError, ValueError, TypeError):
    """The parameters of a distribution are invalid, or its numbers do not fit the array."""


class MixedParametersError(DistributionError, AssertionError):
    """One parameter is an array and the other a number; also an AssertionError, as in MXNet."""


def uniform(
    low: float | NDArray = 0,
    high: float | NDArray = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
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
        lows, highs = _both_arrays(low, high)
        return _for_each(lows, highs - lows, fill((0, 1)), shape, dtype, out)
    low, high = _number(low, "low"), _number(high, "high")
    if not low <= high:
        raise DistributionError(f"low must not be above high; they are {low} and {high}")
    return _drawn(fill((low, high)), shape, dtype, ctx, out)


def normal(
    loc: float | NDArray = 0,
    scale: float | NDArray = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
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
        return _for_each(*_both_arrays(loc, scale), fill((0, 1)), shape, dtype, out)
    loc, scale = _number(loc, "loc"), _number(scale, "scale")
    if not scale >= 0:
        raise DistributionError(f"scale, a standard deviation, must not be negative; it is {scale}")
    return _drawn(fill((loc, scale)), shape, dtype, ctx, out)


def randn(
    *shape: int,
    dtype: DTypeLike = None,
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
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw integers from low to high - 1 with equal probability.

    Parameters
    ----------
    low, high : int
        The bounds.
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
    lengths = _lengths(shape, out)
    ctx, backend = (out._ctx, out._backend) if out is not None else device_of(ctx)
    if span > _LARGEST_SPAN:  # a float64 has too few fractions
        numbers = generator.host_generator().integers(first, end, lengths, wanted)
        return _delivered(NDArray.from_buffer(backend.upload(numbers), ctx, backend), out)
    fractions = backend.empty(lengths, np.dtype(np.float64))
    generator.fill_uniform(backend, fractions)

    def numbered(values: np.ndarray) -> np.ndarray:
        return (np.floor(values * span).astype(np.int64) + first).astype(wanted)

    drawn = NDArray.from_buffer(backend.apply(numbered, fractions), ctx, backend)
    return _delivered(drawn, out)


def exponential(
    scale: float | NDArray = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw numbers from an exponential distribution.

    Parameters
    ----------
    scale : float or NDArray
        The mean, above 0. An array gives numbers for each mean.
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
    >>> bool((mx.nd.random.exponential(2, shape=100) >= 0).min())
    True
    """
    return _sampled(_exponential, {"scale": scale}, shape, dtype, ctx, out, keywords)


def _exponential(random: np.random.Generator, size: Any, scale: Any) -> np.ndarray:
    _require(np.asarray(scale) > 0, "scale, the mean of an exponential distribution,", "above 0")
    return random.standard_exponential(size) * scale


def gamma(
    alpha: float | NDArray = 1,
    beta: float | NDArray = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw numbers from a gamma distribution.

    Parameters
    ----------
    alpha, beta : float or NDArray
        Shape and scale, above 0: the mean is ``alpha * beta``. Two arrays of one shape give
        numbers for each pair.
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
    >>> mx.nd.random.gamma(mx.nd.array([1, 2]), mx.nd.array([3, 4]), shape=5).shape
    (2, 5)
    """
    parameters = {"alpha": alpha, "beta": beta}
    return _sampled(_gamma, parameters, shape, dtype, ctx, out, keywords)


def _gamma(random: np.random.Generator, size: Any, alpha: Any, beta: Any) -> np.ndarray:
    _require(np.asarray(alpha) > 0, "alpha of a gamma distribution", "above 0")
    _require(np.asarray(beta) > 0, "beta of a gamma distribution", "above 0")
    return random.gamma(alpha, beta, size)


def poisson(
    lam: float | NDArray = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw whole numbers from a Poisson distribution.

    Parameters
    ----------
    lam : float or NDArray
        The mean, at least 0. An array gives numbers for each mean.
    shape, dtype, ctx, out, **keywords
        As for `uniform`; the numbers are floating-point ones.

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
    >>> mx.nd.random.poisson(0, shape=2).asnumpy()
    array([0., 0.], dtype=float32)
    """
    return _sampled(_poisson, {"lam": lam}, shape, dtype, ctx, out, keywords)


def _poisson(random: np.random.Generator, size: Any, lam: Any) -> np.ndarray:
    _require(np.asarray(lam) >= 0, "lam, the mean of a Poisson distribution,", "at least 0")
    return random.poisson(lam, size)


def negative_binomial(
    k: float | NDArray = 1,
    p: float | NDArray = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw numbers from a negative binomial distribution: failures before the k-th success.

    Parameters
    ----------
    k, p : float or NDArray
        The number of successes, above 0, and the probability of one, above 0 and at most 1. Two
        arrays of one shape give numbers for each pair.
    shape, dtype, ctx, out, **keywords
        As for `uniform`; the numbers are floating-point ones.

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
    >>> mx.nd.random.negative_binomial(3, 1, shape=2).asnumpy()
    array([0., 0.], dtype=float32)
    """
    parameters = {"k": k, "p": p}
    return _sampled(_negative_binomial, parameters, shape, dtype, ctx, out, keywords)


def _negative_binomial(random: np.random.Generator, size: Any, k: Any, p: Any) -> np.ndarray:
    _require(np.asarray(k) > 0, "k of a negative binomial distribution", "above 0")
    chance = np.asarray(p)
    _require(
        (chance > 0) & (chance <= 1),
        "p of a negative binomial distribution",
        "above 0 and at most 1",
    )
    return random.negative_binomial(k, p, size)


def generalized_negative_binomial(
    mu: float | NDArray = 1,
    alpha: float | NDArray = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw whole numbers from a negative binomial distribution by its mean and dispersion.

    Parameters
    ----------
    mu, alpha : float or NDArray
        The mean and the dispersion, at least 0: the variance is ``mu + alpha * mu**2``. Two arrays
        of one shape give numbers for each pair.
    shape, dtype, ctx, out, **keywords
        As for `uniform`; the numbers are floating-point ones.

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
    >>> mx.nd.random.generalized_negative_binomial(2, 0.3, shape=(2, 3)).shape
    (2, 3)
    """
    parameters = {"mu": mu, "alpha": alpha}
    return _sampled(_dispersed, parameters, shape, dtype, ctx, out, keywords)


def _dispersed(random: np.random.Generator, size: Any, mu: Any, alpha: Any) -> np.ndarray:
    mean, dispersion = np.asarray(mu, np.float64), np.asarray(alpha, np.float64)
    _require(mean >= 0, "mu of a negative binomial distribution", "at least 0")
    _require(dispersion >= 0, "alpha of a negative binomial distribution", "at least 0")
    # A Poisson distribution whose mean is gamma-distributed, or fixed without dispersion.
    spread = np.where(dispersion > 0, dispersion, 1)
    means = random.gamma(1 / spread, mean * spread, size)
    return random.poisson(np.where(dispersion > 0, means, mean), size)


def multinomial(
    data: NDArray,
    shape: int | Sequence[int] | None = None,
    get_prob: bool = False,
    out: NDArray | None = None,
    dtype: DTypeLike = "int32",
    **keywords: Any,
) -> Any:
    """Draw categories with given probabilities.

    Parameters
    ----------
    data : NDArray
        Shape (..., categories): the probabilities of one or more distributions, which sum to 1.
        Their sum is taken for 1 if it is another number.
    shape : int or sequence of int, optional
        How many categories to draw of each distribution; one, without an axis, if not given.
    get_prob : bool, default False
        Whether to return the logarithm of the probability of each draw, too. Gradients flow
        through it to `data`, as the REINFORCE algorithm needs.
    out : NDArray, optional
        What is filled with the categories instead of a new array.
    dtype : str, type or numpy.dtype, default 'int32'
        The dtype of the categories.
    **keywords
        ``name``, ignored.

    Returns
    -------
    NDArray or list of NDArray
        The numbers of the categories, of shape ``(..., *shape)``; with `get_prob` a list of these
        and of the logarithms, of the dtype of `data`. A single distribution gives shape (1,).

    Raises
    ------
    MXNetError
        If the probabilities, shape or dtype do not fit; nothing was written then.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.random.multinomial(mx.nd.array([[0, 1], [1, 0]]), shape=3).asnumpy()
    array([[1, 1, 1],
           [0, 0, 0]], dtype=int32)
    """
    _ignore_name(keywords)
    if not isinstance(data, NDArray) or data.stype != "default" or not data.shape:
        raise DistributionError("data must be a dense array with at least one dimension")
    if not data.shape[-1] or data._buffer.dtype.kind in "b":
        raise DistributionError("data must hold the probability of at least one category")
    wanted = as_dtype(dtype, np.int32)
    each = () if shape is None else shape_of(shape)
    backend = data._backend
    lengths = data.shape[:-1] + each
    numbers = backend.empty(lengths, np.dtype(np.float64))
    generator.fill_uniform(backend, numbers)

    def chosen(probabilities: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        return _categories(probabilities, uniform).reshape(lengths or (1,)).astype(wanted)

    buffer = backend.apply(chosen, data._buffer, numbers)
    drawn = data._array_class.from_buffer(buffer, data._ctx, backend)
    delivered = _delivered(drawn, out)
    if not get_prob:
        return delivered
    return [delivered, invoke(OPERATIONS["_log_probability"], (data, drawn), {})]


def _categories(probabilities: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return the categories of uniform numbers: their places in the cumulative probabilities."""
    table = probabilities.reshape(-1, probabilities.shape[-1]).astype(np.float64)
    if not (np.isfinite(table) & (table >= 0)).all() or not table.sum(axis=1).all():
        raise DistributionError(
            "probabilities must be finite and not negative, and one of each distribution above 0"
        )
    ends = np.cumsum(table, axis=1)
    count = uniform.size // max(len(table), 1)
    places = uniform.reshape(len(table), count) * ends[:, -1:]
    found = np.empty(places.shape, np.int64)
    if places.shape[1] < len(table):
        for column in range(places.shape[1]):
            found[:, column] = (ends <= places[:, column, None]).sum(axis=1)
    else:
        for row, sums in enumerate(ends):
            found[row] = np.searchsorted(sums, places[row], side="right")
    # A product that was rounded up may lie at the end: behind the last category.
    last = table.shape[1] - 1 - np.argmax(table[:, ::-1] > 0, axis=1)
    return np.minimum(found, last[:, None])


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


def uniform_like(
    data: NDArray, low: float = 0, high: float = 1, out: NDArray | None = None, name: Any = None
) -> NDArray:
    """Draw numbers uniformly from [low, high), in the shape of an array; see `uniform`."""
    return _like(uniform, data, (low, high), out)


def normal_like(
    data: NDArray, loc: float = 0, scale: float = 1, out: NDArray | None = None, name: Any = None
) -> NDArray:
    """Draw numbers from a normal distribution, in the shape of an array; see `normal`."""
    return _like(normal, data, (loc, scale), out)


def exponential_like(
    data: NDArray, lam: float = 1, out: NDArray | None = None, name: Any = None
) -> NDArray:
    """Draw numbers with the mean ``1 / lam``, in the shape of an array; see `exponential`."""
    rate = _number(lam, "lam")
    if not rate > 0:
        raise DistributionError(f"lam, the rate of an exponential distribution, is {lam}, not > 0")
    return _like(exponential, data, (1 / rate,), out)


def gamma_like(
    data: NDArray, alpha: float = 1, beta: float = 1, out: NDArray | None = None, name: Any = None
) -> NDArray:
    """Draw numbers from a gamma distribution, in the shape of an array; see `gamma`."""
    return _like(gamma, data, (alpha, beta), out)


def poisson_like(
    data: NDArray, lam: float = 1, out: NDArray | None = None, name: Any = None
) -> NDArray:
    """Draw numbers from a Poisson distribution, in the shape of an array; see `poisson`."""
    return _like(poisson, data, (lam,), out)


def negative_binomial_like(
    data: NDArray, k: float = 1, p: float = 1, out: NDArray | None = None, name: Any = None
) -> NDArray:
    """Draw numbers of failures, in the shape of an array; see `negative_binomial`."""
    return _like(negative_binomial, data, (k, p), out)


def generalized_negative_binomial_like(
    data: NDArray, mu: float = 1, alpha: float = 1, out: NDArray | None = None, name: Any = None
) -> NDArray:
    """Draw numbers in the shape of an array; see `generalized_negative_binomial`."""
    return _like(generalized_negative_binomial, data, (mu, alpha), out)


def _like(
    draw: Callable[..., NDArray], data: NDArray, parameters: tuple[Any, ...], out: NDArray | None
) -> NDArray:
    """Draw in the shape and dtype of an array, on its context."""
    if out is not None:
        return draw(*parameters, shape=data.shape, dtype=data.dtype, out=out)
    return draw(*parameters, shape=data.shape, dtype=data.dtype, ctx=data.context)


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


def _both_arrays(first: Any, second: Any) -> tuple[NDArray, NDArray]:
    if not (isinstance(first, NDArray) and isinstance(second, NDArray)):
        raise MixedParametersError(
            "both parameters must be numbers, or both arrays; they are "
            f"{type(first).__name__} and {type(second).__name__}"
        )
    if first.shape != second.shape:
        raise MixedParametersError(
            f"arrays of parameters must have one shape, not {first.shape} and {second.shape}"
        )
    return first, second


def _lengths(shape: Any, out: NDArray | None) -> tuple[int, ...]:
    """Return the shape of the numbers to draw."""
    if shape is None:
        return (1,) if out is None else out.shape
    lengths = shape_of(shape)
    if out is not None and out.shape != lengths:
        raise DistributionError(f"out must have the shape {lengths}, not {out.shape}")
    return lengths


def _float_dtype(dtype: DTypeLike, out: NDArray | None) -> np.dtype[Any]:
    wanted = as_dtype(dtype) if out is None or dtype is not None else out._buffer.dtype
    if wanted.name not in ("float16", "bfloat16", "float32", "float64"):
        raise DistributionError(
            f"random numbers have dtype float16, bfloat16, float32 or float64, not {wanted}"
        )
    if out is not None and out._buffer.dtype != wanted:
        raise DistributionError(f"out must be of dtype {wanted}, not {out._buffer.dtype}")
    return wanted


def _drawn(fill: Fill, shape: Any, dtype: DTypeLike, ctx: Context | None, out: Any) -> NDArray:
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
    offset: NDArray, factor: NDArray, fill: Fill, shape: Any, dtype: DTypeLike, out: Any
) -> NDArray:
    """Return ``offset + factor * number`` for each pair of parameters."""
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


def _require(fitting: np.ndarray, what: str, bound: str) -> None:
    if not np.all(fitting):
        raise DistributionError(f"{what} must be {bound}")


def _sampled(
    draw: Callable[..., np.ndarray],
    parameters: dict[str, Any],
    shape: Any,
    dtype: DTypeLike,
    ctx: Context | None,
    out: NDArray | None,
    keywords: dict[str, Any],
) -> NDArray:
    """Draw numbers on the host one after the other, and deliver the result."""
    _ignore_name(keywords)
    given = list(parameters.values())
    if any(isinstance(one, NDArray) for one in given):
        if len(given) == 2:
            _both_arrays(*given)
        first = given[0]
        wanted = _float_dtype(first.dtype if dtype is None else dtype, out)
        each = () if shape is None else shape_of(shape)
        lengths = first.shape + each
        form = first.shape + (1,) * len(each)
        values = [one.asnumpy().astype(np.float64).reshape(form) for one in given]
        ctx, backend = first._ctx, first._backend
    else:
        values = [
            np.float64(_number(one, name)) for name, one in zip(parameters, given, strict=True)
        ]
        lengths, wanted = _lengths(shape, out), _float_dtype(dtype, out)
        ctx, backend = (out._ctx, out._backend) if out is not None else device_of(ctx)
    if out is not None and out.shape != lengths:
        raise DistributionError(f"out must have the shape {lengths}, not {out.shape}")
    try:
        numbers = draw(generator.host_generator(), lengths, *values)
    except ValueError as error:
        raise error if isinstance(error, MXNetError) else DistributionError(str(error)) from error
    buffer = backend.upload(quietly(np.asarray(numbers).astype, wanted))
    return _delivered(NDArray.from_buffer(buffer, ctx, backend), out)


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
    """Store every row, including zeros."""
    ids = all_row_ids(out._backend, out.shape[0])
    out._adopt(Parts(drawn._buffer, ids, valid=True))


show_public_names(__name__)
