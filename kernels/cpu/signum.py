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

from numparam.kernels._formulas import signum
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("signum", formulas(signum.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
