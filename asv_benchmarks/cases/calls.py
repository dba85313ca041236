"""Cases for the fixed cost of a call: arrays so small that their data costs nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

import numparam as mx
from cases.aims import at_most
from cases.case import Case
from cases.prepared import Prepared
from competitors.competitors import Competitors
from numparam.kernels.cpu import average, cast, norm, random, reset, retain, table


def small(count: int) -> list[np.ndarray]:
    return [np.ones(8, np.float32) for _ in range(count)]


def mean(competitors: Competitors, count: int) -> Prepared:
    sources, (out,) = small(count), small(1)
    prepared = _prepared(count, lambda: average.mean(sources, out))

    def numpy_mean() -> None:
        total = np.add(sources[0], sources[-1], out=out)
        for source in sources[2:]:
            np.add(total, source, out=out)
        np.divide(out, np.float32(count), out=out)

    prepared.add("numpy", numpy_mean)
    prepared.add_timed(
        "mxnet", competitors.in_mxnet("mean", count=count, dtype="float32", nbytes=32)
    )
    return prepared


def zero(competitors: Competitors, count: int) -> Prepared:
    arrays = small(count)
    prepared = _prepared(count, lambda: reset.zero(arrays))
    prepared.add("numpy", lambda: [array.fill(0) for array in arrays])
    torch = competitors.torch
    if torch is not None:
        tensors = [torch.from_numpy(array) for array in arrays]
        prepared.add("torch", lambda: torch._foreach_zero_(tensors))
    prepared.add_timed("mxnet", competitors.in_mxnet("zero_many", count=count, size=8))
    return prepared


def zero_ready(competitors: Competitors) -> Prepared:
    ready = table.build(small(8))
    return _prepared(1, lambda: reset.zero(ready))


def add(competitors: Competitors, right: str) -> Prepared:
    """Add 1, or the array itself, to an array of 3 elements."""
    array, host = mx.nd.ones(3), np.ones(3, np.float32)
    torch = competitors.torch
    tensor = None if torch is None else torch.ones(3)
    if right == "1":
        prepared = Prepared(lambda: array + 1)
        prepared.add("numpy", lambda: host + 1)
        prepared.add("torch", None if tensor is None else lambda: tensor + 1)
    else:
        prepared = Prepared(lambda: array + array)
        prepared.add("numpy", lambda: host + host)
        prepared.add("torch", None if tensor is None else lambda: tensor + tensor)
    prepared.aims = (at_most(3e-6),)
    prepared.add_timed("mxnet", competitors.in_mxnet("add", right=right))
    return prepared


def other(competitors: Competitors, name: str) -> Prepared:
    count, call = _others()[name]
    return _prepared(count, call)


def _others() -> dict[str, tuple[int, Callable[[], object]]]:
    """Return by name: the number of small arrays, and a call on them."""
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


def _prepared(count: int, call: Callable[[], object]) -> Prepared:
    return Prepared(call, aims=(at_most((6 + 2 * count) * 1e-6),))


CASES = [
    *(
        Case(f"call: mean of {count} small", functools.partial(mean, count=count), 0.2)
        for count in (2, 4, 8)
    ),
    *(
        Case(f"call: zero {count} small", functools.partial(zero, count=count), 0.2)
        for count in (1, 2, 4, 8)
    ),
    Case("call: zero 8 small, ready table", zero_ready, 0.2),
    *(Case(f"call: {name} small", functools.partial(other, name=name), 0.2) for name in _others()),
    Case("a + 1 on 3 elements", functools.partial(add, right="1"), 0.3),
    Case("a + a on 3 elements", functools.partial(add, right="a"), 0.3),
]
