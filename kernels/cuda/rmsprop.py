"""RMSProp, plain and centered, on a GPU: see `numparam.kernels.cpu.rmsprop`."""

from __future__ import annotations

from numparam.kernels._formulas import rmsprop
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("rmsprop", rmsprop.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
