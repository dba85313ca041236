"""Delay-compensated asynchronous gradient descent."""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _change(weight, gradient, previous, coefficients):
    rescale, clip, lr, wd, lamda, _ = coefficients
    slope = clipped(rescale * gradient, clip)
    delay = lamda * slope * slope * (weight - previous)
    return lr * (slope + wd * weight + delay)


def _plain(weight, gradient, states, coefficients):
    return weight - _change(weight, gradient, states[0], coefficients), (weight,)


def _with_momentum(weight, gradient, states, coefficients):
    change = _change(weight, gradient, states[0], coefficients)
    moved = coefficients[5] * states[1] - change
    return weight + moved, (weight, moved)


_STEPS = Steps("dcasgd", {1: _plain, 2: _with_momentum})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
