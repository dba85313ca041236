"""Sign of the gradient, with and without momentum, on a GPU: see `numparam.kernels.cpu.signum`."""

from __future__ import annotations

from numparam.kernels._formulas import signum
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("signum", signum.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
