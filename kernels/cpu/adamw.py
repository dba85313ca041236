"""Adam with decoupled weight decay.

With two states, m and v (zeros at the start), and g = clip(rescale_grad × gradient), where clip
bounds at ±clip_gradient:

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- weight ← weight - lr × wd × weight
- weight ← weight - lr / (1 - beta1**t) × (m / (√v × 1 / √(1 - beta2**t) + epsilon))

The decay is not part of the gradient. As ``torch.optim.AdamW``, up to rounding.
Loshchilov and Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `t` (number of the step,
from 1), `beta1`, `beta2` and `epsilon`.
"""

from __future__ import annotations

from numparam.kernels._formulas import adamw
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("adamw", formulas(adamw.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
