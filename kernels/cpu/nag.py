"""Nesterov's accelerated gradient descent.

Without a state it is `numparam.kernels.cpu.sgd`. With one, the momentum m (zeros at the start), and
with g = clip(rescale_grad × gradient), where clip bounds at ±clip_gradient:

- m' = momentum × m
- new = weight + ((momentum + 1) × (m' - lr × (g + wd × weight)) - m')
- m ← m' - lr × (g + wd × new), weight ← new

MXNet's order: the decay in the momentum is that of the new weight.
Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
learning", ICML 2013.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient` and `momentum` (default 0).
"""

from __future__ import annotations

from numparam.kernels._formulas import nag
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("nag", formulas(nag.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
