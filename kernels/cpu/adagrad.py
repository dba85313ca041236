"""AdaGrad.

With one state, the sum of squares h (zeros at the start), and g = clip(rescale_grad × gradient),
where clip bounds at ±clip_gradient:

- h ← h + g²
- weight ← weight - lr × (g / √(h + epsilon) + wd × weight)

MXNet's formula, there for row-sparse gradients only without decay.
Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
Optimization", JMLR 12 (2011).

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient` and `epsilon`.
"""

from __future__ import annotations

from numparam.kernels._formulas import adagrad
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("adagrad", formulas(adagrad.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
