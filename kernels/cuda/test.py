"""The optimizer that tests use: it adds the gradient, on a GPU: see `numparam.kernels.cpu.test`."""

from __future__ import annotations

from numparam.kernels._formulas import test
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps

_STEPS = Steps("test", test.FORMULAS)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
