"""AdaDelta, on a GPU: see `numparam.kernels.cpu.adadelta`."""

from __future__ import annotations

from numparam.kernels._formulas import adadelta
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("adadelta", adadelta.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
