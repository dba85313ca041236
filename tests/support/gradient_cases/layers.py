"""Calls of softmax, normalization and dropout, of casts and sums of many, and of orders."""

from __future__ import annotations

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(5)
A = _random.normal(size=(2, 3))
B = _random.normal(size=(2, 3, 4))
EMPTY = np.zeros((0, 3))
MASK = np.array([[0, 2, 2], [2, 0, 2]])
CHANCES = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])

CASES = [
    Case("softmax", [A]),
    Case("softmax", [B], {"axis": 1, "temperature": 2.0}, "temperature"),
    Case("softmax", [A, np.array([2, 3])], {"use_length": True}, "length"),
    Case("softmax", [EMPTY], {}, "empty"),
    Case("log_softmax", [A]),
    Case("log_softmax", [B], {"axis": 0, "temperature": 0.5}, "temperature"),
    Case("softmin", [B], {"axis": -2, "temperature": 2.0}),
    Case("softmax_cross_entropy", [A, np.array([2, 0])]),
    Case("LayerNorm", [A, A[0], A[1]], {"eps": 0.1}),
    Case("LayerNorm", [B, _random.normal(size=3), _random.normal(size=3)], {"axis": 1}, "axis"),
    Case("_dropout", [A, MASK]),
    Case("_dropout", [A, MASK[:, :1]], {}, "axes"),
    Case("_log_probability", [CHANCES, np.array([2, 0])]),
    *(
        Case(f"random_pdf_{name}", inputs, {"is_log": is_log}, "log" if is_log else "")
        for is_log in (False, True)
        for name, inputs in (
            ("normal", [A, np.array([0.5, -1]), np.array([1.5, 0.7])]),
            ("gamma", [np.abs(A), np.array([1.5, 2]), np.array([1.5, 0.7])]),
            ("exponential", [np.abs(B), np.array([[1.5, 2, 0.5], [1, 0.1, 3]])]),
            ("dirichlet", [CHANCES, np.array([1.5, 0.5, 2])]),
        )
    ),
    Case("_log_probability", [CHANCES, np.array([[[2, 2]], [[0, 1]]])], {}, "many"),
    Case("_log_probability", [CHANCES[0], np.array([2, 2, 0])], {}, "one-distribution"),
    Case("cast", [A], {"dtype": "float64"}),
    Case("cast_storage", [A], {"stype": "default"}),
    Case("add_n", [A, A + 1, A]),
    Case("add_n", [A], {}, "single"),
    Case("sort", [B], {"axis": 1}),
    Case("sort", [B], {"axis": None, "is_ascend": False}, "flattened"),
    Case("topk", [B], {"k": 2, "ret_typ": "value"}),
    Case("topk", [B], {"k": 2, "ret_typ": "both", "axis": 0}, "both"),
    Case("topk", [B], {"k": 3, "ret_typ": "value", "axis": None, "is_ascend": True}, "flattened"),
    Case("gamma", [np.array([0.3, 1.0, 4.2, -0.7, -2.3])]),
    Case("gammaln", [np.array([0.3, 1.0, 4.2, -0.7, 30.0])]),
    Case("digamma", [np.array([0.3, 1.0, 4.2, -0.7, 30.0])]),
    Case("erfinv", [np.array([0.0, 0.5, -0.9, 0.99])]),
]
