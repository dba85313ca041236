"""RMSProp, plain and centered.

With g = clip(rescale_grad × gradient + wd × weight), where clip bounds at ±clip_gradient, and the
average of squares n (zeros at the start):

- n ← gamma1 × n + (1 - gamma1) × g²
- weight ← weight - lr × (g / √(n + epsilon))

Centered, with two more states, the average a and the change d (zeros at the start):

- a ← gamma1 × a + (1 - gamma1) × g
- d ← gamma2 × d - lr × (g / √(n - a² + epsilon)), weight ← weight + d

Then the weight is bounded at ±clip_weights. MXNet's formulas. Plain: Tieleman and Hinton, Lecture
6.5 of "Neural Networks for Machine Learning" (2012); centered: Graves, arXiv:1308.0850, equations
38 to 45.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `gamma1`, `gamma2` (default
0; needed if centered), `epsilon` and `clip_weights` (default none).
"""

from __future__ import annotations

from numparam.kernels._formulas import rmsprop
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("rmsprop", formulas(rmsprop.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
