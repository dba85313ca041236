"""Follow the moving leader.

With three states, d, v and z (zeros at the start), and g = clip(rescale_grad × gradient + wd ×
weight), where clip bounds at ±clip_gradient:

- v ← beta2 × v + (1 - beta2) × g²
- new d = (1 - beta1**t) / lr × (√(v / (1 - beta2**t)) + epsilon)
- z ← beta1 × z + (1 - beta1) × g - (new d - beta1 × d) × weight
- d ← new d, weight ← -z / d

MXNet's formulas. Zheng and Kwok, "Follow the Moving Leader in Deep Learning", ICML 2017.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `t` (number of the step,
from 1), `beta1`, `beta2` and `epsilon`.
"""

from __future__ import annotations

from numparam.kernels._formulas import ftml
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("ftml", formulas(ftml.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
