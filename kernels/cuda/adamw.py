"""Adam with decoupled weight decay, on a GPU: see `numparam.kernels.cpu.adamw`."""

from __future__ import annotations

from numparam.kernels._formulas import adamw
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("adamw", adamw.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
