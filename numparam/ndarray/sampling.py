"""Random draws by the names of MXNet's operators, such as ``nd.random_gamma``.

Those that begin with ``random_`` take numbers as parameters, those with ``sample_`` arrays. Only
the names of some parameters differ from the functions of `numparam.nd.random`, which draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numparam.context import Context
from numparam.ndarray import random
from numparam.ndarray.arguments import ArgumentTypeError
from numparam.ndarray.ndarray import NDArray
from numparam.types.dtypes import DTypeLike

__all__ = [
    "random_exponential",
    "random_gamma",
    "random_generalized_negative_binomial",
    "random_negative_binomial",
    "random_poisson",
    "sample_exponential",
    "sample_gamma",
    "sample_generalized_negative_binomial",
    "sample_multinomial",
    "sample_negative_binomial",
    "sample_normal",
    "sample_poisson",
    "sample_uniform",
]

random_gamma = random.gamma
random_poisson = random.poisson
random_negative_binomial = random.negative_binomial
random_generalized_negative_binomial = random.generalized_negative_binomial
sample_multinomial = random.multinomial


def random_exponential(
    lam: float = 1,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
    **keywords: Any,
) -> NDArray:
    """Draw numbers from an exponential distribution with the mean ``1 / lam``.

    Parameters
    ----------
    lam : float, default 1
        The rate, above 0.
    shape, dtype, ctx, out, **keywords
        As for `numparam.nd.random.exponential`.

    Returns
    -------
    NDArray
        A new array, or `out`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.random_exponential(2, shape=(2, 3)).shape
    (2, 3)
    """
    rate = float(lam)
    if not rate > 0:
        raise random.DistributionError(f"lam, a rate, must be above 0; it is {lam}")
    return random.exponential(1 / rate, shape, dtype, ctx, out, **keywords)


def _array(value: Any, name: str) -> NDArray:
    if not isinstance(value, NDArray):
        raise ArgumentTypeError(f"{name} must be an NDArray, not {type(value).__name__}")
    return value


def sample_uniform(
    low: NDArray,
    high: NDArray,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Draw numbers uniformly between each pair of bounds; see `numparam.nd.random.uniform`.

    Parameters
    ----------
    low, high : NDArray
        The bounds, of one shape.
    shape : int or sequence of int, optional
        The shape of the numbers for each; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    out : NDArray, optional
        What is filled instead of a new array.

    Returns
    -------
    NDArray
        A new array, or `out`, of the parameters' shape followed by `shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sample_uniform(mx.nd.array([1, 2]), mx.nd.array([2, 3]), shape=3).shape
    (2, 3)
    """
    return random.uniform(_array(low, "low"), _array(high, "high"), shape, dtype, out=out)


def sample_normal(
    mu: NDArray,
    sigma: NDArray,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Draw numbers for each mean and deviation; see `numparam.nd.random.normal`.

    Parameters
    ----------
    mu, sigma : NDArray
        Means and standard deviations, of one shape.
    shape : int or sequence of int, optional
        The shape of the numbers for each; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    out : NDArray, optional
        What is filled instead of a new array.

    Returns
    -------
    NDArray
        A new array, or `out`, of the parameters' shape followed by `shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sample_normal(mx.nd.array([1, 2]), mx.nd.array([1, 1]), shape=3).shape
    (2, 3)
    """
    return random.normal(_array(mu, "mu"), _array(sigma, "sigma"), shape, dtype, out=out)


def sample_exponential(
    lam: NDArray,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Draw numbers for each rate; see `numparam.nd.random.exponential`.

    Parameters
    ----------
    lam : NDArray
        The rates, above 0.
    shape : int or sequence of int, optional
        The shape of the numbers for each; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    out : NDArray, optional
        What is filled instead of a new array.

    Returns
    -------
    NDArray
        A new array, or `out`, of the parameters' shape followed by `shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sample_exponential(mx.nd.array([1, 2]), shape=3).shape
    (2, 3)
    """
    return random.exponential(1 / _array(lam, "lam"), shape, dtype, out=out)


def sample_gamma(
    alpha: NDArray,
    beta: NDArray,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Draw numbers for each shape and scale; see `numparam.nd.random.gamma`.

    Parameters
    ----------
    alpha, beta : NDArray
        Shapes and scales, above 0, of one shape.
    shape : int or sequence of int, optional
        The shape of the numbers for each; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    out : NDArray, optional
        What is filled instead of a new array.

    Returns
    -------
    NDArray
        A new array, or `out`, of the parameters' shape followed by `shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sample_gamma(mx.nd.array([1, 2]), mx.nd.array([1, 1]), shape=3).shape
    (2, 3)
    """
    return random.gamma(_array(alpha, "alpha"), _array(beta, "beta"), shape, dtype, out=out)


def sample_poisson(
    lam: NDArray,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Draw whole numbers for each mean; see `numparam.nd.random.poisson`.

    Parameters
    ----------
    lam : NDArray
        The means, at least 0.
    shape : int or sequence of int, optional
        The shape of the numbers for each; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    out : NDArray, optional
        What is filled instead of a new array.

    Returns
    -------
    NDArray
        A new array, or `out`, of the parameters' shape followed by `shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sample_poisson(mx.nd.array([1, 2]), shape=3).shape
    (2, 3)
    """
    return random.poisson(_array(lam, "lam"), shape, dtype, out=out)


def sample_negative_binomial(
    k: NDArray,
    p: NDArray,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Draw numbers of failures for each pair; see `numparam.nd.random.negative_binomial`.

    Parameters
    ----------
    k, p : NDArray
        Numbers of failures, and probabilities of success, of one shape.
    shape : int or sequence of int, optional
        The shape of the numbers for each; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    out : NDArray, optional
        What is filled instead of a new array.

    Returns
    -------
    NDArray
        A new array, or `out`, of the parameters' shape followed by `shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.nd.sample_negative_binomial(mx.nd.array([1, 2]), mx.nd.array([0.5, 0.5]), shape=3).shape
    (2, 3)
    """
    return random.negative_binomial(_array(k, "k"), _array(p, "p"), shape, dtype, out=out)


def sample_generalized_negative_binomial(
    mu: NDArray,
    alpha: NDArray,
    shape: int | Sequence[int] | None = None,
    dtype: DTypeLike = None,
    out: NDArray | None = None,
) -> NDArray:
    """Draw for each mean and dispersion; see `nd.random.generalized_negative_binomial`.

    Parameters
    ----------
    mu, alpha : NDArray
        Means and dispersions, of one shape.
    shape : int or sequence of int, optional
        The shape of the numbers for each; one number if not given.
    dtype : str, type or numpy.dtype, optional
        float16, bfloat16, float32 (the default) or float64.
    out : NDArray, optional
        What is filled instead of a new array.

    Returns
    -------
    NDArray
        A new array, or `out`, of the parameters' shape followed by `shape`.

    Examples
    --------
    >>> import numparam as mx
    >>> means, dispersions = mx.nd.array([1, 2]), mx.nd.array([1, 1])
    >>> mx.nd.sample_generalized_negative_binomial(means, dispersions, shape=3).shape
    (2, 3)
    """
    mean, dispersion = _array(mu, "mu"), _array(alpha, "alpha")
    return random.generalized_negative_binomial(mean, dispersion, shape, dtype, out=out)
