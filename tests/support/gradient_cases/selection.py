"""Calls of operations that pick elements or rows, or put them somewhere."""

from __future__ import annotations

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(3)
A = _random.normal(size=(4, 3))
B = _random.normal(size=(2, 3, 4))
IDS = np.array([2, 0, 2, -1, 9])
PAIRS = np.array([[0, 3, 0], [2, 1, 2]])

CASES = [
    Case("take", [A, IDS]),
    Case("take", [A, IDS.reshape(5, 1)], {"mode": "wrap"}, "wrap"),
    Case("take", [B, IDS], {"axis": -2}, "axis"),
    Case("take", [A, np.zeros((0,), np.int64)], {}, "no-ids"),
    Case("take", [A[0], np.array([[1, 1]])], {}, "of-a-vector"),
    Case("Embedding", [IDS, A], {"input_dim": 4, "output_dim": 3}),
    Case("Embedding", [IDS, A], {"input_dim": 4, "output_dim": 3, "sparse_grad": True}, "sparse"),
    Case("pick", [A, np.array([2, 0, 1, 1])]),
    Case("pick", [B, np.array([[2, 0, 1, 9]] * 2)], {"axis": 1, "keepdims": True}, "keepdims"),
    Case("pick", [A, np.array([2, 2, -1])], {"axis": None}, "flattened"),
    Case("pick", [A, np.array([5, 3, -1, 1])], {"mode": "wrap"}, "wrap"),
    Case("batch_take", [A, np.array([2, 0, 1, 1])]),
    Case("fill_element_0index", [A, A[:, 0], np.array([2, 0, 1, 1])]),
    Case("where", [np.array([[1, 0, 1]] * 4), A, A + 1]),
    Case("where", [np.array([1, 0, 0, 1]), A, A + 1], {}, "rows"),
    Case("gather_nd", [A, PAIRS]),
    Case("gather_nd", [B, np.array([[1, 1, 0]])], {}, "slices"),
    Case("scatter_nd", [_random.normal(size=(2,)), PAIRS[:, :2]], {"shape": (4, 3)}),
    Case("contrib.boolean_mask", [A, np.array([1, 0, 0, 1])]),
    Case("slice", [B], {"begin": (0, 1), "end": (None, 3)}),
    Case("slice", [B], {"begin": (1, None), "end": (None, None), "step": (-1, 2)}, "steps"),
    Case("slice_axis", [B], {"axis": -1, "begin": -3, "end": None}),
    Case("slice_axis", [B], {"axis": 1, "begin": 0, "end": -1}, "end"),
    Case("slice_like", [B, B[:1, :2, :3]]),
    Case("slice_like", [B, A[:2]], {"axes": (1,)}, "axes"),
    Case("_slice_assign", [A, _random.normal(size=(2, 3))], {"begin": (1,), "end": (3,)}),
    Case("_slice_assign_scalar", [A], {"scalar": 2.0, "begin": (1, 0), "end": (3, 2)}),
    Case("SequenceMask", [A]),
    Case(
        "SequenceMask",
        [B, np.array([1, 2, 0])],
        {"use_sequence_length": True, "value": 2.0},
        "lengths",
    ),
    Case(
        "SequenceMask",
        [B, np.array([1, 3])],
        {"use_sequence_length": True, "axis": 1},
        "axis",
    ),
    Case("_np_where", [np.array([[1], [0], [0], [1]]), A, A[0]]),
    Case("_np_where", [np.array(1), A, np.array(2.0)], {}, "without-dimensions"),
    Case("_np_take", [A, np.array([2, 0, 2])], {"axis": 0}),
    Case("_np_take", [A, np.array([[2, 0], [2, -1]])], {"axis": 1}, "axis"),
    Case("_np_take", [A, np.array([11, 0, -12])], {}, "flattened"),
    Case("_np_take", [B, np.array(7)], {"axis": 1, "mode": "wrap"}, "one"),
    Case("_np_sort", [B]),
    Case("_np_sort", [B], {"axis": None}, "flattened"),
    Case("_np_sort", [B], {"axis": 0}, "axis"),
    Case("_part", [A], {"index": (slice(None, None, 2),), "shape": (2, 3)}),
    Case("_part", [B], {"index": (slice(1, 0, -1), slice(1, 2)), "shape": (4,)}, "row"),
    Case("_part", [B], {"index": (slice(1, 1),), "shape": (0, 3, 4)}, "nothing"),
    Case("_added_at", [A[:3]], {"index": np.array([1, 0, 1]), "shape": (2, 3)}, "repeated"),
    Case("_added_at", [A[:2]], {"index": slice(0, 4, 2), "shape": (4, 3)}, "slice"),
    Case("_added_at", [np.zeros((0, 3))], {"index": np.array([], int), "shape": (4, 3)}, "none"),
    Case("_taken_at", [A], {"index": np.array([1, 0, 1]), "shape": (9,)}, "repeated"),
    Case("_taken_at", [A], {"index": (slice(1, 3), 0), "shape": (2,)}, "slice"),
]
