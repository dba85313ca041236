"""Calls of products of matrices."""

from __future__ import annotations

import numpy as np

from tests.support.gradients import Case

_random = np.random.default_rng(4)


def _of(*shape: int) -> np.ndarray:
    return _random.normal(size=shape)


_FLAGS = [
    (False, False, "plain"),
    (True, False, "first-transposed"),
    (False, True, "second-transposed"),
    (True, True, "both-transposed"),
]


def _transposable(name: str, first: tuple[int, ...], second: tuple[int, ...]) -> list[Case]:
    """Make the four calls of a product of matrices that may be transposed."""
    made = []
    for turn_first, turn_second, label in _FLAGS:
        left, right = _of(*first), _of(*second)
        if turn_first:
            left = np.ascontiguousarray(np.swapaxes(left, -1, -2))
        if turn_second:
            right = np.ascontiguousarray(np.swapaxes(right, -1, -2))
        attributes = {"transpose_a": turn_first, "transpose_b": turn_second}
        made.append(Case(name, [left, right], attributes, label))
    return made


CASES = [
    *_transposable("dot", (2, 3), (3, 4)),
    Case("dot", [_of(3), _of(3)], {}, "vectors"),
    Case("dot", [_of(2, 3), _of(3)], {}, "matrix-vector"),
    Case("dot", [_of(2, 3, 4), _of(4, 2, 2)], {}, "three-axes"),
    Case("dot", [_of(4, 2, 3), _of(2, 2, 4)], {"transpose_a": True, "transpose_b": True}, "moved"),
    Case("dot", [_of(0, 3), _of(3, 2)], {}, "empty"),
    *_transposable("batch_dot", (2, 2, 3), (2, 3, 4)),
    Case("batch_dot", [_of(2, 1, 2, 3), _of(2, 1, 3, 2)], {}, "four-axes"),
    *_transposable("linalg.gemm2", (2, 2, 3), (2, 3, 4)),
    Case("linalg.gemm2", [_of(2, 3), _of(3, 2)], {"alpha": 1.5}, "matrices"),
    Case("linalg.gemm2", [_of(2, 3, 4), _of(4, 3, 5)], {"axis": 0}, "axis"),
    Case(
        "linalg.gemm2",
        [_of(4, 3, 2), _of(5, 3, 4)],
        {"axis": 0, "transpose_a": True, "transpose_b": True},
        "axis-transposed",
    ),
    Case("linalg.gemm", [_of(2, 3), _of(3, 2), _of(2, 2)], {"alpha": 0.5, "beta": 2.0}),
    Case("FullyConnected", [_of(2, 3), _of(4, 3), _of(4)], {"num_hidden": 4}),
    Case("FullyConnected", [_of(2, 3, 2), _of(4, 6), _of(4, 1)], {"num_hidden": 4}, "flattened"),
    Case(
        "FullyConnected",
        [_of(2, 3, 2), _of(4, 2), _of(4)],
        {"num_hidden": 4, "flatten": False},
        "last-axis",
    ),
    Case("FullyConnected", [_of(2, 3), _of(4, 3)], {"num_hidden": 4, "no_bias": True}, "no-bias"),
    Case("FullyConnected", [_of(0, 3), _of(4, 3), _of(4)], {"num_hidden": 4}, "empty"),
    Case("_np_dot", [_of(2, 3), _of(3, 4)]),
    Case("_np_dot", [_of(3), _of(3)], {}, "vectors"),
    Case("_np_dot", [_of(2, 4, 3), _of(2, 3, 2)], {}, "three-axes"),
    Case("_np_dot", [_of(2, 3), np.array(2.0)], {}, "number"),
    Case("_np_dot", [np.array(1.5), np.array(2.0)], {}, "numbers"),
    Case("_np_matmul", [_of(2, 3), _of(3, 4)]),
    Case("_np_matmul", [_of(3), _of(3)], {}, "vectors"),
    Case("_np_matmul", [_of(3), _of(2, 3, 2)], {}, "vector-first"),
    Case("_np_matmul", [_of(2, 2, 3), _of(3)], {}, "vector-second"),
    Case("_np_matmul", [_of(2, 1, 2, 3), _of(4, 3, 2)], {}, "broadcast"),
    Case("_np_tensordot", [_of(2, 3, 4), _of(3, 4, 2)]),
    Case("_np_tensordot", [_of(2, 3, 4), _of(4, 2, 5)], {"axes": ([2, 0], [0, 1])}, "axes"),
    Case("_np_tensordot", [_of(2, 3), _of(3, 2)], {"axes": ([-1, 0], [0, 1])}, "all"),
    Case("_np_tensordot", [_of(2), _of(3)], {"axes": 0}, "none"),
    Case("_np_outer", [_of(2), _of(3)]),
    Case("_np_outer", [_of(2, 2), _of(3, 1)], {}, "matrices"),
    *(
        Case("_np_linalg_norm", [_of(3, 4)], {"ord": order, "axis": 1}, f"rows-{order}")
        for order in (None, 0, 1, 2, 3, 0.5, -1, -2, np.inf, -np.inf)
    ),
    *(
        Case("_np_linalg_norm", [_of(2, 3, 4)], {"ord": order, "axis": (2, 0)}, f"matrices-{order}")
        for order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ),
    Case("_np_linalg_norm", [_of(2, 3, 4)], {}, "all"),
    Case("_np_linalg_norm", [_of(3, 4)], {"ord": 1}, "last-axes"),
    Case("_np_linalg_norm", [_of(4)], {"ord": np.inf}, "vector"),
    Case("_np_linalg_norm", [_of(3, 4)], {"ord": "nuc", "keepdims": True}, "keepdims"),
    Case("_np_linalg_norm", [_of(3, 4)], {"axis": (-1,), "keepdims": True}, "one-axis"),
    Case("_np_linalg_norm", [np.array(-2.5)], {}, "number"),
    Case("_np_linalg_norm", [np.zeros((0, 3))], {"axis": 1}, "empty"),
]
