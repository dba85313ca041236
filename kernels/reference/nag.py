"""Nesterov's accelerated gradient descent."""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.reference._steps import Steps, clipped


def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd = coefficients[:4]
    return weight - lr * (clipped(rescale * gradient, clip) + wd * weight), ()


def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum, ahead = coefficients
    slope = clipped(rescale * gradient, clip)
    kept = momentum * states[0]
    made = weight + (ahead * (kept - lr * (slope + wd * weight)) - kept)
    return made, (kept - lr * (slope + wd * made),)


_STEPS = Steps("nag", {0: _plain, 1: _with_momentum})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
