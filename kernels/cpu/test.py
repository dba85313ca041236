"""The optimizer that tests use: it adds the gradient.

weight ← weight + rescale_grad × gradient. There is no state. MXNet's ``Test``.

The hyper-parameters are `rescale_grad`, and `lr`, `wd` and `clip_gradient`, which are not used.
"""

from __future__ import annotations

from numparam.kernels._formulas import test
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cpu._steps import Steps, formulas

_STEPS = Steps("test", formulas(test.FORMULAS))

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
