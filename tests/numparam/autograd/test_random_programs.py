"""Gradients of programs drawn at random, compared with central differences."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import ndarray as nd
from tests.support.gradients import check_function

STEPS = {}


def step(function):
    """Note a function that makes another 2 x 3 array of two.

    All of them are smooth near the values that come in, and none grows fast.
    """
    STEPS[function.__name__] = function
    return function


@step
def add(a, b):
    return a + b


@step
def subtract(a, b):
    return a - 2 * b


@step
def multiply(a, b):
    return a * b


@step
def divide(a, b):
    return a / (1.5 + b * b)


@step
def power(a, b):
    return (1 + a * a) ** (b.tanh())


@step
def sine(a, b):
    return a.sin()


@step
def exponential(a, b):
    return (-(a * a)).exp()


@step
def logarithm(a, b):
    return (1 + a * a).log()


@step
def sigmoid(a, b):
    return nd.sigmoid(a)


@step
def softmax(a, b):
    return nd.softmax(a, axis=-1)


@step
def centred(a, b):
    return a - a.mean(axis=0, keepdims=True)


@step
def scaled(a, b):
    return a / (1 + (b * b).sum()).sqrt()


@step
def rows(a, b):
    return a[[1, 0]]


@step
def repeated_rows(a, b):
    return nd.take(a, nd.array([1, 1]))


@step
def reversed(a, b):
    return a[:, ::-1]


@step
def product(a, b):
    return nd.dot(nd.dot(a, b.T).tanh(), b)


@step
def written(a, b):
    target = nd.zeros((2, 3), dtype="float64")
    target[0:1] = b[1:2]
    return target + a


@step
def joined(a, b):
    return nd.concat(a[:, :1], b[:, 1:], dim=1)


@step
def transposed(a, b):
    return a.T.reshape((2, 3)) + b


def _program(steps):
    def run(*variables):
        # The variables are stretched where they are used first: a number, a row, a column.
        values = [nd.broadcast_to(variable, (2, 3)) for variable in variables]
        for name, first, second in steps:
            values.append(STEPS[name](values[first % len(values)], values[second % len(values)]))
        result = values[-1] + values[len(values) // 2]
        # Squares, so that the gradients of linear programs depend on all variables, too.
        return sum((value * value for value in values[: len(variables)]), result * result)

    return run


_steps = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 20), st.integers(0, 20)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(_steps, st.integers(0, 2**32 - 1))
def test_gradients_of_random_programs(steps, seed):
    random = np.random.default_rng(seed)
    inputs = [random.uniform(-1, 1, shape) for shape in ((2, 3), (1, 3), (2, 1), (1, 1))]
    check_function(_program(steps), *inputs, tolerance=1e-5)


@settings(max_examples=10, deadline=None)
@given(_steps, st.integers(0, 2**32 - 1))
def test_gradients_of_gradients_of_random_programs(steps, seed):
    random = np.random.default_rng(seed)
    inputs = [random.uniform(-1, 1, shape) for shape in ((2, 3), (1, 3))]
    check_function(_program(steps), *inputs, tolerance=1e-4, twice=True)
