"""Compiling the CUDA kernels ahead: what first calls would compile is put on disk."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from numparam.kernels import KERNELS, _gate
from numparam.kernels.cuda import _provider

_COPIES = range(1, 9)  # numbers of sources that have kernels of their own


def compile_all(kinds: Sequence[str], device_id: int = 0) -> int:
    """Compile the kernels of some element kinds for the generation of a GPU.

    Parameters
    ----------
    kinds : sequence of str
        Element kinds, such as ``float32``.
    device_id : int
        Number of the GPU.

    Returns
    -------
    int
        How many kernels are on disk now; 0 on the simulator, which compiles nothing.

    Raises
    ------
    CUDAUnavailableError
        If the GPU or the compiler is missing.
    """
    _provider.require(device_id)
    capability = _provider.device_memory().capability(device_id)
    if capability is None:
        return 0
    count = 0
    for kernel in kernels(kinds):
        _provider.compiled(kernel.py_func, capability)
        count += 1
    return count


def kernels(kinds: Sequence[str]) -> Iterator[Any]:
    """Yield the kernels that arrays of some kinds need, each once."""
    yield from _plain()
    for kind in kinds:
        yield from _of_kind(kind)
        if kind in _gate.FLOATS:
            yield from _steps_of(kind)


def _module(name: str) -> Any:
    return importlib.import_module(f"numparam.kernels.cuda.{name}")


def _plain() -> Iterator[Any]:
    """Yield the kernels that are the same for all kinds."""
    from numparam.kernels.cuda._jit import Kernel  # needs numba-cuda

    names = "_zeroing _order _bitmap _merging _pairing _squares _stepping _trusting _sums _rows"
    for name in names.split():
        for found in vars(_module(name)).values():
            if isinstance(found, Kernel) and found.py_func.__module__.endswith(f".{name}"):
                yield found
    rows = _module("_rows")
    for unit in (16, 8, 4, 2, 1):
        yield rows.take_rows(unit)
        yield rows.put_rows(unit)


def _of_kind(kind: str) -> Iterator[Any]:
    sums, rows = _module("_sums"), _module("_rows")
    yield sums.combine(kind)
    yield _module("_pairing").add_chunks(kind)
    yield _module("_merging").sum_rows(kind)
    yield _module("_squares").sum_chunks(kind)
    yield _module("_comparing").compare(kind)
    yield sums.combine_chunks(kind)
    if kind not in _gate.FLOATS:
        yield rows.add_integers(kind)
        return
    yield _module("_squares").scale_chunks(kind)
    for count in _COPIES:
        yield sums.combine_lanes(kind, count)
        if count > 1:
            yield sums.combine_chunks_in_lanes(kind, count)
    filling = _module("_filling")
    if kind == "float64":
        yield from (rows.add_float64, filling.fill_uniform_float64, filling.fill_normal_float64)
    else:
        yield from (rows.add_narrow(kind), filling.fill_uniform(kind), filling.fill_normal(kind))


def _steps_of(kind: str) -> Iterator[Any]:
    from numparam.kernels.cuda import _stepping, _steps  # needs numba-cuda

    for row in KERNELS:
        if "dense" not in row.functions or "cuda" not in row.backends:
            continue
        module = _module(row.name)
        made = [module._FIRST, module._SECOND] if row.name == "lamb" else [module._STEPS]
        for steps in made:
            for states in steps.formulas:
                for mixed in (False, True) if kind in ("float16", "bfloat16") else (False,):
                    if not steps.row_state:
                        yield steps._kernel(_stepping.dense, states, kind, mixed)
                        for lanes in {1, _steps.lanes_of(kind, mixed)}:
                            yield steps._kernel(_stepping.rows, states, kind, mixed, lanes)
                    yield steps._kernel(_stepping.replay, states, kind, mixed, 1)
