"""Choices, multinomial counts, vectors of jointly normal numbers, and Bernoulli draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from numparam.context import Context
from numparam.generator import host_generator
from numparam.ndarray import random as classic
from numparam.ndarray.arguments import shape_of
from numparam.ndarray.ndarray import NDArray
from numparam.ndarray.numpy_array import ndarray
from numparam.numpy.creation import array
from numparam.numpy.distributions import Size, delivered, drawn_on_host, standard
from numparam.types.dtypes import DTypeLike

__all__ = ["bernoulli", "choice", "multinomial", "multivariate_normal"]


def choice(
    a: int | ndarray,
    size: Size = None,
    replace: bool = True,
    p: Any = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw elements of an array, or integers from 0 to a - 1.

    Parameters
    ----------
    a : int or ndarray
        How many integers there are, or the array, of whose first axis indices are drawn.
    size : int or sequence of int, optional
        The shape of the draws; one of no dimensions if not given.
    replace : bool, default True
        Whether an element may be drawn repeatedly.
    p : ndarray or sequence of float, optional
        The chance of each, with the sum 1; equal ones if not given.
    ctx : Context, optional
        Where the result goes.
    out : ndarray, optional
        What is filled instead of a new array.

    Returns
    -------
    ndarray
        int64 for integers, else of the array's dtype.

    Raises
    ------
    MXNetError
        If there are not as many elements, or the chances do not fit; a ValueError, too.

    Examples
    --------
    >>> import numparam as mx
    >>> sorted(mx.np.random.choice(3, size=3, replace=False).tolist())
    [0, 1, 2]
    """
    given = a if isinstance(a, NDArray) else None
    count = given.shape[0] if given is not None and given.shape else a
    chances = None if p is None else _host(p)
    lengths = () if size is None else shape_of(size, any_mode=True)
    if chances is not None:
        total = chances.sum()
        chances = chances / total if abs(total - 1) < 1e-4 else chances  # of float32
    try:
        drawn = np.asarray(host_generator().choice(count, lengths, replace, chances))
    except (ValueError, TypeError) as error:
        raise classic.DistributionError(f"choice cannot be drawn: {error}") from error
    if given is None:
        return drawn_on_host(drawn, np.int64, ctx, out)
    return drawn_on_host(given.asnumpy()[drawn], given.dtype, ctx or given.ctx, out)


def multinomial(n: int, pvals: Any, size: Size = None) -> ndarray:
    """Draw how often each of some outcomes occurs in n trials.

    Parameters
    ----------
    n : int
        The number of trials.
    pvals : ndarray or sequence of float
        The chance of each outcome, with the sum 1.
    size : int or sequence of int, optional
        The shape of the draws.

    Returns
    -------
    ndarray
        int64, in the shape `size` with the outcomes along a last axis.

    Raises
    ------
    MXNetError
        If the chances do not fit; a ValueError, too.

    Examples
    --------
    >>> import numparam as mx
    >>> int(mx.np.random.multinomial(10, [0.2, 0.3, 0.5]).sum())
    10
    """
    chances = _host(pvals)
    lengths = () if size is None else shape_of(size, any_mode=True)
    if chances.ndim != 1 or abs(chances.sum() - 1) > 1e-4 or not (chances >= 0).all():
        raise classic.DistributionError("pvals must be chances of one dimension whose sum is 1")
    drawn = host_generator().multinomial(n, chances / chances.sum(), size=lengths)
    ctx = pvals.ctx if isinstance(pvals, NDArray) else None
    return array(drawn, np.int64, ctx)


def multivariate_normal(
    mean: Any,
    cov: Any,
    size: Size = None,
    check_valid: str | None = None,
    tol: float | None = None,
) -> ndarray:
    """Draw vectors of jointly normal numbers.

    Parameters
    ----------
    mean : ndarray
        Their means, along the last axis; other axes are of a batch.
    cov : ndarray
        Their covariances, along the last two axes; other axes broadcast against those of `mean`.
    size : int or sequence of int, optional
        The shape of the draws for each of the batch.
    check_valid, tol : optional
        Accepted for compatibility with NumPy: covariances are always checked.

    Returns
    -------
    ndarray
        float32, in the shape `size` followed by that of the batch and of a vector.

    Raises
    ------
    MXNetError
        If the shapes do not fit, or covariances are not symmetric and positive semidefinite; a
        ValueError, too.

    Examples
    --------
    >>> import numparam as mx
    >>> mean, cov = mx.np.zeros(2), mx.np.array([[2, 0.5], [0.5, 1]])
    >>> mx.np.random.multivariate_normal(mean, cov, size=3).shape
    (3, 2)
    """
    means, covariances = _host(mean), _host(cov)
    length = means.shape[-1] if means.ndim else 0
    if covariances.shape[-2:] != (length, length):
        raise classic.DistributionError(
            f"cov must end with the shape {(length, length)} for mean of shape {means.shape}, and "
            f"has {covariances.shape}"
        )
    values, vectors = np.linalg.eigh(covariances)
    symmetric = np.allclose(covariances, covariances.swapaxes(-1, -2), rtol=1e-4, atol=1e-6)
    if not symmetric or (values < -1e-5 * np.abs(values).max(initial=1)).any():
        raise classic.DistributionError("cov must be symmetric and positive semidefinite")
    roots = vectors * np.sqrt(np.maximum(values, 0))[..., None, :]
    batch = np.broadcast_shapes(means.shape[:-1], covariances.shape[:-2])
    lengths = () if size is None else shape_of(size, any_mode=True)
    normal = host_generator().standard_normal((*lengths, *batch, length))
    drawn = means + (roots @ normal[..., None])[..., 0]
    return array(drawn, np.float32, mean.ctx if isinstance(mean, NDArray) else None)


def bernoulli(
    prob: float | NDArray | None = None,
    logit: float | NDArray | None = None,
    size: Size = None,
    dtype: DTypeLike = None,
    ctx: Context | None = None,
    out: ndarray | None = None,
) -> ndarray:
    """Draw ones with a probability, and zeros otherwise.

    Parameters
    ----------
    prob, logit : float or ndarray, optional
        The probability of a one, or ``log(prob / (1 - prob))``: one of the two.
    size, ctx, out
        As for `numparam.np.random.exponential`.
    dtype : str, type or numpy.dtype, optional
        Any dtype; float32 if not given.

    Returns
    -------
    ndarray
        A new array, or `out`.

    Raises
    ------
    ValueError
        If not exactly one of `prob` and `logit` is given.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.npx.random.bernoulli(1, size=3)
    array([1., 1., 1.])
    """
    if (prob is None) is (logit is None):
        raise classic.DistributionError("give either prob or logit, and not both")
    given = prob if logit is None else logit
    draw = standard(classic.uniform, (given,), size, np.float32, ctx, out)
    chance: Any = given if logit is None else 1 / (1 + np.exp(-given))  # type: ignore[operator]
    ones = draw < chance
    if out is not None:
        return delivered(ones.astype(out.dtype), ones, out)
    return ones.astype(np.float32 if dtype is None else dtype)


def _host(values: Any) -> np.ndarray:
    return np.asarray(values.asnumpy() if isinstance(values, NDArray) else values, np.float64)
