"""AdaGrad by rows, on a GPU: see `numparam.kernels.cpu.groupadagrad`."""

from __future__ import annotations

from numparam.kernels._formulas.scalars import no_decay
from numparam.kernels._optimizer_functions import functions
from numparam.kernels.cuda._steps import Steps


def _can_rest(low, high, tiny, roundoff):
    return no_decay(low, high) and low[4] > 0


def _form(states, width, kind, mixed):
    from numparam.kernels.cuda import _group_rows  # imports numba.cuda

    return _group_rows.group_rows(states, width, kind, mixed)


_STEPS = Steps("groupadagrad", {1: None}, _form, _can_rest)

coefficients, bind, dense, rows, exact_rows, catch_up = functions(_STEPS, __name__)
