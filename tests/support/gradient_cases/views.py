"""Pieces of memory in a shape, and copies."""

import numpy as np

from tests.support.gradients import Case

_DATA = np.random.default_rng(4).normal(size=(3, 4))

CASES = [
    Case("_view", [_DATA], {"start": 0, "shape": (2, 6)}, "reshape"),
    Case("_view", [_DATA], {"start": 4, "shape": (4,)}, "row"),
    Case("_view", [_DATA], {"start": 3, "shape": (0, 2)}, "nothing"),
    Case("_view", [_DATA], {"start": 5, "shape": ()}, "element"),
    Case("_move", [_DATA]),
    Case("_move", [_DATA], {"dtype": np.dtype("float32")}, "dtype", 1e-3),
    Case("_copyto", [_DATA]),
]
