"""Sums, means, extremes and norms along axes."""

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(3)
_DATA = _random.normal(size=(2, 3, 4))
_ZEROS = np.array([[0.0, 2, 3], [0, 0, 5], [1.5, -2, 4]])
_NANS = np.array([[1.0, np.nan, 3], [np.nan, np.nan, 2]])

_AXES = [
    ({}, "all"),
    ({"axis": 1}, "axis"),
    ({"axis": -1, "keepdims": True}, "last kept"),
    ({"axis": (0, 2)}, "two axes"),
]
_CLASSIC = ("sum", "_square_sum", "mean", "prod", "max", "min", "nansum", "nanprod")
_NP = ("sum", "mean", "prod", "max", "min", "var", "std")

CASES = [
    *(Case(name, [_DATA], attributes, label) for name in _CLASSIC for attributes, label in _AXES),
    *(Case(name, [_DATA], {"axis": 1, "exclude": True}, "exclude") for name in _CLASSIC),
    *(Case(name, [_DATA[:, :, :0]], {"axis": 1}, "empty") for name in _CLASSIC),
    *(
        Case(f"_np_{name}", [_DATA], attributes, label)
        for name in _NP
        for attributes, label in _AXES
    ),
    *(Case(f"_np_{name}", [_DATA[0, 0, 0]], {}, "0-d") for name in _NP if name != "std"),
    *(Case(f"_np_{name}", [_DATA], {"axis": ()}, "no axes") for name in _NP[:3]),
    *(Case(f"_np_{name}", [_DATA[:, :, :0]], {"axis": 1}, "empty") for name in _NP),
    Case("_np_var", [_DATA], {"axis": 2, "ddof": 1}, "ddof"),
    Case("_np_std", [_DATA], {"axis": 2, "ddof": 1}, "ddof"),
    Case("_np_sum", [_DATA], {"dtype": "float32"}, "dtype", 1e-3),
    Case("prod", [_ZEROS], {"axis": 1}, "zeros"),
    Case("_np_prod", [_ZEROS], {}, "zeros"),
    *(
        Case("norm", [_DATA], {"ord": order, **attributes}, f"{order} {label}")
        for order in (1, 2)
        for attributes, label in _AXES
    ),
    Case("cumsum", [_DATA], {}, "flat"),
    Case("cumsum", [_DATA], {"axis": 1}),
    Case("_np_cumsum", [_DATA], {}, "flat"),
    Case("_np_cumsum", [_DATA], {"axis": -1}),
    Case("moments", [_DATA], {"axes": (0, 2)}),
    Case("moments", [_DATA], {"axes": (1,), "keepdims": True}, "kept"),
    *(
        Case("L2Normalization", [_DATA], {"mode": mode}, mode)
        for mode in ("instance", "channel", "spatial")
    ),
    Case("add_n", [_DATA, _DATA * 2, _DATA - 1]),
    Case("multi_sum_sq", [_DATA, _DATA[0]], {"num_arrays": 2}, "", 1e-3),
]
