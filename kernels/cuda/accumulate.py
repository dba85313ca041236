"""Writing and adding many arrays to many others, on a GPU."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda import _device_gate, _launch, _pointers, _workspace, table
from numparam.kernels.cuda._memory import DeviceArray


def assign(targets: Iterable[object], sources: Iterable[object]) -> None:
    """Set each target to its source.

    Parameters and errors are those of `numparam.kernels.cpu.accumulate.assign`, with arrays of one
    GPU, all C-contiguous. One launch; does not wait for it. Moves 2 × the sum of nbytes.
    """
    pairs, device_id = _paired(targets, sources)
    if not pairs:
        return
    from numparam.kernels.cuda import _pairing  # needs numba-cuda

    numbers, chunks = _numbers(pairs, [pair[0].nbytes for pair in pairs], _pointers.CHUNK)
    at = _workspace.put(device_id, numbers)
    threads = chunks * _launch.THREADS
    _launch.run(_pairing.assign_chunks, device_id, threads, at, len(pairs), _pointers.CHUNK)


def add(targets: Iterable[object], sources: Iterable[object]) -> None:
    """Add to each target its source, rounding once.

    Parameters and errors are those of `numparam.kernels.cpu.accumulate.add`, with arrays of one
    GPU, all C-contiguous. One launch for each dtype; does not wait for it. Moves 3 × the sum of
    nbytes.
    """
    pairs, device_id = _paired(targets, sources)
    groups: dict[str, list[tuple[DeviceArray, DeviceArray]]] = {}
    for pair in pairs:
        groups.setdefault(_gate.kind(pair[0].dtype), []).append(pair)
    for kind, group in groups.items():
        from numparam.kernels.cuda import _pairing  # needs numba-cuda

        chunk = _pointers.CHUNK // ITEMSIZE[kind]
        numbers, chunks = _numbers(group, [pair[0].size for pair in group], chunk)
        at = _workspace.put(device_id, numbers)
        threads = chunks * _launch.THREADS
        _launch.run(_pairing.add_chunks(kind), device_id, threads, at, len(group), chunk)


def _paired(
    targets: Iterable[object], sources: Iterable[object]
) -> tuple[list[tuple[DeviceArray, DeviceArray]], int]:
    """Check all targets and sources; return those that have elements, and their GPU."""
    ready = table.build(targets)
    read = _device_gate.outputs(sources, "sources", writeable=False)
    _gate.pairs_match(ready.arrays, read, lambda array: array.address)  # type: ignore[arg-type]
    pairs = [pair for pair in zip(ready.arrays, read, strict=True) if pair[0].size]
    arrays = [array for pair in pairs for array in pair]
    names = [f"{name}[{i}]" for i in range(len(pairs)) for name in ("targets", "sources")]
    return pairs, _device_gate.one_device(arrays, names) if pairs else 0


def _numbers(
    pairs: list[tuple[DeviceArray, DeviceArray]], sizes: list[int], chunk: int
) -> tuple[np.ndarray, int]:
    """Return addresses, sizes, and the numbers of the first chunks and of all; and that of all."""
    addresses = np.array([[one.address for one in pair] for pair in pairs], np.int64)
    firsts = np.concatenate([[0], np.cumsum(-(-np.array(sizes, np.int64) // chunk))])
    return np.concatenate([addresses.reshape(-1), sizes, firsts]), int(firsts[-1])
