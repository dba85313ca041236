"""Calls of operations that put arrays together, take them apart, or repeat them."""

from __future__ import annotations

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(2)
A = _random.normal(size=(2, 3))
B = _random.normal(size=(2, 1))
C = _random.normal(size=(2, 4, 3))
EMPTY = np.zeros((2, 0))
IMAGE = _random.normal(size=(1, 1, 3, 4))
EDGES = (0, 0, 0, 0, 1, 2, 2, 1)

CASES = [
    Case("concat", [A, B, A]),
    Case("concat", [A, EMPTY], {"dim": -1}, "empty"),
    Case("concat", [A], {"dim": 0}, "single"),
    Case("stack", [A, A + 1], {"axis": -1}),
    Case("stack", [A, A, A], {}, "first-axis"),
    Case("SliceChannel", [C], {"num_outputs": 2}),
    Case("SliceChannel", [C], {"num_outputs": 4, "squeeze_axis": True}, "squeezed"),
    Case("SliceChannel", [C], {"num_outputs": 1}, "single"),
    Case("_split_v2", [C], {"indices": (0, 1, 3)}),
    Case("_split_v2", [C], {"sections": 3, "axis": -1, "squeeze_axis": True}, "sections"),
    Case("tile", [A], {"reps": (2, 1, 3)}),
    Case("tile", [C], {"reps": (2,)}, "fewer"),
    Case("tile", [A], {"reps": (0, 2)}, "nothing"),
    Case("repeat", [A], {"repeats": 2}),
    Case("repeat", [C], {"repeats": 3, "axis": -2}, "axis"),
    Case("pad", [IMAGE], {"mode": "constant", "pad_width": EDGES, "constant_value": 3}),
    Case("pad", [IMAGE], {"mode": "edge", "pad_width": EDGES}, "edge"),
    Case("pad", [IMAGE], {"mode": "reflect", "pad_width": EDGES}, "reflect"),
    Case("_np_concatenate", [A, B, A], {"axis": -1}),
    Case("_np_concatenate", [A, C], {"axis": None}, "flattened"),
    Case("_np_stack", [A, A], {"axis": -2}),
    Case("_np_vstack", [A, A[0]]),
    Case("_np_vstack", [np.array(1.0), np.array([2.0])], {}, "without-dimensions"),
    Case("_np_hstack", [A, B]),
    Case("_np_hstack", [A[0], np.array(2.0)], {}, "vectors"),
    Case("_np_split", [C], {"indices_or_sections": [1, 3], "axis": 1}),
    Case("_np_split", [C], {"indices_or_sections": 1}, "single"),
    Case("_np_array_split", [C], {"indices_or_sections": 3, "axis": -2}),
]
