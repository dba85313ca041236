"""Delay-compensated asynchronous gradient descent, on a GPU: see `numparam.kernels.cpu.dcasgd`."""

from __future__ import annotations

from numparam.kernels._formulas import dcasgd
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("dcasgd", dcasgd.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
