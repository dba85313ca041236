"""Rows for what a call costs when the data is nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from comparison.bench import Bench
from comparison.case import Case, Row, at_most
from numparam.kernels.cpu import average, cast, norm, random, reset, retain, table


def small(count: int) -> list[np.ndarray]:
    return [np.ones(8, np.float32) for _ in range(count)]


def jitted_call(bench: Bench) -> Case:
    """The compiled function alone: what a ready table leaves to do."""
    (group,) = table.build(small(1)).groups
    counter = np.zeros(1, np.int64)
    reset.zero(small(1))

    def call() -> None:
        counter[0] = 0
        reset._zero_spans(group.rows, 4, False, 64, counter)

    case = Case(0, (at_most(1e-6),))
    case.add("numparam", call)
    return case


def mean(bench: Bench, count: int) -> Case:
    sources, (out,) = small(count), small(1)
    case = _case(count, lambda: average.mean(sources, out))

    def numpy_mean() -> None:
        total = np.add(sources[0], sources[-1], out=out)
        for source in sources[2:]:
            np.add(total, source, out=out)
        np.divide(out, np.float32(count), out=out)

    case.add("numpy", numpy_mean)
    case.add_timed("mxnet", bench.in_mxnet("mean", count=count, dtype="float32", nbytes=32))
    return case


def zero(bench: Bench, count: int) -> Case:
    arrays = small(count)
    case = _case(count, lambda: reset.zero(arrays))
    case.add("numpy", lambda: [array.fill(0) for array in arrays])
    if bench.torch is not None:
        tensors = [bench.torch.from_numpy(array) for array in arrays]
        case.add("torch", lambda: bench.torch._foreach_zero_(tensors))
    case.add_timed("mxnet", bench.in_mxnet("zero_many", count=count, size=8))
    return case


def zero_ready(bench: Bench) -> Case:
    ready = table.build(small(8))
    return _case(1, lambda: reset.zero(ready))


def other(bench: Bench, name: str) -> Case:
    count, call = _others()[name]
    return _case(count, call)


def _others() -> dict[str, tuple[int, Callable[[], object]]]:
    """Number of small arrays, and a call on them."""
    array, out = small(2)
    half = np.ones(8, np.float16)
    rows, taken = np.ones((8, 2), np.float32), np.ones((2, 2), np.float32)
    held, ids = np.arange(8), np.array([1, 5])
    return {
        "copy": (2, lambda: cast.copy(array, out)),
        "cast": (2, lambda: cast.cast(array, out=half)),
        "uniform": (1, lambda: random.uniform(out, seed=1)),
        "normal": (1, lambda: random.normal(out, seed=1)),
        "sum_of_squares": (1, lambda: norm.sum_of_squares([array])),
        "scale": (1, lambda: norm.scale([array], 1.0)),
        "gather": (3, lambda: retain.gather(rows, ids, taken)),
        "scatter": (3, lambda: retain.scatter(rows, ids, taken)),
        "retain": (4, lambda: retain.retain(held, rows, ids, taken)),
        "unique_ids": (1, lambda: retain.unique_ids(ids)),
    }


def _case(count: int, call: Callable[[], object]) -> Case:
    case = Case(0, (at_most((6 + 2 * count) * 1e-6),))
    case.add("numparam", call)
    return case


ROWS = [
    Row("jitted call, ready table", jitted_call),
    *(
        Row(f"call: mean of {count} small", functools.partial(mean, count=count))
        for count in (2, 4, 8)
    ),
    *(
        Row(f"call: zero {count} small", functools.partial(zero, count=count))
        for count in (1, 2, 4, 8)
    ),
    Row("call: zero 8 small, ready table", zero_ready),
    *(Row(f"call: {name} small", functools.partial(other, name=name)) for name in _others()),
]
