"""Ufuncs of NumPy that are no operations of their own."""

from typing import Any

import numpy as np

from tests.support.gradients import Case

_DATA = np.random.default_rng(6).uniform(0.5, 2, (3, 4))


def _call(
    ufunc: np.ufunc, inputs: list, operands: tuple, method: str = "__call__", **keywords: Any
):
    attributes = {"ufunc": ufunc, "method": method, "operands": operands, "keywords": keywords}
    return Case("_numpy_ufunc", inputs, attributes, f"{ufunc.__name__} {method} {keywords}")


CASES = [
    _call(np.add, [_DATA], (None,), "reduce"),
    _call(np.add, [_DATA], (None,), "reduce", axis=None),
    _call(np.add, [_DATA], (None,), "reduce", axis=(0, 1)),
    _call(np.add, [_DATA], (None,), "reduce", axis=1, keepdims=True),
    _call(np.exp2, [_DATA], (None,)),
    _call(np.logaddexp, [_DATA, _DATA[0]], (None, None)),
    _call(np.logaddexp2, [_DATA], (None, 0.5)),
    _call(np.float_power, [_DATA, _DATA[:, :1]], (None, None)),
    _call(np.arctan2, [_DATA], (1.5, None)),
    _call(np.fmax, [_DATA, _DATA[::-1] + 0.01], (None, None)),
    _call(np.fmin, [_DATA, _DATA[::-1] + 0.01], (None, None)),
]
