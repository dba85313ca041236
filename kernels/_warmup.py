"""Compilation of kernels ahead of their first use."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable
from types import ModuleType

import numpy as np

from numparam.kernels import _coefficients, _gate
from numparam.kernels._kernel_table import KERNELS


def warmup(kinds: Iterable[str] = ("float32",), operations: Iterable[str] | None = None) -> int:
    """Compile the CPU kernels for the given dtypes now, or load them from the cache on disk.

    The first call of each kernel otherwise compiles it, which takes from a tenth of a second to a
    few seconds of one core, or loads it in a few milliseconds if an earlier process kept it. All
    operations of one dtype take about two minutes of one core to compile, and seconds to load.

    Parameters
    ----------
    kinds : iterable of str
        Dtype names, such as ``'float32'`` or ``'bfloat16'``.
    operations : iterable of str, optional
        Names from `numparam.kernels.KERNELS`; all by default.

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
    names = [row.name for row in KERNELS if "cpu" in row.backends]
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


def _average_many(module, array, kind) -> _Calls:
    return [
        lambda: module.mean_in_place([[array.copy()], [array.copy()]]),
        lambda: module.add_n([[array], [array]], [array.copy()]),
    ]


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
        lambda: module.add_rows(array.copy(), _IDS, array),
    ]


def _table(module, array, kind) -> _Calls:
    return []


def _merge(module, array, kind) -> _Calls:
    return [lambda: module.merge([_IDS, _IDS], [array, array])]


def _merge_many(module, array, kind) -> _Calls:
    return [lambda: module.mean([[_IDS, _IDS]], [[array, array]], [2])]


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


def _difference(module, array, kind) -> _Calls:
    return [lambda: module.difference(array, array)]


def _norm(module, array, kind) -> _Calls:
    sums = [lambda: module.sum_of_squares([array])]
    return [*sums, lambda: module.scale([array], 1.0)] if kind in _gate.FLOATS else sums


def _optimizer(
    states: tuple[int, ...], exact: bool = True, row_state: bool = False
) -> Callable[[ModuleType, np.ndarray, str], _Calls]:
    def calls(module, array, kind) -> _Calls:
        if kind not in _gate.FLOATS:
            return []
        known = dict.fromkeys(_coefficients.names(module.__name__.rpartition(".")[2]), 0.5)
        with_ = module.coefficients(1, **(known | ({"t": 1.0} if "t" in known else {})))
        last = np.zeros(2, np.int64)
        made: _Calls = []
        for count in states:
            form = array[:, :1] if row_state else array
            held = [form.copy() for _ in range(count)]
            weight = array.copy()
            many = ([weight], [array], [[state] for state in held])
            made.append(functools.partial(module.dense, many, with_))
            made.append(functools.partial(module.rows, weight, _IDS, array, held, with_))
            if exact:
                made.append(functools.partial(module.catch_up, weight, held, last, with_))
        return made

    return calls


_CALLS = {
    "average": _average,
    "average_many": _average_many,
    "accumulate": _accumulate,
    "reset": _reset,
    "retain": _retain,
    "table": _table,
    "merge": _merge,
    "merge_many": _merge_many,
    "cast": _cast,
    "random": _random,
    "difference": _difference,
    "norm": _norm,
    "sgd": _optimizer((0, 1)),
    "nag": _optimizer((0, 1)),
    "adam": _optimizer((2,)),
    "adamw": _optimizer((2,)),
    "adagrad": _optimizer((1,)),
    "groupadagrad": _optimizer((1,), row_state=True),
    "rmsprop": _optimizer((1, 3)),
    "ftrl": _optimizer((2,)),
    "adadelta": _optimizer((2,)),
    "adamax": _optimizer((2,)),
    "nadam": _optimizer((2,)),
    "ftml": _optimizer((3,)),
    "signum": _optimizer((0, 1)),
    "dcasgd": _optimizer((1, 2)),
    "lamb": _optimizer((3,), exact=False),
    "sgld": _optimizer((1,), exact=False),
    "test": _optimizer((0,)),
}
