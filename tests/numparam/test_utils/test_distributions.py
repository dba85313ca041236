"""Checks of random number generators."""

from __future__ import annotations

import numpy as np
import pytest

from numparam import test_utils as helpers


def uniform(seed):
    generator = np.random.default_rng(seed)
    return lambda count: generator.uniform(0, 1, count)


def test_mean_and_variance_of_a_right_and_a_wrong_generator():
    normal = np.random.default_rng(0)
    right = lambda count: normal.normal(2, 3, count)  # noqa: E731
    assert helpers.mean_check(right, 2, 3, nsamples=10_000)
    assert not helpers.mean_check(right, 2.2, 3, nsamples=10_000)
    assert helpers.var_check(right, 3, nsamples=10_000)
    assert not helpers.var_check(right, 3.3, nsamples=10_000)


def test_buckets_of_equal_probability_adjoin():
    buckets, probabilities = helpers.gen_buckets_probs_with_ppf(lambda share: share**2, 4)
    assert buckets == [(0, 0.0625), (0.0625, 0.25), (0.25, 0.5625), (0.5625, 1)]
    assert probabilities == [0.25] * 4


def test_the_chi_square_test_passes_right_generators_only():
    pytest.importorskip("scipy", reason="the chi-square test needs SciPy")
    buckets = [(0, 0.5), (0.5, 1)]
    helpers.verify_generator(uniform(0), buckets, [0.5, 0.5], nsamples=10_000)
    with pytest.raises(AssertionError, match="p values"):
        helpers.verify_generator(uniform(0), buckets, [0.6, 0.4], nsamples=10_000)
    _, observed, expected = helpers.chi_square_check(
        lambda count: np.arange(count) % 3, [0, 1, 2], [1 / 3] * 3, nsamples=100
    )
    assert observed.tolist() == [34, 33, 33]
    assert expected.sum() == 100


def test_without_scipy_the_chi_square_test_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy.stats", None)
    with pytest.raises(ImportError, match="pip install scipy"):
        helpers.chi_square_check(uniform(0), [(0, 1)], [1.0])
