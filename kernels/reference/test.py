"""The optimizer that tests use: it adds the gradient."""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps


def _step(weight, gradient, states, coefficients):
    return weight + coefficients[0] * gradient, ()


_STEPS = Steps("test", {0: _step})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
