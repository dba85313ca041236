"""Follow the regularised leader (FTRL-Proximal), on a GPU: see `numparam.kernels.cpu.ftrl`."""

from __future__ import annotations

from numparam.kernels._formulas import ftrl
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("ftrl", ftrl.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
