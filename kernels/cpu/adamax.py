"""AdaMax.

With two states, m and u (zeros at the start), and g = clip(rescale_grad × gradient + wd × weight),
where clip bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- u ← max(beta2 × u, |g|)
- weight ← weight - lr / (1 - beta1**t) × (m / u), which changes nothing where m is 0

MXNet divides 0 by 0 where there has been no gradient yet, and the weight becomes NaN.
Kingma and Ba, "Adam: A Method for Stochastic Optimization", arXiv:1412.6980, section 7.1.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `t` (number of the step,
from 1), `beta1` and `beta2`.
"""

from __future__ import annotations

from numparam.kernels._formulas import adamax
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("adamax", formulas(adamax.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
