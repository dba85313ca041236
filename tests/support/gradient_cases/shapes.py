"""Calls of operations that change the shape or the order of elements."""

from __future__ import annotations

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(1)
A = _random.normal(size=(2, 3))
B = _random.normal(size=(2, 3, 4))
EMPTY = np.zeros((0, 3))

CASES = [
    Case("reshape", [B], {"shape": (0, -1)}),
    Case("reshape", [B], {"shape": (-3, 2, -1)}, "codes"),
    Case("reshape", [EMPTY], {"shape": (0, 0, 1)}, "empty"),
    Case("reshape_like", [A, _random.normal(size=(6,))]),
    Case("reshape_like", [B, A], {"lhs_begin": 0, "lhs_end": 2, "rhs_begin": 0}, "part"),
    Case("flatten", [B]),
    Case("expand_dims", [A], {"axis": -1}),
    Case("squeeze", [A.reshape(2, 1, 3, 1)]),
    Case("squeeze", [A.reshape(1, 2, 3, 1)], {"axis": (0,)}, "axis"),
    Case("squeeze", [A[:1, :1]], {}, "to-one-element"),
    Case("transpose", [B]),
    Case("transpose", [B], {"axes": (2, 0, 1)}, "axes"),
    Case("SwapAxis", [B], {"dim1": 0, "dim2": -1}),
    Case("reverse", [B], {"axis": 1}),
    Case("reverse", [B], {"axis": (0, -1)}, "two-axes"),
    Case("diag", [_random.normal(size=(3,))]),
    Case("diag", [_random.normal(size=(3,))], {"k": -1}, "below"),
    Case("diag", [A], {"k": 1}, "taken"),
    Case("diag", [B], {"axis1": 2, "axis2": 0}, "axes"),
    Case("depth_to_space", [_random.normal(size=(1, 8, 1, 2))], {"block_size": 2}),
    Case("space_to_depth", [_random.normal(size=(1, 2, 2, 4))], {"block_size": 2}),
    Case("broadcast_to", [A.reshape(2, 1, 3)], {"shape": (2, 4, 0)}),
    Case("broadcast_to", [np.array([2.0])], {"shape": (3,)}, "one-element"),
    Case("broadcast_axis", [A.reshape(1, 2, 1, 3)], {"axis": (0, 2), "size": (2, 3)}),
    Case("broadcast_like", [A[:, :1], A]),
    Case("broadcast_like", [A[:1], A], {"lhs_axes": 0, "rhs_axes": 1}, "axes"),
    Case("_np_transpose", [B]),
    Case("_np_transpose", [B], {"axes": (2, 0, -2)}, "axes"),
    Case("_np_transpose", [np.array(1.5)], {}, "without-dimensions"),
    Case("_np_swapaxes", [B], {"axis1": 0, "axis2": -1}),
    Case("_np_moveaxis", [B], {"source": (0, 2), "destination": (-1, 0)}),
    Case("_np_flatten", [B]),
    Case("_np_broadcast_to", [A], {"shape": (4, 2, 3)}),
    Case("_np_broadcast_to", [np.array(1.5)], {"shape": (2, 2)}, "without-dimensions"),
    Case("_np_flip", [B], {"axis": None}),
    Case("_np_flip", [B], {"axis": -1}, "axis"),
    Case("_np_tile", [A], {"reps": (2, 1, 3)}),
    Case("_np_tile", [np.array(1.5)], {"reps": 3}, "without-dimensions"),
    Case("_np_repeat", [A], {"repeats": 2}),
    Case("_np_repeat", [A], {"repeats": [1, 0, 3], "axis": 1}, "each"),
]
