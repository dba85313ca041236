"""Sums of squares of many arrays and scaling of many arrays, on a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from numparam.kernels import _gate, _step_gate
from numparam.kernels._gate import ITEMSIZE
from numparam.kernels.cuda import _launch, _memory, _pointers, _workspace, table
from numparam.kernels.cuda._memory import DeviceArray
from numparam.kernels.cuda._pointers import Table


def sum_of_squares(arrays: Iterable[object]) -> np.ndarray:
    """Sum the squares of the elements of each array, in float64 and in a fixed order.

    Parameters
    ----------
    arrays : iterable of arrays with ``__cuda_array_interface__``, or Table
        n ≥ 0 C-contiguous arrays of any shapes and of the 13 dtypes of the kernels, on one GPU;
        they may be read-only.

    Returns
    -------
    DeviceArray
        float64, (n,): one sum for each array; 0.0 for an empty one.

    Raises
    ------
    TypeError, ValueError
        If an array cannot be read in place (see `numparam.kernels.cuda.table.build`).
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory.

    Notes
    -----
    The same bits, in the same order, as `numparam.kernels.cpu.norm.sum_of_squares`: accumulator i
    of 256 is a thread of a block. Moves the sum of nbytes, read once; two launches for each dtype.
    Does not wait for the GPU.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, norm
    >>> sums = norm.sum_of_squares([_memory.upload(np.float32([3, 4]))])  # doctest: +SKIP
    >>> _memory.download(sums)  # doctest: +SKIP
    array([25.])
    """
    ready = table.build(arrays, writeable=False)
    device_id = ready.device_id
    sums = _memory.upload(np.zeros(len(ready)), device_id)
    for kind, places in _by_kind(ready).items():
        from numparam.kernels.cuda import _squares  # needs numba-cuda

        arrays = [ready.arrays[i] for i in places]
        numbers, chunks = _numbers(arrays, _squares.CHUNK)
        count = len(arrays)
        partial = _memory.empty((chunks,), np.float64, device_id)
        at = _workspace.put(device_id, np.concatenate([numbers, places]))
        threads = _launch.THREADS
        _launch.run(
            _squares.sum_chunks(kind), device_id, chunks * threads, at, count, partial.address
        )
        _launch.run(
            _squares.add_chunks, device_id, count * threads,
            at + 16 * count, count, at + 8 * (3 * count + 1), partial.address, sums.address,
        )  # fmt: skip
    return sums


def scale(arrays: Iterable[object], factor: float) -> None:
    """Multiply every element of every array by one number, in place.

    Parameters
    ----------
    arrays : iterable of arrays with ``__cuda_array_interface__``, or Table
        Any number of C-contiguous, writeable floating-point arrays of any shapes on one GPU, no two
        of which share memory.
    factor : float
        Any real number; NaN and infinities too.

    Raises
    ------
    TypeError, ValueError
        As `numparam.kernels.cpu.norm.scale`; then no array has been touched.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory.

    Notes
    -----
    The same bits as `numparam.kernels.cpu.norm.scale`. Moves 2 × the sum of nbytes; one launch for
    each dtype. Does not wait for the GPU.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, norm
    >>> gradient = _memory.upload(np.float32([3, 4]))  # doctest: +SKIP
    >>> norm.scale([gradient], 0.5)  # doctest: +SKIP
    >>> _memory.download(gradient)  # doctest: +SKIP
    array([1.5, 2. ], dtype=float32)
    """
    ready = table.build(arrays)
    multiplier = _gate.multiplier(factor)
    for i, array in enumerate(ready.arrays):
        kind = _gate.kind(array.dtype)
        if kind not in _gate.FLOATS:
            raise TypeError(
                f"arrays[{i}] is {kind}; only floating-point arrays can be scaled in place. "
                "Cast it first"
            )
    _step_gate.apart([("arrays", ready.arrays)], [], lambda array: array.address)
    for kind, places in _by_kind(ready).items():
        from numparam.kernels.cuda import _squares  # needs numba-cuda

        chunk = _pointers.CHUNK // ITEMSIZE[kind]
        numbers, chunks = _numbers([ready.arrays[i] for i in places], chunk)
        factor_at = np.array([multiplier]).view(np.int64)
        at = _workspace.put(ready.device_id, np.concatenate([numbers, factor_at]))
        count = len(places)
        _launch.run(
            _squares.scale_chunks(kind), ready.device_id, chunks * _launch.THREADS,
            at, count, chunk, at + 8 * (3 * count + 1),
        )  # fmt: skip


def _by_kind(ready: Table) -> dict[str, list[int]]:
    """Return the positions of the arrays that have elements, for each kind."""
    found: dict[str, list[int]] = {}
    for i, array in enumerate(ready.arrays):
        if array.size:
            found.setdefault(_gate.kind(array.dtype), []).append(i)
    return found


def _numbers(arrays: Sequence[DeviceArray], chunk: int) -> tuple[np.ndarray, int]:
    """Return addresses, sizes, and the numbers of the first chunks and of all; and that of all."""
    sizes = np.array([array.size for array in arrays], np.int64)
    firsts = np.concatenate([[0], np.cumsum(-(-sizes // chunk))])
    addresses = np.array([array.address for array in arrays], np.int64)
    return np.concatenate([addresses, sizes, firsts]), int(firsts[-1])
