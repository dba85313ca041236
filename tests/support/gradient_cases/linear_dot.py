"""Products of two arrays."""

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(5)
_LEFT = _random.normal(size=(3, 4))
_RIGHT = _random.normal(size=(4, 2))

CASES = [
    Case("dot", [_LEFT, _RIGHT]),
    Case("dot", [_LEFT.T, _RIGHT], {"transpose_a": True}, "first transposed"),
    Case("dot", [_LEFT, _RIGHT.T], {"transpose_b": True}, "second transposed"),
    Case("dot", [_LEFT.T, _RIGHT.T], {"transpose_a": True, "transpose_b": True}, "both"),
    Case("dot", [_LEFT[0], _LEFT[1]], {}, "vectors"),
    Case("dot", [_LEFT[0], _RIGHT], {}, "vector and matrix"),
    Case("dot", [_LEFT, _RIGHT[:, 0]], {}, "matrix and vector"),
    Case("dot", [_random.normal(size=(2, 3, 4)), _random.normal(size=(4, 2, 3))], {}, "3-d"),
    Case("dot", [_LEFT[:, :0], _RIGHT[:0]], {}, "empty inside"),
    Case("dot", [_LEFT[:0], _RIGHT], {}, "no rows"),
]
