"""Stochastic gradient descent, with and without momentum."""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, _ = coefficients
    return weight - lr * (clipped(rescale * gradient, clip) + wd * weight), ()


def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum = coefficients
    change = momentum * states[0] - lr * (clipped(rescale * gradient, clip) + wd * weight)
    return weight + change, (change,)


_STEPS = Steps("sgd", {0: _plain, 1: _with_momentum})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
