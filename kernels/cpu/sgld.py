"""Stochastic gradient Langevin dynamics.

With standard normal noise, which the caller draws anew before each step, in place of a state (see
`numparam.kernels.cpu.random.normal`), and g = clip(rescale_grad × gradient), where clip bounds at
±clip_gradient:

weight ← weight - lr / 2 × (g + wd × weight) + √lr × noise

A row that gets no gradient still receives noise in a dense step, so there is no exact form.
Welling and Teh, "Bayesian Learning via Stochastic Gradient Langevin Dynamics", ICML 2011.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`.
"""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import Formula, Steps, clipped, never, no_rest, unchanged


@inline
def _step(weight, gradient, states, coefficients):
    rescale, clip, half, wd, spread = coefficients
    slope = clipped(rescale * gradient, clip)
    return weight - half * (slope + wd * weight) + spread * states[0], states


_STEPS = Steps("sgld", {1: Formula(_step, never, no_rest, unchanged)})
# No exact form: a row without a gradient gets noise in a dense step.
coefficients, bind, dense, rows = functions(_STEPS, __name__)[:4]
