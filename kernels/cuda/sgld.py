"""Stochastic gradient Langevin dynamics, on a GPU: see `numparam.kernels.cpu.sgld`."""

from __future__ import annotations

from numparam.kernels._formulas import sgld
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("sgld", sgld.FORMULAS)

# No exact form: a row without a gradient gets noise in a dense step.
coefficients, bind, dense, rows = functions(_STEPS, __name__)[:4]
