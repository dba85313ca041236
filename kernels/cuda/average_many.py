"""Sums and means of many arrays' copies, on a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda import _device_gate, _launch, _pointers, _workspace, table
from numparam.kernels.cuda._memory import DeviceArray

_NONE = 2**63 - 1

#: An array of each table.
_Row = tuple[DeviceArray, ...]


def mean_in_place(copies: Iterable[Iterable[object]]) -> None:
    """Write the mean of the copies of each of many arrays into all its copies, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.average_many.mean_in_place`, with
    arrays of one GPU. One launch for each dtype; waits for the GPU with booleans only, which are
    compared first. Moves 2k × the sum of nbytes.
    """
    tables = [table.build(one) for one in _gate.several(copies, "copies")]
    _gate.copies_match([one.arrays for one in tables], lambda array: array.address)
    if len(tables) == 1:
        return
    every = [array for one in tables for array in one.arrays]
    device_id = _device_gate.one_device(every, ["copies"] * len(every)) if every else 0
    groups = _by_kind(tables)
    if "bool" in groups:
        _check_booleans(groups.pop("bool"), device_id)
    for kind, rows in groups.items():
        _combine(kind, rows, len(tables), 0, len(tables), device_id)


def add_n(sources: Iterable[Iterable[object]], outs: Iterable[object]) -> None:
    """Sum the copies of each of many arrays, in the order given, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.average_many.add_n`, with arrays of one
    GPU. One launch for each dtype. Moves (k + 1) × the sum of nbytes.
    """
    read = [table.build(one, writeable=False) for one in _gate.several(sources, "sources")]
    ready = table.build(outs)
    for k, one in enumerate(read):
        _gate.pairs_match(
            ready.arrays, one.arrays, lambda array: array.address, ("outs", f"sources[{k}]")
        )
    every = [array for one in (ready, *read) for array in one.arrays]
    device_id = _device_gate.one_device(every, ["arrays"] * len(every)) if every else 0
    for kind, rows in _by_kind([*read, ready]).items():
        _combine(kind, rows, len(read), len(read), 1, device_id)


def _by_kind(tables: Sequence[table.Table]) -> dict[str, list[_Row]]:
    """Return, by kind, a row of arrays for each number in the tables; empty arrays are left out."""
    kinds: dict[str, list[_Row]] = {}
    for row in zip(*(one.arrays for one in tables), strict=True):
        if row[0].size:
            kinds.setdefault(_gate.kind(row[0].dtype), []).append(row)
    return kinds


def _check_booleans(copies: list[_Row], device_id: int) -> None:
    """Raise if copies differ; if they do not, they are their mean."""
    from numparam.kernels.cuda import _sums  # needs numba-cuda

    numbers, chunks = _numbers(copies, _pointers.CHUNK)
    found = _workspace.put(device_id, np.concatenate([[_NONE], numbers]))
    _launch.run(
        _sums.find_differing_chunks, device_id, chunks * _launch.THREADS,
        found + 8, len(copies), len(copies[0]), _pointers.CHUNK, found,
    )  # fmt: skip
    [differing] = _workspace.get(device_id, 1)
    if differing != _NONE:
        raise ValueError(_gate.booleans_differ(differing, "copies"))


def _combine(
    kind: str, rows: list[_Row], sources: int, first_target: int, divisor: int, device_id: int
) -> None:
    """Sum or average the first arrays of each row into those from `first_target` on."""
    from numparam.kernels.cuda import _sums  # needs numba-cuda

    count, width = len(rows), len(rows[0])
    chunk = _pointers.CHUNK // ITEMSIZE[kind]
    numbers, chunks = _numbers(rows, chunk)
    at = _workspace.put(device_id, numbers)
    threads = chunks * _launch.THREADS
    targets = width, first_target, divisor, chunk
    aligned = not (numbers[: count * width] % 16).any()
    if aligned and _sums.lanes_of(kind, sources) > 1:
        few = _sums.combine_chunks_in_lanes(kind, sources)
        _launch.run(few, device_id, threads, at, count, *targets)
    else:
        _launch.run(_sums.combine_chunks(kind), device_id, threads, at, count, sources, *targets)


def _numbers(rows: list[_Row], chunk: int) -> tuple[np.ndarray, int]:
    """Return addresses, sizes, and the numbers of the first chunks and of all; and that of all."""
    addresses = np.array([[one.address for one in row] for row in rows], np.int64)
    sizes = np.array([row[0].size for row in rows], np.int64)
    firsts = np.concatenate([[0], np.cumsum(-(-sizes // chunk))])
    return np.concatenate([addresses.reshape(-1), sizes, firsts]), int(firsts[-1])
