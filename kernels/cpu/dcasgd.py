"""Delay-compensated asynchronous gradient descent.

With the weight before the last step, p (a copy of the weight at the start), and g =
clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- change = -lr × (g + wd × weight + lamda × g² × (weight - p))
- p ← weight
- with a second state, the momentum m (zeros at the start): m ← momentum × m + change, weight ←
  weight + m; without: weight ← weight + change

MXNet's formulas; there a momentum other than zero raises. Zheng et al., "Asynchronous Stochastic
Gradient Descent with Delay Compensation", ICML 2017.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `lamda` and `momentum`
(default 0).
"""

from __future__ import annotations

from numparam.kernels._formulas import dcasgd
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("dcasgd", formulas(dcasgd.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
