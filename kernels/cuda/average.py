"""Sum and mean of arrays of one shape, in one launch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numparam.kernels import _gate
from numparam.kernels.cuda import _device_gate, _launch, _memory, _workspace
from numparam.kernels.cuda._memory import DeviceArray


def add_n(sources: Iterable[object], out: np.ndarray | None = None) -> np.ndarray:
    """Sum k arrays element by element, in the order given, rounding once.

    Parameters
    ----------
    sources : iterable of arrays with ``__cuda_array_interface__``
        k ≥ 1 arrays of one shape and one dtype on one GPU, C-contiguous.
    out : array with ``__cuda_array_interface__``, optional
        Receives the result: C-contiguous, of the sources' shape and dtype. It may be exactly one of
        the sources; it may not overlap one partly. A new array by default.

    Returns
    -------
    DeviceArray
        `out`, or the new array.

    Raises
    ------
    TypeError
        If the dtype is not one of the kernels', or an array is not in a GPU's memory.
    ValueError
        If there is no source, if shapes, dtypes or GPUs differ, or if `out` cannot be written.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory for the result.

    Notes
    -----
    The same bits as `numparam.kernels.reference.average.add_n`. Moves (k + 1) × nbytes;
    O(k × size). Does not wait for the GPU.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, average
    >>> first = _memory.upload(np.float32([1, 2]))  # doctest: +SKIP
    >>> second = _memory.upload(np.float32([10, 20]))  # doctest: +SKIP
    >>> _memory.download(average.add_n([first, second]))  # doctest: +SKIP
    array([11., 22.], dtype=float32)
    """
    arrays = _device_gate.sources(sources)
    return _combine(arrays, 1, out)


def mean(sources: Iterable[object], out: np.ndarray | None = None) -> np.ndarray:
    """Average k arrays element by element, rounding once.

    Parameters
    ----------
    sources : iterable of arrays with ``__cuda_array_interface__``
        k ≥ 1 arrays of one shape and one dtype on one GPU, C-contiguous.
    out : array with ``__cuda_array_interface__``, optional
        Receives the result: C-contiguous, of the sources' shape and dtype. It may be exactly one of
        the sources; it may not overlap one partly. A new array by default.

    Returns
    -------
    DeviceArray
        `out`, or the new array.

    Raises
    ------
    TypeError
        If the dtype is not one of the kernels', or an array is not in a GPU's memory.
    ValueError
        If there is no source, if shapes, dtypes or GPUs differ, if boolean sources differ, or if
        `out` cannot be written.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory for the result.

    Notes
    -----
    The same bits as `numparam.kernels.reference.average.mean`: no multiplication is fused with an
    addition, and divisions are rounded correctly. Moves (k + 1) × nbytes; O(k × size). Does not
    wait for the GPU, but with booleans, which are compared first.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, average
    >>> first = _memory.upload(np.int32([-3]))  # doctest: +SKIP
    >>> second = _memory.upload(np.int32([0]))  # doctest: +SKIP
    >>> _memory.download(average.mean([first, second]))  # doctest: +SKIP
    array([-1], dtype=int32)
    """
    arrays = _device_gate.sources(sources)
    return _combine(arrays, len(arrays), out)


def _combine(
    arrays: list[DeviceArray], divisor: int, out: np.ndarray | None
) -> np.ndarray | DeviceArray:
    first = arrays[0]
    count = len(arrays)
    kind = _gate.kind(first.dtype)
    names = [f"sources[{i}]" for i in range(count)]
    if out is None:
        device_id = _device_gate.one_device(arrays, names)
        target = _memory.empty(first.shape, first.dtype, device_id)
    else:
        target = _device_gate.output(out)
        _device_gate.same_form(target, first)
        _device_gate.refuse_partial_overlap(target, arrays, "sources")
        device_id = _device_gate.one_device([*arrays, target], [*names, "out"])
    result = target if out is None else out
    if not target.size:
        return result
    from numparam.kernels.cuda import _sums  # needs numba-cuda

    # One number before the table receives what the comparison of booleans finds.
    numbers = [count, *(array.address for array in arrays), target.address]
    found = _workspace.put(device_id, numbers)
    table = found + 8
    if kind == "bool" and divisor > 1:
        _launch.run(_sums.find_differing, device_id, target.size, table, count, target.size, found)
        [differing] = _workspace.get(device_id, 1)
        if differing < count:
            raise ValueError(_gate.booleans_differ(differing))
    lanes = _sums.lanes_of(kind, count)
    if lanes > 1 and not any(number % 16 for number in numbers[1:]):
        threads = -(-target.size // lanes)
        few = _sums.combine_lanes(kind, count)
        _launch.run(few, device_id, threads, table, target.size, divisor)
    else:
        any_ = _sums.combine(kind)
        _launch.run(any_, device_id, target.size, table, count, target.size, divisor)
    return result
