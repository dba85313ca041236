"""Adam with decoupled weight decay.

With two states, m and v (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- weight ← weight - lr × wd × weight
- weight ← weight - lr / (1 - beta1**t) × (m / (√v × 1 / √(1 - beta2**t) + epsilon))

The decay is not part of the gradient. As ``torch.optim.AdamW``, up to rounding.
Loshchilov and Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `t` (number of the step,
from 1), `beta1`, `beta2` and `epsilon`.
"""

from __future__ import annotations

import numpy as np

from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._jit import inline
from numparam.kernels.cpu._moments import moments, moments_fade, moments_rest
from numparam.kernels.cpu._steps import Formula, Steps, clipped, no_decay


@inline
def _step(weight, gradient, states, coefficients):
    rescale, clip, rate, decay = coefficients[:4]
    mean, square = moments(states, clipped(rescale * gradient, clip), coefficients)
    size = np.sqrt(square) * coefficients[9] + coefficients[8]
    return (weight - decay * weight) - rate * (mean / size), (mean, square)


@inline
def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and moments_fade(low, high, tiny, roundoff)


@inline
def _rests(weight, states, low, high, tiny):
    size = np.sqrt(states[1]) * low[9] + low[8]
    return moments_rest(weight, states, low, high, tiny, size)


@inline
def _fade(states, coefficients):
    return moments(states, coefficients[0] - coefficients[0], coefficients)


_STEPS = Steps("adamw", {2: Formula(_step, _can_rest, _rests, _fade, (4, 5, 6, 7))})

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
