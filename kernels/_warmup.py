"""Compiling kernels ahead of their first use."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._operations import OPERATIONS


def warmup(kinds: Iterable[str] = ("float32",), operations: Iterable[str] | None = None) -> int:
    """Compile the CPU kernels for the given dtypes now, or load them from the cache on disk.

    The first call of each kernel otherwise compiles it, which takes from a tenth of a second to a
    few seconds of one core, or loads it in a few milliseconds if an earlier process kept it.

    Parameters
    ----------
    kinds : iterable of str
        Dtype names, such as ``'float32'`` or ``'bfloat16'``.
    operations : iterable of str, optional
        Names from `numparam.kernels.OPERATIONS`; all by default.

    Returns
    -------
    int
        Number of kernel calls that were made.

    Raises
    ------
    ValueError
        If a kind or an operation does not exist.

    Examples
    --------
    >>> from numparam import kernels
    >>> kernels.warmup(["float32"], operations=["reset"])
    1
    """
    kinds = tuple(kinds)
    for kind in kinds:
        if kind not in _gate.KINDS:
            raise ValueError(f"no element kind {kind!r}; there are {', '.join(_gate.KINDS)}")
    names = [row.name for row in OPERATIONS if "cpu" in row.backends]
    chosen = names if operations is None else list(operations)
    for name in chosen:
        if name not in names:
            raise ValueError(f"no operation {name!r} on the CPU; there are {', '.join(names)}")
    calls = 0
    for name in chosen:
        module = importlib.import_module(f"numparam.kernels.cpu.{name}")
        for kind in kinds:
            for call in _CALLS[name](module, _tiny(kind), kind):
                call()
                calls += 1
    return calls


def _tiny(kind: str) -> np.ndarray:
    return np.ones((2, 2), _gate.BFLOAT16 if kind == "bfloat16" else kind)


_Calls = list[Callable[[], object]]
_IDS = np.array([0, 1])


def _average(module, array, kind) -> _Calls:
    return [lambda: module.mean([array, array]), lambda: module.add_n([array, array])]


def _reset(module, array, kind) -> _Calls:
    return [lambda: module.zero([array])]


def _accumulate(module, array, kind) -> _Calls:
    return [
        lambda: module.assign([array], [array.copy()]),
        lambda: module.add([array.copy()], [array]),
    ]


def _retain(module, array, kind) -> _Calls:
    return [
        lambda: module.unique_ids(_IDS, 2),
        lambda: module.retain(_IDS, array, _IDS),
        lambda: module.gather(array, _IDS),
        lambda: module.scatter(array, _IDS, array.copy()),
    ]


def _table(module, array, kind) -> _Calls:
    return []


def _merge(module, array, kind) -> _Calls:
    return [lambda: module.merge([_IDS, _IDS], [array, array])]


def _cast(module, array, kind) -> _Calls:
    wide = np.dtype(np.float32)
    return [lambda: module.cast(array, wide), lambda: module.copy(array)]


def _random(module, array, kind) -> _Calls:
    words = np.empty(4, np.uint32)
    if kind not in _gate.FLOATS:
        return [lambda: module.bits(words, seed=0)]
    return [
        lambda: module.bits(words, seed=0),
        lambda: module.uniform(array, seed=0),
        lambda: module.normal(array, seed=0),
    ]


def _norm(module, array, kind) -> _Calls:
    sums = [lambda: module.sum_of_squares([array])]
    return [*sums, lambda: module.scale([array], 1.0)] if kind in _gate.FLOATS else sums


_CALLS = {
    "average": _average,
    "accumulate": _accumulate,
    "reset": _reset,
    "retain": _retain,
    "table": _table,
    "merge": _merge,
    "cast": _cast,
    "random": _random,
    "norm": _norm,
}
