"""Cases for dense arrays of 64 MB: creating, copying, casting."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

import numparam as mx
from cases.case import Case
from cases.inputs import SIZE
from cases.prepared import Prepared
from competitors.competitors import Competitors


def _fresh(
    competitors: Competitors, source: np.ndarray, loop: str, dtype: str
) -> Callable[[], object] | None:
    """Return a C loop that allocates the array it writes to."""
    if competitors.c_loops is None:
        return lambda: source.astype(dtype)
    size = source.nbytes if loop == "copy" else source.size

    def call() -> None:
        out = np.empty(source.size, dtype)
        run = competitors.c_loop(loop, size, [source, out])
        if run is not None:
            run()

    return call


def zeros(competitors: Competitors) -> Prepared:
    prepared = Prepared(lambda: mx.nd.zeros(SIZE), 4 * SIZE)
    prepared.add("numpy", lambda: np.zeros(SIZE, np.float32))
    torch = competitors.torch
    if torch is not None:
        prepared.add("torch", lambda: torch.zeros(SIZE))
    prepared.add_timed("mxnet", competitors.in_mxnet("zeros"))
    return prepared


def from_numpy_copy(competitors: Competitors) -> Prepared:
    host = np.ones(SIZE, np.float32)
    prepared = Prepared(lambda: mx.nd.array(host, dtype="float32"), 2 * host.nbytes)
    prepared.add("baseline", _fresh(competitors, host, "copy", "float32"))
    prepared.add("numpy", host.copy)
    torch = competitors.torch
    if torch is not None:
        prepared.add("torch", lambda: torch.tensor(host))
    prepared.add_timed("mxnet", competitors.in_mxnet("from_numpy_copy"))
    return prepared


def new_copy(competitors: Competitors) -> Prepared:
    array, host = mx.nd.ones(SIZE), np.ones(SIZE, np.float32)
    prepared = Prepared(array.copy, 2 * host.nbytes)
    prepared.add("baseline", _fresh(competitors, host, "copy", "float32"))
    prepared.add("numpy", host.copy)
    torch = competitors.torch
    if torch is not None:
        prepared.add("torch", torch.from_numpy(host).clone)
    prepared.add_timed("mxnet", competitors.in_mxnet("new_copy"))
    return prepared


def copyto(competitors: Competitors) -> Prepared:
    array, out = mx.nd.ones(SIZE), mx.nd.ones(SIZE)
    host, target = np.ones(SIZE, np.float32), np.ones(SIZE, np.float32)
    prepared = Prepared(lambda: array.copyto(out), 2 * host.nbytes)
    copy = functools.partial(np.copyto, target, host)
    prepared.add(
        "baseline", competitors.c_loop("copy", host.nbytes, [host, target], otherwise=copy)
    )
    prepared.add("numpy", copy)
    torch = competitors.torch
    if torch is not None:
        left, right = torch.from_numpy(host), torch.from_numpy(target)
        prepared.add("torch", lambda: right.copy_(left))
    prepared.add_timed("mxnet", competitors.in_mxnet("cast", source="float32", target="float32"))
    return prepared


def new_cast(competitors: Competitors) -> Prepared:
    array, host = mx.nd.ones(SIZE), np.ones(SIZE, np.float32)
    prepared = Prepared(lambda: array.astype("float64"), 3 * host.nbytes)
    prepared.add("baseline", _fresh(competitors, host, "cast_float32_float64", "float64"))
    prepared.add("numpy", lambda: host.astype("float64"))
    torch = competitors.torch
    if torch is not None:
        tensor = torch.from_numpy(host)
        prepared.add("torch", tensor.double)
    prepared.add_timed("mxnet", competitors.in_mxnet("new_cast", target="float64"))
    return prepared


CASES = [
    Case("nd.zeros of 64 MB", zeros),
    Case("nd.array of 64 MB from NumPy", from_numpy_copy),
    Case("NDArray.copy of 64 MB", new_copy),
    Case("NDArray.copyto of 64 MB", copyto),
    Case("NDArray.astype of 64 MB to float64", new_cast),
]
