"""Gradients of programs drawn at random, compared with central differences."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from numparam import ndarray as nd
from tests.support.gradients import check_function

# Each makes of some arrays of 2 x 3, or of shapes that stretch to it, another one. All of them are
# smooth near the values that come in, and none grows fast.
STEPS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - 2 * b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (1.5 + b * b),
    "power": lambda a, b: (1 + a * a) ** (b.tanh()),
    "sine": lambda a, b: a.sin(),
    "exponential": lambda a, b: (-(a * a)).exp(),
    "logarithm": lambda a, b: (1 + a * a).log(),
    "sigmoid": lambda a, b: nd.sigmoid(a),
    "softmax": lambda a, b: nd.softmax(a, axis=-1),
    "centred": lambda a, b: a - a.mean(axis=0, keepdims=True),
    "scaled": lambda a, b: a / (1 + (b * b).sum()).sqrt(),
    "rows": lambda a, b: a[[1, 0]],
    "repeated rows": lambda a, b: nd.take(a, nd.array([1, 1])),
    "reversed": lambda a, b: a[:, ::-1],
    "product": lambda a, b: nd.dot(nd.dot(a, b.T).tanh(), b),
    "written": lambda a, b: _first_row_replaced(a, b),
    "joined": lambda a, b: nd.concat(a[:, :1], b[:, 1:], dim=1),
    "transposed": lambda a, b: a.T.reshape((2, 3)) + b,
}


def _first_row_replaced(a, b):
    target = nd.zeros((2, 3), dtype="float64")
    target[0:1] = b[1:2]
    return target + a


def _program(steps):
    def run(*variables):
        # The variables are stretched where they are used first: a number, a row, a column.
        values = [nd.broadcast_to(variable, (2, 3)) for variable in variables]
        for name, first, second in steps:
            values.append(STEPS[name](values[first % len(values)], values[second % len(values)]))
        result = values[-1] + values[len(values) // 2]
        return result * result  # so that the gradients of linear programs depend on something

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
