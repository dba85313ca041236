"""Distributions: their moments, their seeds, and the probabilities that they return."""

import threading

import numpy as np
import pytest

from numparam import autograd, generator
from numparam import ndarray as nd
from numparam.ndarray import random
from numparam.ndarray.random import DistributionError

COUNT = 40_000


def exponential():
    return random.exponential(2, COUNT)


def by_rate():
    return nd.random_exponential(lam=0.5, shape=COUNT)


def gamma():
    return random.gamma(2, 3, COUNT)


def poisson():
    return random.poisson(3.5, COUNT)


def failures():
    return random.negative_binomial(3, 0.4, COUNT)


def dispersed():
    return random.generalized_negative_binomial(2, 0.3, COUNT)


def not_dispersed():
    return random.generalized_negative_binomial(2, 0, COUNT)


@pytest.mark.parametrize(
    ("draw", "mean", "variance"),
    [
        pytest.param(exponential, 2, 4, id="exponential"),
        pytest.param(by_rate, 2, 4, id="by-rate"),
        pytest.param(gamma, 6, 18, id="gamma"),
        pytest.param(poisson, 3.5, 3.5, id="poisson"),
        pytest.param(failures, 4.5, 11.25, id="failures"),
        pytest.param(dispersed, 2, 3.2, id="dispersed"),
        pytest.param(not_dispersed, 2, 2, id="not-dispersed"),
    ],
)
def test_draws_have_the_mean_and_the_variance_of_their_distribution(draw, mean, variance):
    generator.seed(3)
    values = draw().asnumpy().astype(np.float64)
    assert abs(values.mean() - mean) < 6 * np.sqrt(variance / COUNT)
    assert abs(values.var() / variance - 1) < 0.1


def test_equal_seeds_give_equal_draws_in_any_thread():
    def draws():
        generator.seed(11)
        return [random.gamma(2, 3, 50).asnumpy(), random.poisson(3, 50).asnumpy()]

    found = []
    thread = threading.Thread(target=lambda: found.append(draws()))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(found[0], draws())
    assert (draws()[1] != random.poisson(3, 50).asnumpy()).any()


def test_arrays_of_parameters_give_draws_for_each():
    generator.seed(1)
    drawn = random.poisson(nd.array([[1, 100], [0, 1000]]), shape=2000).asnumpy()
    np.testing.assert_allclose(drawn.mean(axis=2), [[1, 100], [0, 1000]], rtol=0.1)


def test_categories_come_as_often_as_their_probabilities_say():
    generator.seed(2)
    table = nd.array([[0.1, 0.2, 0.7], [0.5, 0, 0.5]])
    drawn = random.multinomial(table, shape=COUNT).asnumpy()
    for row, chances in zip(drawn, table.asnumpy(), strict=True):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / COUNT, chances, atol=0.02)
    many = random.multinomial(nd.array([[0.1, 0.2, 0.7]] * COUNT)).asnumpy()
    np.testing.assert_allclose(np.bincount(many) / COUNT, [0.1, 0.2, 0.7], atol=0.02)


def test_the_logarithms_of_probabilities_are_differentiable():
    table = nd.array([[0.25, 0.75]])
    table.attach_grad()
    with autograd.record():
        drawn, logarithms = random.multinomial(table, shape=5, get_prob=True)
    logarithms.backward()
    counts = np.bincount(drawn.asnumpy()[0], minlength=2)
    np.testing.assert_allclose(table.grad.asnumpy()[0], counts / [0.25, 0.75], rtol=1e-6)


def negative_shape():
    return random.gamma(nd.array([-1]), nd.array([1]))


def probability_above_1():
    return random.negative_binomial(1, 1.5)


def nan():
    return random.poisson(float("nan"))


def no_probability():
    return random.multinomial(nd.array([0, 0]))


def no_rate():
    return random.exponential_like(nd.ones((2,)), lam=0)


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(negative_shape, id="negative-shape"),
        pytest.param(probability_above_1, id="probability-above-1"),
        pytest.param(nan, id="nan"),
        pytest.param(no_probability, id="no-probability"),
        pytest.param(no_rate, id="no-rate"),
    ],
)
def test_impossible_parameters_are_refused(draw):
    with pytest.raises(DistributionError):
        draw()
