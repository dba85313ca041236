"""How far two arrays differ, on a GPU."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _gate
from numparam.kernels._compared import Compared
from numparam.kernels.cuda import _device_gate, _launch, _memory, _workspace

_MOST_BLOCKS = 2048  # each returns five numbers: enough to fill a GPU, few enough to read


def difference(first: object, second: object, rtol: float = 0.0, atol: float = 0.0) -> Compared:
    """Compare two arrays element by element, in float64.

    Parameters
    ----------
    first, second : arrays with ``__cuda_array_interface__``
        Of one shape and one dtype of the 13 of the kernels, on one GPU, C-contiguous; they may be
        read-only.
    rtol, atol : float, default 0
        Elements that differ by no more than ``atol + rtol * abs(second)`` are not counted.

    Returns
    -------
    Compared
        As from `numparam.kernels.cpu.difference.difference`.

    Raises
    ------
    TypeError
        If the dtype is not one of the kernels', an array is not in a GPU's memory, or a tolerance
        is not a number.
    ValueError
        If shapes, dtypes or GPUs differ, or a tolerance is negative or NaN.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory.

    Notes
    -----
    The same bits as `numparam.kernels.cpu.difference.difference`: no multiplication is fused with
    an addition. Reads both arrays once: 2 × nbytes; O(size). One launch; waits for the GPU, and
    reads 40 bytes for each of up to 2,048 blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, difference
    >>> first = _memory.upload(np.float32([1, 2, 4]))  # doctest: +SKIP
    >>> second = _memory.upload(np.float32([1, 2, 5]))  # doctest: +SKIP
    >>> difference.difference(first, second)  # doctest: +SKIP
    Compared(differing=1, absolute=1.0, relative=0.2, nan=(0, 0))
    """
    one, two = _device_gate.sources((first, second), "arrays")
    rtol, atol = _gate.tolerances(rtol, atol)
    device_id = _device_gate.one_device([one, two], ["arrays[0]", "arrays[1]"])
    if not one.size:
        return Compared(0, 0.0, 0.0, (0, 0))
    from numparam.kernels.cuda import _comparing  # needs numba-cuda

    threads = min(one.size, _MOST_BLOCKS * _launch.THREADS)
    blocks, _ = _launch.form(threads)
    partial = _memory.empty((_comparing.RESULTS, blocks), np.float64, device_id)
    tolerances = np.array([rtol, atol]).view(np.int64)
    at = _workspace.put(device_id, tolerances)
    _launch.run(
        _comparing.compare(_gate.kind(one.dtype)), device_id, threads,
        one.address, two.address, one.size, at, partial.address,
    )  # fmt: skip
    found = _memory.download(partial)
    counts = found[:3].sum(axis=1)
    largest = found[3:].max(axis=1)
    return Compared(
        int(counts[0]), float(largest[0]), float(largest[1]), (int(counts[1]), int(counts[2]))
    )
