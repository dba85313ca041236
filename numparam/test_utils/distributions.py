"""Statistical tests of random number generators."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = [
    "chi_square_check",
    "gen_buckets_probs_with_ppf",
    "mean_check",
    "var_check",
    "verify_generator",
]

Generator = Callable[[int], Any]


def _draw(generator: Generator, count: int) -> np.ndarray:
    drawn = generator(count)
    return drawn.asnumpy() if hasattr(drawn, "asnumpy") else np.asarray(drawn)


def gen_buckets_probs_with_ppf(
    ppf: Callable[[float], float], nbuckets: int
) -> tuple[list[tuple[float, float]], list[float]]:
    """Return intervals of equal probability.

    Parameters
    ----------
    ppf : callable
        The inverse of the distribution function.
    nbuckets : int
        The number of intervals.

    Returns
    -------
    buckets : list of (float, float)
        The intervals.
    probs : list of float
        The probability of each.

    Examples
    --------
    >>> import numparam as mx
    >>> mx.test_utils.gen_buckets_probs_with_ppf(lambda probability: 10 * probability, 2)
    ([(0.0, 5.0), (5.0, 10.0)], [0.5, 0.5])
    """
    share = 1.0 / nbuckets
    edges = [float(ppf(number * share)) for number in range(nbuckets)] + [float(ppf(1.0))]
    return list(itertools.pairwise(edges)), [share] * nbuckets


def mean_check(generator: Generator, mu: float, sigma: float, nsamples: int = 1000000) -> bool:
    """Return whether the mean of many numbers is within three standard errors of `mu`.

    Parameters
    ----------
    generator : callable
        Called with a number; gives that many.
    mu, sigma : float
        The mean and the standard deviation of the distribution.
    nsamples : int, default 1000000
        How many numbers to draw.

    Returns
    -------
    bool
        True in 997 of 1,000 calls if the generator is right.
    """
    error = _draw(generator, nsamples).astype(np.float64).mean() - mu
    return bool(abs(error) < 3 * sigma / np.sqrt(nsamples))


def var_check(generator: Generator, sigma: float, nsamples: int = 1000000) -> bool:
    """Return whether the variance of many numbers is within three standard errors of ``sigma**2``.

    Parameters
    ----------
    generator : callable
        Called with a number; gives that many.
    sigma : float
        The standard deviation of the distribution.
    nsamples : int, default 1000000
        How many numbers to draw.

    Returns
    -------
    bool
        True in 997 of 1,000 calls if the generator is right and the distribution normal.
    """
    error = _draw(generator, nsamples).astype(np.float64).var(ddof=1) - sigma**2
    return bool(abs(error) < 3 * np.sqrt(2 * sigma**4 / (nsamples - 1)))


def chi_square_check(
    generator: Generator,
    buckets: Sequence[Any],
    probs: Sequence[float],
    nsamples: int = 1000000,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Compare how often numbers fall into each bucket with the expected counts.

    Parameters
    ----------
    generator : callable
        Called with a number; gives that many.
    buckets : sequence of (float, float), or of numbers
        Half-open intervals, adjoining; or the values of a discrete distribution.
    probs : sequence of float
        The probability of each.
    nsamples : int, default 1000000
        How many numbers to draw.

    Returns
    -------
    p : float
        The probability of counts as far off as these, if the generator is right.
    observed, expected : numpy.ndarray
        The counts. The last expected one makes up for rounding.

    Notes
    -----
    Pearson's test [1]_. Needs SciPy.

    References
    ----------
    .. [1] K. Pearson, "On the criterion that a given system of deviations ...", Philosophical
       Magazine 50 (1900), doi:10.1080/14786440009463897.
    """
    try:
        statistics = importlib.import_module("scipy.stats")
    except ImportError as error:
        raise ImportError(
            "chi_square_check and verify_generator need SciPy: pip install scipy"
        ) from error
    drawn = _draw(generator, nsamples).ravel()
    if isinstance(buckets[0], (list, tuple)):
        edges = np.array([bucket[0] for bucket in buckets] + [buckets[-1][1]], dtype=np.float64)
        places = np.searchsorted(edges, drawn, side="right") - 1
        inside = (places >= 0) & (places < len(buckets))
        observed = np.bincount(places[inside], minlength=len(buckets))
    else:
        observed = np.array([np.count_nonzero(drawn == value) for value in buckets])
    expected = (nsamples * np.asarray(probs, dtype=np.float64)).astype(np.int64)
    expected[-1] += observed.sum() - expected.sum()
    return float(statistics.chisquare(f_obs=observed, f_exp=expected).pvalue), observed, expected


def verify_generator(
    generator: Generator,
    buckets: Sequence[Any],
    probs: Sequence[float],
    nsamples: int = 1000000,
    nrepeat: int = 5,
    success_rate: float = 0.2,
    alpha: float = 0.05,
) -> list[float]:
    """Assert that a generator passes Pearson's test often enough.

    Parameters
    ----------
    generator, buckets, probs, nsamples
        As for `chi_square_check`.
    nrepeat : int, default 5
        How many tests to make.
    success_rate : float, default 0.2
        The share of them that must pass.
    alpha : float, default 0.05
        The p value above which a test passes.

    Returns
    -------
    list of float
        The p values.

    Raises
    ------
    AssertionError
        If too few passed.
    """
    tests = [chi_square_check(generator, buckets, probs, nsamples) for _ in range(nrepeat)]
    values = [test[0] for test in tests]
    passed = sum(value > alpha for value in values)
    if passed < nrepeat * success_rate:
        raise AssertionError(
            f"{passed} of {nrepeat} tests passed, {nrepeat * success_rate:g} must. p values: "
            f"{values}; counts of the last test: {tests[-1][1]}, expected {tests[-1][2]}"
        )
    return values
