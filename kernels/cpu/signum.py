"""Sign of the gradient, with and without momentum.

With g = clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- without a state: weight ← weight - lr × (sign(g) + wd × weight)
- with one, the momentum m (zeros at the start): m ← momentum × m - (1 - momentum) × (g + wd ×
  weight), weight ← weight + lr × (sign(m) - wd_lh × weight)

The sign of zero is zero. MXNet's formulas. Bernstein et al., "signSGD: Compressed Optimisation for
Non-Convex Problems", arXiv:1802.04434.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `momentum` (default 0) and
`wd_lh` (default 0).
"""

from __future__ import annotations

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._steps import (
    Formula,
    Steps,
    clipped,
    finite,
    never,
    no_decay,
    no_rest,
    unchanged,
)


@inline
def _sign(value, one):
    nothing = value - value
    return one if value > 0 else (-one if value < 0 else nothing)


@inline
def _plain(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, _, _, _, one = coefficients
    slope = clipped(rescale * gradient, clip)
    return weight - lr * (_sign(slope, one) + wd * weight), states


@inline
def _with_momentum(weight, gradient, states, coefficients):
    rescale, clip, lr, wd, momentum, rest, wd_lh, one = coefficients
    slope = clipped(rescale * gradient, clip)
    mean = momentum * states[0] - rest * (slope + wd * weight)
    return weight + lr * (_sign(mean, one) - wd_lh * weight), (mean,)


@inline
def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high)


@inline
def _rests(weight, states, low, high, tiny):
    return finite(weight)


_STEPS = Steps(
    "signum",
    {
        0: Formula(_plain, _can_rest, _rests, unchanged),
        1: Formula(_with_momentum, never, no_rest, unchanged),
    },
)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
