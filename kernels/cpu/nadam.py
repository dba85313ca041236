"""Adam with Nesterov's momentum.

With two states, m and v (zeros at the start), g = clip(rescale_grad × gradient + wd × weight),
where clip bounds at ±clip_gradient, and the momenta
μ(t) = beta1 × (1 - 0.96**(t × schedule_decay) / 2):

- m ← beta1 × m + (1 - beta1) × g
- v ← beta2 × v + (1 - beta2) × g²
- now = schedule × μ(t), next = now × μ(t + 1)
- mean = (1 - μ(t)) / (1 - now) × g + μ(t + 1) / (1 - next) × m
- weight ← weight - lr × (mean / (√(v / (1 - beta2**t)) + epsilon))

The product of momenta belongs to each parameter here; MXNet has one for all, which it multiplies
once for every parameter of a step. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR 2016.

The hyper-parameters are `lr`, `wd`, `rescale_grad`, `clip_gradient`, `t` (number of the step,
from 1), `schedule` (product of the momenta of all steps before this one, 1 before the first),
`beta1`, `beta2`, `epsilon` and `schedule_decay`.
"""

from __future__ import annotations

from numparam.kernels._formulas import nadam
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("nadam", formulas(nadam.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
