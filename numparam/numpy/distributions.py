"""Draws of ``mx.np`` arrays from continuous distributions, which `numparam.np.random` names.

Those of location and scale are made of standard draws by recorded arithmetic, so that parameters
which are variables get gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from numparam.context import Context
from numparam.generator import host_generator
from numparam.ndarray import random as classic
from numparam.ndarray.arguments import ShapeArgumentError, shape_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.numpy_array import ndarray
from numparam.ndarray.numpy_operations.operands import kind_error
from numparam.numpy.creation import array, made_by
from numparam.types.dtypes import DTypeLike

__all__ = [
    "Size",
    "beta",
    "chisquare",
    "delivered",
    "drawn_on_host",
    "exponential",
    "gamma",
    "gumbel",
    "logistic",
    "lognormal",
    "pareto",
    "power",
    "rayleigh",
    "require_this_kind",
    "standard",
    "weibull",
]

Size = int | Sequence[int] | None

# The smallest standard exponential number where its logarithm is taken.
_SMALLEST = 2.0**-26


def exponential(
    scale: float | NDArray = 1.0,
    size: Size = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from an exponential distribution.

    Parameters
    ----------
    scale : float or ndarray
        The mean, not negative. A variable gets gradients.
    size : int or sequence of int, optional
        The shape of the result. If not given, that of the parameters: ``()`` for numbers.
    ctx : Context, optional
        Where it goes; if not given, where the parameters are, or the current context.
    out : ndarray, optional
        What is filled instead of a new array.

    Returns
    -------
    ndarray
        A new array of float32, or `out`.

    Raises
    ------
    MXNetError
        If a parameter or the size does not fit; a ValueError, too. Nothing was written then.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.exponential(2, size=(2, 3)).shape
    (2, 3)
    """
    _check_bounds(scale=(scale, False))
    waits = _waits((scale,), size, ctx, out)
    return delivered(scale * waits, waits, out)


def gumbel(
    loc: float | NDArray = 0.0,
    scale: float | NDArray = 1.0,
    size: Size = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from a Gumbel distribution.

    Parameters
    ----------
    loc, scale : float or ndarray
        The mode, and the scale, which is not negative. Variables get gradients.
    size, ctx, out
        As for `exponential`.

    Returns
    -------
    ndarray
        A new array of float32, or `out`.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.gumbel(1, 2, size=4).shape
    (4,)
    """
    _check_bounds(scale=(scale, False))
    waits = _waits((loc, scale), size, ctx, out)
    return delivered(loc - scale * np.log(np.maximum(waits, _SMALLEST)), waits, out)


def logistic(
    loc: float | NDArray = 0.0,
    scale: float | NDArray = 1.0,
    size: Size = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from a logistic distribution.

    Parameters
    ----------
    loc, scale : float or ndarray
        The mean, and the scale, which is not negative. Variables get gradients.
    size, ctx, out
        As for `exponential`.

    Returns
    -------
    ndarray
        A new array of float32, or `out`.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.logistic(size=4).shape
    (4,)
    """
    _check_bounds(scale=(scale, False))
    waits = _waits((loc, scale), size, ctx, out)
    return delivered(loc + scale * np.log(np.expm1(np.maximum(waits, _SMALLEST))), waits, out)


def lognormal(
    mean: float | NDArray = 0.0,
    sigma: float | NDArray = 1.0,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers whose logarithms are normally distributed.

    Parameters
    ----------
    mean, sigma : float or ndarray
        Mean and standard deviation of the logarithms. Variables get gradients.
    size, ctx, out
        As for `exponential`.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.lognormal(0, 1, size=4).shape
    (4,)
    """
    _check_bounds(sigma=(sigma, False))
    draw = standard(classic.normal, (mean, sigma), size, dtype, ctx, out)
    return delivered(np.exp(mean + sigma * draw), draw, out)


def pareto(
    a: float | NDArray,
    size: Size = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from a Pareto II (Lomax) distribution.

    Parameters
    ----------
    a : float or ndarray
        The shape, above 0. A variable gets gradients.
    size, ctx, out
        As for `exponential`.

    Returns
    -------
    ndarray
        A new array of float32, or `out`.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.pareto(3, size=4).shape
    (4,)
    """
    _check_bounds(a=(a, True))
    waits = _waits((a,), size, ctx, out)
    return delivered(np.expm1(waits / a), waits, out)


def power(
    a: float | NDArray,
    size: Size = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from 0 to 1 with the density ``a * x ** (a - 1)``.

    Parameters
    ----------
    a : float or ndarray
        The exponent, above 0. A variable gets gradients.
    size, ctx, out
        As for `exponential`.

    Returns
    -------
    ndarray
        A new array of float32, or `out`.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.power(3, size=4).shape
    (4,)
    """
    _check_bounds(a=(a, True))
    waits = _waits((a,), size, ctx, out)
    return delivered(np.exp(-waits / a), waits, out)


def rayleigh(
    scale: float | NDArray = 1.0,
    size: Size = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from a Rayleigh distribution.

    Parameters
    ----------
    scale : float or ndarray
        The mode, not negative. A variable gets gradients.
    size, ctx, out
        As for `exponential`.

    Returns
    -------
    ndarray
        A new array of float32, or `out`.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.rayleigh(2, size=4).shape
    (4,)
    """
    _check_bounds(scale=(scale, False))
    waits = _waits((scale,), size, ctx, out)
    return delivered(scale * np.sqrt(2 * waits), waits, out)


def weibull(
    a: float | NDArray,
    size: Size = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from a Weibull distribution of scale 1.

    Parameters
    ----------
    a : float or ndarray
        The shape, above 0. A variable gets gradients.
    size, ctx, out
        As for `exponential`.

    Returns
    -------
    ndarray
        A new array of float32, or `out`.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.weibull(3, size=4).shape
    (4,)
    """
    _check_bounds(a=(a, True))
    waits = _waits((a,), size, ctx, out)
    return delivered(np.exp(np.log(np.maximum(waits, _SMALLEST)) / a), waits, out)


def gamma(
    shape: float | NDArray,
    scale: float | NDArray = 1.0,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw numbers from a gamma distribution.

    Parameters
    ----------
    shape, scale : float or ndarray
        Shape and scale, above 0; arrays are broadcast against each other.
    size, ctx, out
        As for `exponential`.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.

    Returns
    -------
    ndarray
        A new array, or `out`. No gradients flow to the parameters, as in MXNet 1.9.1.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.gamma(2, 1.5, size=4).shape
    (4,)
    """
    _check_bounds(shape=(shape, True), scale=(scale, True))
    return _on_host("gamma", (shape, scale), size, dtype, ctx, out)


def beta(
    a: float | NDArray,
    b: float | NDArray,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
) -> ndarray:
    """Draw numbers from a beta distribution.

    Parameters
    ----------
    a, b : float or ndarray
        The shapes, above 0; arrays are broadcast against each other.
    size, dtype, ctx
        As for `gamma`.

    Returns
    -------
    ndarray
        A new array.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.beta(2, 3, size=4).shape
    (4,)
    """
    _check_bounds(a=(a, True), b=(b, True))
    return _on_host("beta", (a, b), size, dtype, ctx, None)


def chisquare(
    df: float | NDArray,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
) -> ndarray:
    """Draw numbers from a chi-square distribution.

    Parameters
    ----------
    df : float or ndarray
        The degrees of freedom, above 0: the mean.
    size, dtype, ctx
        As for `gamma`.

    Returns
    -------
    ndarray
        A new array. MXNet 1.9.1 gives a quarter of each number, by mistake.

    Raises
    ------
    MXNetError
        As for `exponential`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.np.random.chisquare(3, size=4).shape
    (4,)
    """
    _check_bounds(df=(df, True))
    return _on_host("chisquare", (df,), size, dtype, ctx, None)


def _check_bounds(**parameters: tuple[Any, bool]) -> None:
    """Raise if a parameter is negative, or 0 where that is not allowed."""
    for name, (value, above) in parameters.items():
        if isinstance(value, NDArray):
            require_this_kind("random", value)
        elif not isinstance(value, (int, float, np.number)):
            raise classic.DistributionError(
                f"{name} must be a number or an ndarray, not {type(value).__name__}"
            )
        host = value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)
        if not (host > 0 if above else host >= 0).all():
            bound = "above 0" if above else "at least 0"
            raise classic.DistributionError(f"{name} must be {bound}; it is {value}")


def _waits(parameters: tuple[Any, ...], size: Size, ctx: Any, out: ndarray | None) -> ndarray:
    """Draw standard exponential numbers in the shape of a result."""
    return -np.log1p(-standard(classic.uniform, parameters, size, None, ctx, out))  # type: ignore[return-value]


def _lengths(parameters: tuple[Any, ...], size: Size, out: ndarray | None) -> tuple[int, ...]:
    """Return the shape of a result, to which the parameters broadcast."""
    arrays = [parameter for parameter in parameters if isinstance(parameter, NDArray)]
    for one in (*arrays, *(() if out is None else (out,))):
        require_this_kind("random", one)
    shapes = [one.shape for one in arrays]
    try:
        stretched = np.broadcast_shapes(*shapes)
        if size is None:
            lengths = stretched if out is None or arrays else out.shape
        else:
            lengths = shape_of(size, any_mode=True)
        fits = np.broadcast_shapes(stretched, lengths) == lengths
    except ValueError:
        fits = False
    if not fits or (out is not None and out.shape != lengths):
        target = f"size {size}" if out is None else f"out of shape {out.shape}, size {size}"
        raise ShapeArgumentError(f"parameters of shapes {shapes} do not broadcast to {target}")
    return lengths


def standard(
    draw: Any, parameters: tuple[Any, ...], size: Size, dtype: DTypeLike, ctx: Any, out: Any
) -> ndarray:
    """Draw standard numbers, which parameters, numbers or arrays, will scale."""
    lengths = _lengths(parameters, size, out)
    if dtype is None and out is not None:
        dtype = out.dtype
    return made_by(draw, 0, 1, lengths, dtype, ctx or _context_of(parameters, out))


def _context_of(parameters: tuple[Any, ...], out: ndarray | None) -> Context | None:
    if out is not None:
        return out.ctx
    for parameter in parameters:
        if isinstance(parameter, NDArray):
            return parameter.ctx
    return None


def delivered(scaled: Any, draw: ndarray, out: ndarray | None) -> ndarray:
    """Return the numbers in the dtype and on the context in which they were drawn."""
    if out is not None:
        return scaled.copyto(out)
    return scaled.as_in_ctx(draw.ctx).astype(draw.dtype, copy=False)


def _on_host(
    name: str,
    parameters: tuple[Any, ...],
    size: Size,
    dtype: DTypeLike,
    ctx: Any,
    out: ndarray | None,
) -> ndarray:
    """Draw by the method of NumPy's generator of a name."""
    lengths = _lengths(parameters, size, out)
    hosts = [one.asnumpy() if isinstance(one, NDArray) else one for one in parameters]
    wide = [np.asarray(host, np.float64) for host in hosts]
    drawn = getattr(host_generator(), name)(*wide, size=lengths)
    if dtype is None:
        dtype = np.float32
    return drawn_on_host(drawn, dtype, ctx or _context_of(parameters, out), out)


def drawn_on_host(drawn: Any, dtype: DTypeLike, ctx: Any, out: ndarray | None) -> ndarray:
    """Return NumPy's numbers as an array, or write them into `out`."""
    if out is None:
        return array(drawn, dtype, ctx)
    require_this_kind("random", out)
    if out.shape != drawn.shape:
        raise ShapeArgumentError(f"out has the shape {out.shape}, and the numbers {drawn.shape}")
    out[...] = drawn
    return out


def require_this_kind(name: str, one: Any) -> None:
    """Raise a TypeError for what is not an ``mx.np`` array."""
    if not isinstance(one, ndarray):
        raise kind_error(name, one)
