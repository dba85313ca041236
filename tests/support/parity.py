"""Inputs for every kernel, and the comparison of two backends on them: one row for a function.

A row is ``(operation, function): inputs(kind, size)``, which yields pairs of positional and keyword
arguments. What a function returns, and what it leaves in its arguments, must agree bit for bit.
"""

from __future__ import annotations

import copy
import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.support import optimizer_steps
from tests.support.awkward_inputs import SAMPLED, dtype_of, same_bits, values

FLOATS = ("float16", "bfloat16", "float32", "float64")
Arguments = tuple[tuple, dict[str, Any]]


def _copies(kind: str, size: int, count: int) -> list[np.ndarray]:
    """Sources of a mean; booleans must agree."""
    seeds = [0] * count if kind == "bool" else range(count)
    return [values(kind, size, seed) for seed in seeds]


def _combine(kind: str, size: int) -> Iterator[Arguments]:
    for count in (1, 2, 3, 4):
        yield (_copies(kind, size, count),), {}
    yield (_copies(kind, size, 2),), {"out": values(kind, size, 9)}
    if size == 1:
        yield ([array.reshape(()) for array in _copies(kind, 1, 3)],), {}


def _many(kind: str, size: int) -> Iterator[Arguments]:
    yield ([],), {}
    yield ([values(kind, size), values(kind, 3, 1), values(kind, 0), np.ones((2, 2))],), {}


def _accumulated(kind: str, size: int) -> Iterator[Arguments]:
    yield ([], []), {}
    targets = [values(kind, size), values(kind, 3, 1), values(kind, 0), np.ones((2, 2))]
    sources = [values(kind, 2 * size, 2)[::2], values(kind, 3, 3), values(kind, 0), np.eye(2)]
    yield (targets, sources), {}


def _averaged(kind: str, size: int) -> Iterator[Arguments]:
    if kind not in SAMPLED:
        return
    for count in (1, 2, 3, 4):
        large, small = _copies(kind, size, count), _copies(kind, 3, count)
        empty, other = _copies(kind, 0, count), [np.full((2, 2), k) / 3 for k in range(count)]
        yield ([list(arrays) for arrays in zip(large, small, empty, other, strict=True)],), {}
    yield ([[], []],), {}


def _added_many(kind: str, size: int) -> Iterator[Arguments]:
    if kind not in SAMPLED:
        return
    for count in (1, 2, 3, 4):
        large, small = _copies(kind, size, count), _copies(kind, 3, count)
        sources = [list(arrays) for arrays in zip(large, small, strict=True)]
        yield (sources, [values(kind, size, 77), values(kind, 3, 78)]), {}
    yield ([[], []], []), {}


def _scaled(kind: str, size: int) -> Iterator[Arguments]:
    if kind in FLOATS:
        yield ([values(kind, size), values(kind, 3, 1)], 0.3), {}
        yield ([values(kind, size)], -2.0), {}


def _compared(kind: str, size: int) -> Iterator[Arguments]:
    if kind not in SAMPLED:
        return
    first, second = values(kind, size), values(kind, size, 1)
    second[::3] = first[::3]
    yield (first, second), {}
    yield (first, second, 0.5), {"atol": 1e-3}


def _ids(rows: int, count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, max(rows, 1), count)


def _unique(kind: str, size: int) -> Iterator[Arguments]:
    yield (_ids(50, size),), {}
    yield (np.arange(size), size), {}


def _row_sparse(kind: str, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    ids = np.unique(_ids(2 * size, size, seed))
    return ids, values(kind, 3 * len(ids), seed).reshape(-1, 3)


def _retained(kind: str, size: int) -> Iterator[Arguments]:
    ids, data = _row_sparse(kind, size)
    yield (ids, data, np.unique(_ids(3 * size, size, 1))), {}
    yield (ids, data, _ids(3 * size, size, 2)), {}
    yield (ids, data, ids), {}


def _gathered(kind: str, size: int) -> Iterator[Arguments]:
    table = values(kind, 3 * (size + 1)).reshape(-1, 3)
    yield (table, _ids(size, size)), {}
    yield (table, np.arange(size)), {"out": np.zeros((size, 3), table.dtype)}


def _scattered(kind: str, size: int) -> Iterator[Arguments]:
    table = values(kind, 3 * (size + 1)).reshape(-1, 3)
    rows = values(kind, 3 * size, 1).reshape(-1, 3)
    yield (table, np.arange(size), rows), {}
    yield (table, _ids(size, size), rows), {}


def _added(kind: str, size: int) -> Iterator[Arguments]:
    table = values(kind, 3 * (2 * size + 1)).reshape(-1, 3)
    rows = values(kind, 3 * size, 1).reshape(-1, 3)
    yield (table, np.arange(0, 2 * size, 2), rows), {}
    yield (table, _ids(size, size), rows), {}


def _subtracted(kind: str, size: int) -> Iterator[Arguments]:
    if kind != "bool":  # booleans have no difference
        yield from _added(kind, size)


def _merged(kind: str, size: int) -> Iterator[Arguments]:
    # Where the number of rows is not known, ids are sorted, which is the same for all kinds.
    sorts = [{}] if kind in ("float32", "bool") else []
    for count in (1, 2, 3) if kind in SAMPLED else (2,):
        parts = [_row_sparse(kind, size, seed) for seed in range(count)]
        for rows in (*sorts, {"rows": 2 * size}):
            yield ([part[0] for part in parts], [part[1] for part in parts]), rows
    repeated = _ids(size, size)
    data = values(kind, size)
    for rows in sorts or [{"rows": max(size, 1)}]:
        yield ([repeated], [data]), rows
        if kind != "bool":
            yield ([repeated, repeated], [data, data]), {"divisor": 3, **rows}


def _merged_many(kind: str, size: int) -> Iterator[Arguments]:
    if kind not in SAMPLED:
        return
    yield ([], [], []), {}
    sets = []
    for count in (1, 2, 3):
        seeds = [0] * count if kind == "bool" else range(count)
        sets.append([_row_sparse(kind, size, seed) for seed in seeds])
    ids = [[part[0] for part in parts] for parts in sets]
    data = [[part[1] for part in parts] for parts in sets]
    yield (ids, data, [2 * size + 1, None, 2 * size + 1]), {}


def _cast(kind: str, size: int) -> Iterator[Arguments]:
    for target in ("float16", "bfloat16", "float32", "float64", "int8", "int64", "uint32", "bool"):
        yield (values(kind, size), dtype_of(target)), {}


def _copied(kind: str, size: int) -> Iterator[Arguments]:
    yield (values(kind, size),), {}
    yield (values(kind, 2 * size)[::2],), {"out": values(kind, size, 1)}


def _drawn(kind: str, size: int) -> Iterator[Arguments]:
    if kind in FLOATS:
        yield (values(kind, size),), {"seed": 7}
        yield (values(kind, size), -2.0, 3.0), {"seed": 2**64 - 1, "offset": 5, "stream": 1}


def _bits(kind: str, size: int) -> Iterator[Arguments]:
    if kind == "uint32":
        yield (np.zeros(size, np.uint32),), {"seed": 7, "offset": 3}


def nothing_to_compare(kind, size):
    return iter(())


INPUTS: dict[tuple[str, str], Callable[[str, int], Iterator[Arguments]]] = {
    ("average", "add_n"): _combine,
    ("average", "mean"): _combine,
    ("average_many", "mean_in_place"): _averaged,
    ("average_many", "add_n"): _added_many,
    ("reset", "zero"): _many,
    ("accumulate", "assign"): _accumulated,
    ("accumulate", "add"): _accumulated,
    ("table", "build"): nothing_to_compare,  # returns addresses; its users are compared
    ("retain", "unique_ids"): _unique,
    ("retain", "retain"): _retained,
    ("retain", "gather"): _gathered,
    ("retain", "scatter"): _scattered,
    ("retain", "add_rows"): _added,
    ("retain", "subtract_rows"): _subtracted,
    ("merge", "merge"): _merged,
    ("merge_many", "mean"): _merged_many,
    ("cast", "cast"): _cast,
    ("cast", "copy"): _copied,
    ("random", "bits"): _bits,
    ("random", "uniform"): _drawn,
    ("random", "normal"): _drawn,
    ("difference", "difference"): _compared,
    ("norm", "sum_of_squares"): _many,
    ("norm", "scale"): _scaled,
}


def optimizer_inputs(exhaustive: bool = False) -> dict[tuple[str, str], Callable]:
    """Return the rows of the optimizers; `exhaustive` ones for all that kernels take."""
    made: dict[tuple[str, str], Callable] = {}
    for name in {one.name: None for one in optimizer_steps.OPTIMIZERS}:
        module = importlib.import_module(f"numparam.kernels.reference.{name}")
        mine = [one for one in optimizer_steps.OPTIMIZERS if one.name == name]
        # Both are host arithmetic that the backends share; their users are compared.
        made[name, "coefficients"] = made[name, "bind"] = nothing_to_compare
        made[name, "dense"] = functools.partial(_dense_steps, module, mine, exhaustive)
        for form in ("rows", "exact_rows", "catch_up") if mine[0].exact else ("rows",):
            made[name, form] = functools.partial(_row_steps, module, mine, exhaustive, form)
    return made


def _dense_steps(
    module: Any, optimizers: list, exhaustive: bool, kind: str, size: int
) -> Iterator[Arguments]:
    for optimizer in optimizers if kind in FLOATS else ():
        masters_held = optimizer_steps.tried(optimizer, "dense", kind, exhaustive)
        for given in optimizer_steps.many_arguments(module, optimizer, kind, size, masters_held):
            yield given, {}


def _row_steps(
    module: Any, optimizers: list, exhaustive: bool, form: str, kind: str, size: int
) -> Iterator[Arguments]:
    for optimizer in optimizers if kind in FLOATS else ():
        masters_held = optimizer_steps.tried(optimizer, form, kind, exhaustive)
        for made in optimizer_steps.row_arguments(module, optimizer, kind, size, masters_held):
            given = dict(made)
            if form == "rows":
                given["coefficients"] = given.pop("history")[-1:]
                del given["first"], given["last_steps"]
            elif form == "catch_up":
                del given["gradient"], given["ids"]
                yield (), {**given, "ids": made["ids"]}
            yield (), given


INPUTS |= optimizer_inputs()


def agree(left: Any, right: Any) -> bool:
    """Whether two results, or two sets of arguments after a call, agree bit for bit."""
    if isinstance(left, np.ndarray):
        return isinstance(right, np.ndarray) and same_bits(left, right)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(agree, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(agree(left[key], right[key]) for key in left)
    return bool(left == right)


def outcome(function: Callable, arguments: Arguments) -> tuple[Any, Arguments]:
    """Call a function on copies of arguments; return its result, and the copies afterwards."""
    given = copy.deepcopy(arguments)
    return function(*given[0], **given[1]), given


def compare(function: Callable, reference: Callable, arguments: Arguments) -> None:
    """Call both on copies of the same arguments, and compare results and arguments."""
    check(outcome(function, arguments), outcome(reference, arguments))


def check(found: tuple[Any, Arguments], expected: tuple[Any, Arguments]) -> None:
    """Compare what two calls returned, and what they left in their arguments."""
    assert agree(found[0], expected[0]), (found[0], expected[0])
    assert agree(found[1], expected[1]), (found[1], expected[1])
