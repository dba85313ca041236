"""Stochastic gradient descent, on a GPU: see `numparam.kernels.cpu.sgd`."""

from __future__ import annotations

from numparam.kernels._formulas import sgd
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("sgd", sgd.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
