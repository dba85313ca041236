"""Zeroing of many arrays in one launch."""

from __future__ import annotations

from collections.abc import Iterable

from numparam.kernels.cuda import _launch, table


def zero(arrays: Iterable[object]) -> None:
    """Set every element of every array to zero, in one launch whatever their dtypes.

    Parameters
    ----------
    arrays : iterable of arrays with ``__cuda_array_interface__``, or Table
        Any number of C-contiguous, writeable arrays of any shapes and dtypes on one GPU; also none.
        A table from `numparam.kernels.cuda.table.build` saves checking them and sending their
        addresses again.

    Raises
    ------
    TypeError, ValueError
        If an array cannot be written in place (see `numparam.kernels.cuda.table.build`); then none
        has been touched.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has no room for the table.

    Notes
    -----
    Writes each byte once, 16 at a time, and reads nothing: sum of nbytes. O(bytes + arrays). The
    bits become zero: a -0.0 does not stay.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, reset
    >>> gradient = _memory.upload(np.ones(3))  # doctest: +SKIP
    >>> reset.zero([gradient])  # doctest: +SKIP
    >>> _memory.download(gradient)  # doctest: +SKIP
    array([0., 0., 0.])
    """
    ready = table.build(arrays)
    if ready.rows is not None:
        from numparam.kernels.cuda import _zeroing  # needs numba-cuda

        _launch.run(
            _zeroing.zero_chunks, ready.device_id, ready.chunks * _launch.THREADS,
            ready.rows.address, len(ready), ready.chunk_bytes,
        )  # fmt: skip
