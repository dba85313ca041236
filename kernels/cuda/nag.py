"""Nesterov's accelerated gradient descent, on a GPU: see `numparam.kernels.cpu.nag`."""

from __future__ import annotations

from numparam.kernels._formulas import nag
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("nag", nag.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
