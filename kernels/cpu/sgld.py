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

from numparam.kernels._formulas import sgld
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("sgld", formulas(sgld.FORMULAS))

# No exact form: a row without a gradient gets noise in a dense step.
coefficients, bind, dense, rows = functions(_STEPS, __name__)[:4]
