"""Follow the regularised leader (FTRL-Proximal).

With two states, z and n (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- z ← z + (g - (√(n + g²) - √n) × weight / lr)
- n ← n + g²
- weight ← (sign(z) × lamda1 - z) / ((beta + √n) / lr + wd) if |z| > lamda1, else 0

MXNet's formulas: a weight whose z is still small is set to zero, also with a gradient of zero; lazy
steps leave such rows alone. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD
2013.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `lamda1` and `beta`.
"""

from __future__ import annotations

from numparam.kernels._formulas import ftrl
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("ftrl", formulas(ftrl.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
