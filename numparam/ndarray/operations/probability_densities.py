"""Probability densities of samples, under distributions that arrays of parameters describe."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numparam.ndarray.operations.operation import operation, vjp_of
from numparam.ndarray.operations.special_functions import digamma, log_gamma

__all__: list[str] = []

Array = np.ndarray

_RESULT = "Of the shape and dtype of ``sample``; logarithms with ``is_log``."


def _wide(sample: Array, *parameters: Array) -> list[Array]:
    """Return all in float64, with parameters that broadcast against the sample."""
    if sample.dtype.kind != "f":
        raise ValueError(f"densities are computed from floating-point numbers, not {sample.dtype}")
    shape = parameters[0].shape if parameters else ()
    for parameter in parameters:
        if parameter.shape != shape:
            raise ValueError(
                f"the parameters must have one shape, not {shape} and {parameter.shape}"
            )
    if sample.shape[: len(shape)] != shape:
        raise ValueError(
            f"sample must begin with the parameters' shape {shape}, and has {sample.shape}"
        )
    behind = (1,) * (sample.ndim - len(shape))
    values = [parameter.astype(np.float64).reshape(shape + behind) for parameter in parameters]
    return [sample.astype(np.float64), *values]


def _density(logarithms: Array, is_log: bool) -> Array:
    return logarithms if is_log else np.exp(logarithms)


def _cotangents(
    cotangent: Array, output: Array, is_log: bool, shape: tuple[int, ...], slopes: list[Any]
) -> tuple[Any, ...]:
    """Return the cotangents of a sample and of parameters from the slopes of the logarithm."""
    with np.errstate(all="ignore"):
        factor = cotangent.astype(np.float64) * (1 if is_log else output)
        behind = tuple(range(len(shape), cotangent.ndim))
        found = [None if slope is None else factor * slope for slope in slopes]
        of_sample, *rest = found
        return (of_sample, *(one if one is None else np.sum(one, behind) for one in rest))


@operation("random_pdf_uniform", "_random_pdf_uniform", result=_RESULT)
def _uniform(sample: Array, low: Array, high: Array, *, is_log: bool = False) -> Array:
    """Return the densities of a uniform distribution, which samples outside have, too."""
    x, first, last = _wide(sample, low, high)
    return _density(-np.log(last - first) + 0 * x, is_log)


@vjp_of("random_pdf_uniform")
def _uniform_vjp(
    cotangent: Array, *, low: Array, high: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    _, first, last = _wide(output, low, high)
    slope = 1 / (last - first)
    return _cotangents(cotangent, output, is_log, low.shape, [None, slope, -slope])


@operation("random_pdf_normal", "_random_pdf_normal", result=_RESULT)
def _normal(sample: Array, mu: Array, sigma: Array, *, is_log: bool = False) -> Array:
    """Return the densities of a normal distribution, of mean and standard deviation."""
    x, mean, deviation = _wide(sample, mu, sigma)
    distance = (x - mean) / deviation
    return _density(
        -0.5 * distance * distance - np.log(deviation) - 0.5 * math.log(2 * math.pi), is_log
    )


@vjp_of("random_pdf_normal")
def _normal_vjp(
    cotangent: Array, *, sample: Array, mu: Array, sigma: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    x, mean, deviation = _wide(sample, mu, sigma)
    distance = (x - mean) / deviation
    slope = distance / deviation
    slopes = [-slope, slope, (distance * distance - 1) / deviation]
    return _cotangents(cotangent, output, is_log, mu.shape, slopes)


@operation("random_pdf_gamma", "_random_pdf_gamma", result=_RESULT)
def _gamma(sample: Array, alpha: Array, beta: Array, *, is_log: bool = False) -> Array:
    """Return the densities of a gamma distribution, of shape and rate."""
    x, shape, rate = _wide(sample, alpha, beta)
    logarithms = shape * np.log(rate) + (shape - 1) * np.log(x) - rate * x - log_gamma(shape)
    return _density(logarithms, is_log)


@vjp_of("random_pdf_gamma")
def _gamma_vjp(
    cotangent: Array, *, sample: Array, alpha: Array, beta: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    x, shape, rate = _wide(sample, alpha, beta)
    slopes = [
        (shape - 1) / x - rate,
        np.log(rate) + np.log(x) - digamma(shape),
        shape / rate - x,
    ]
    return _cotangents(cotangent, output, is_log, alpha.shape, slopes)


@operation("random_pdf_exponential", "_random_pdf_exponential", result=_RESULT)
def _exponential(sample: Array, lam: Array, *, is_log: bool = False) -> Array:
    """Return the densities of an exponential distribution, of a rate."""
    x, rate = _wide(sample, lam)
    return _density(np.log(rate) - rate * x, is_log)


@vjp_of("random_pdf_exponential")
def _exponential_vjp(
    cotangent: Array, *, sample: Array, lam: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    x, rate = _wide(sample, lam)
    return _cotangents(cotangent, output, is_log, lam.shape, [-rate + 0 * x, 1 / rate - x])


_COUNTED = "As in MXNet 1.9.1: samples, which are counted, get no gradient."


@operation("random_pdf_poisson", "_random_pdf_poisson", result=_RESULT, source=_COUNTED)
def _poisson(sample: Array, lam: Array, *, is_log: bool = False) -> Array:
    """Return the probabilities of counts in a Poisson distribution, of a mean."""
    x, mean = _wide(sample, lam)
    return _density(x * np.log(mean) - mean - log_gamma(x + 1), is_log)


@vjp_of("random_pdf_poisson")
def _poisson_vjp(
    cotangent: Array, *, sample: Array, lam: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    x, mean = _wide(sample, lam)
    return _cotangents(cotangent, output, is_log, lam.shape, [None, x / mean - 1])


def _failures(x: Array, successes: Array, chance: Array) -> Array:
    """Return logarithms of the probabilities of counts of failures before some successes."""
    count = log_gamma(x + successes) - log_gamma(x + 1) - log_gamma(successes)
    return count + successes * np.log(chance) + x * np.log(1 - chance)


@operation(
    "random_pdf_negative_binomial",
    "_random_pdf_negative_binomial",
    result=_RESULT,
    source=_COUNTED,
)
def _negative_binomial(sample: Array, k: Array, p: Array, *, is_log: bool = False) -> Array:
    """Return the probabilities of counts of failures before ``k`` successes of chance ``p``."""
    return _density(_failures(*_wide(sample, k, p)), is_log)


@vjp_of("random_pdf_negative_binomial")
def _negative_binomial_vjp(
    cotangent: Array, *, sample: Array, k: Array, p: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    x, successes, chance = _wide(sample, k, p)
    slopes = [
        None,
        digamma(x + successes) - digamma(successes) + np.log(chance),
        successes / chance - x / (1 - chance),
    ]
    return _cotangents(cotangent, output, is_log, k.shape, slopes)


@operation(
    "random_pdf_generalized_negative_binomial",
    "_random_pdf_generalized_negative_binomial",
    result=_RESULT,
    source=_COUNTED,
)
def _generalized_negative_binomial(
    sample: Array, mu: Array, alpha: Array, *, is_log: bool = False
) -> Array:
    """Return the probabilities of counts in a negative binomial distribution, of its mean."""
    x, mean, dispersion = _wide(sample, mu, alpha)
    return _density(_failures(x, 1 / dispersion, 1 / (mean * dispersion + 1)), is_log)


@vjp_of("random_pdf_generalized_negative_binomial")
def _generalized_negative_binomial_vjp(
    cotangent: Array, *, sample: Array, mu: Array, alpha: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    x, mean, dispersion = _wide(sample, mu, alpha)
    spread = mean * dispersion + 1
    successes = 1 / dispersion
    by_mean = x / mean - (x * dispersion + 1) / spread
    by_successes = digamma(x + successes) - digamma(successes) - np.log(spread)
    by_dispersion = (
        -by_successes * successes * successes + (x / dispersion) - ((x + successes) * mean / spread)
    )
    return _cotangents(cotangent, output, is_log, mu.shape, [None, by_mean, by_dispersion])


def _concentrations(sample: Array, alpha: Array) -> tuple[Array, Array]:
    """Return sample and concentrations in float64, the latter broadcast against the former."""
    leading = alpha.shape[:-1]
    fits = alpha.ndim and sample.ndim >= alpha.ndim and sample.shape[-1] == alpha.shape[-1]
    if not fits or sample.shape[: len(leading)] != leading:
        raise ValueError(
            f"sample must have the shape of alpha, {alpha.shape}, with any dimensions before the "
            f"last one; it has {sample.shape}"
        )
    between = (1,) * (sample.ndim - alpha.ndim)
    (x,) = _wide(sample)
    return x, alpha.astype(np.float64).reshape(leading + between + alpha.shape[-1:])


@operation(
    "random_pdf_dirichlet",
    "_random_pdf_dirichlet",
    result="Of the dtype of ``sample``, and of its shape without the last dimension; logarithms "
    "with ``is_log``.",
)
def _dirichlet(sample: Array, alpha: Array, *, is_log: bool = False) -> Array:
    """Return the densities of a Dirichlet distribution; samples are along the last axis."""
    x, weights = _concentrations(sample, alpha)
    constant = log_gamma(weights.sum(-1)) - log_gamma(weights).sum(-1)
    logarithms = ((weights - 1) * np.log(x)).sum(-1) + constant
    return _density(logarithms if logarithms.ndim else logarithms.reshape(1), is_log)


@vjp_of("random_pdf_dirichlet")
def _dirichlet_vjp(
    cotangent: Array, *, sample: Array, alpha: Array, output: Array, is_log: bool
) -> tuple[Any, ...]:
    x, weights = _concentrations(sample, alpha)
    with np.errstate(all="ignore"):
        factor = cotangent.astype(np.float64) * (1 if is_log else output)
        factor = factor.reshape((*sample.shape[:-1], 1))
        constant = digamma(weights.sum(-1, keepdims=True)) - digamma(weights)
        between = tuple(range(alpha.ndim - 1, sample.ndim - 1))
        of_weights = np.sum(factor * (np.log(x) + constant), between)
        return factor * (weights - 1) / x, of_weights
