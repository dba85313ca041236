"""AdaDelta.

With two states, a and b (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- a ← rho × a + (1 - rho) × g²
- change = √(b + epsilon) / √(a + epsilon) × g
- b ← rho × b + (1 - rho) × change²
- weight ← weight - (change + wd × weight)

MXNet's formulas, which have no learning rate; MXNet multiplies the caller's gradient in place.
Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv:1212.5701.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient` (`lr` is not used), `rho` and
`epsilon`.
"""

from __future__ import annotations

from numparam.kernels._formulas import adadelta
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("adadelta", formulas(adadelta.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
