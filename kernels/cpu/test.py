"""The optimizer that tests use: it adds the gradient.

weight ← weight + rescale_grad × gradient. There is no state. MXNet's ``Test``.

The hyper-parameters are `rescale_grad`, and `lr`, `wd` and `clip_gradient`, which are not used.
"""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import Formula, Steps, finite, unchanged


@inline
def _step(weight, gradient, states, coefficients):
    return weight + coefficients[0] * gradient, states


@inline
def _can_rest(low, high, tiny, roundoff):
    return (low[0] >= 0) & finite(high[0])


@inline
def _rests(weight, states, low, high, tiny):
    return finite(weight)


_STEPS = Steps("test", {0: Formula(_step, _can_rest, _rests, unchanged)})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
