"""Adam.

With two states, m and v (zeros at the start), and g = clip(rescale_grad × gradient + wd × weight),
where clip bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- weight ← weight - rate × (m / (√v + epsilon)), rate = lr × √(1 - beta2**t) / (1 - beta1**t)

MXNet's formulas; the rate and 1 - beta are worked out in float64 here, in float32 there.
Kingma and Ba, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `t` (number of the step,
from 1), `beta1`, `beta2` and `epsilon`.
"""

from __future__ import annotations

from numparam.kernels._formulas import adam
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("adam", formulas(adam.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
