"""Adam, on a GPU: see `numparam.kernels.cpu.adam`."""

from __future__ import annotations

from numparam.kernels._formulas import adam
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("adam", adam.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
