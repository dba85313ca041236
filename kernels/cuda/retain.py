"""Rows by their ids: unique ids, rows taken from tables, rows written and added to tables."""

from __future__ import annotations

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.cuda import _device_gate, _ids, _launch, _memory
from numparam.kernels.cuda._interface import borrow
from numparam.kernels.cuda._memory import DeviceArray

_UNITS = (16, 8, 4, 2, 1)  # bytes that a thread can move at once


def unique_ids(ids: object, rows: int | None = None) -> np.ndarray:
    """Sort row ids and drop repeats.

    Parameters
    ----------
    ids : array with ``__cuda_array_interface__``
        Row ids of any shape and number dtype; floating-point ids must be whole numbers.
    rows : int, optional
        Number of rows that there are; by default any id from 0 on is taken.

    Returns
    -------
    DeviceArray
        A new int64 array, strictly ascending.

    Raises
    ------
    TypeError
        If `ids` is not in a GPU's memory, or `rows` not a whole number.
    ValueError
        If a floating-point id is not a whole number, or `rows` is negative.
    IndexError
        If an id is negative or not below `rows`.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory.

    Notes
    -----
    Ids that ascend already cost a copy and one pass. Where `rows` is known and not far above their
    number, a bit for each row orders them in five launches, O(n + rows / 64). Others are sorted by
    their digits of eight bits, O(n) in four launches for each digit that they differ in, in about
    three times the memory of the ids. Only the check's few numbers, the bits that ids have and the
    number of different ids are copied to the host.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, retain
    >>> ids = _memory.upload(np.array([3, 0, 3, 1]))  # doctest: +SKIP
    >>> _memory.download(retain.unique_ids(ids))  # doctest: +SKIP
    array([0, 1, 3])
    """
    limit = _row_gate.row_count(rows)
    given = borrow(ids, "ids")
    numbers = _ids.whole(given, "ids")
    if numbers.address == given.address:
        # A copy before the check: others may write the ids in between.
        numbers = _memory.copy(numbers)
    if _ids.check(numbers.device_id, (numbers, "ids"), None, limit):
        return numbers
    if limit is not None and _ids.has_short_bitmap(limit, numbers.size):
        return _ids.union_by_bits([numbers], limit)[0]
    return _ids.sorted_unique(numbers)


def retain(
    ids: object,
    data: object,
    wanted: object,
    out: np.ndarray | None = None,
    rows: int | None = None,
) -> np.ndarray:
    """Take the wanted rows of a row-sparse array; a row that it does not hold is zero.

    Parameters
    ----------
    ids : array with ``__cuda_array_interface__``
        Ids of the n rows that the array holds, strictly ascending.
    data : array with ``__cuda_array_interface__``
        Those rows: shape (n, …), any dtype.
    wanted : array with ``__cuda_array_interface__``
        m row ids in any order, repeats allowed.
    out : array with ``__cuda_array_interface__``, optional
        Receives the rows: C-contiguous, (m, …), of `data`'s dtype; it shares no memory with the
        other arguments. A new array by default.
    rows : int, optional
        Number of rows of the dense form; no id may reach it.

    Returns
    -------
    DeviceArray
        `out`, or a new array: row i is the row of id ``wanted[i]``.

    Raises
    ------
    TypeError
        If an array is not in a GPU's memory, or a dtype is not one of the kernels'.
    ValueError
        If `ids` does not ascend strictly or is not as long as `data`, a floating-point id is not a
        whole number, `out` cannot be used, or the arrays are on different GPUs.
    IndexError
        If an id is negative or not below `rows`.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory.

    Notes
    -----
    Two launches: one checks all ids, whose result of 32 bytes the host waits for; one copies.
    Moves 2 × m rows, and n + m ids; O(m × log n), and O(m) where the array holds all rows up to its
    last. Nothing of the dense form's size is allocated.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, retain
    >>> ids, wanted = _memory.upload(np.array([0, 3])), _memory.upload(np.array([3, 2]))
    ... # doctest: +SKIP
    >>> data = _memory.upload(np.float32([[1, 2], [5, 6]]))  # doctest: +SKIP
    >>> _memory.download(retain.retain(ids, data, wanted))  # doctest: +SKIP
    array([[5., 6.],
           [0., 0.]], dtype=float32)
    """
    limit = _row_gate.row_count(rows)
    values = _with_rows(borrow(data, "data"), "data")
    numbers = _ids.whole(borrow(ids, "ids"), "ids")
    if numbers.size != values.shape[0]:
        raise ValueError(
            f"ids has {numbers.size} ids and data {values.shape[0]} rows; each row needs its id"
        )
    asked = _ids.whole(borrow(wanted, "wanted"), "wanted")
    read = {"ids": numbers, "data": values, "wanted": asked}
    device_id, target = _target(out, (asked.size, *values.shape[1:]), values.dtype, read)
    _ids.check(device_id, (numbers, "ids"), (asked, "wanted"), limit)
    _take(target, numbers.address, numbers.size, values.address, asked, False)
    return target if out is None else out


def gather(table: object, ids: object, out: np.ndarray | None = None) -> np.ndarray:
    """Take rows of a dense array.

    Parameters
    ----------
    table : array with ``__cuda_array_interface__``
        Shape (rows, …), any dtype; may be read-only.
    ids : array with ``__cuda_array_interface__``
        m row ids in any order, repeats allowed.
    out : array with ``__cuda_array_interface__``, optional
        Receives the rows: C-contiguous, (m, …), of the table's dtype; it shares no memory with the
        other arguments. A new array by default.

    Returns
    -------
    DeviceArray
        `out`, or a new array: row i is ``table[ids[i]]``.

    Raises
    ------
    TypeError
        If an array is not in a GPU's memory, or a dtype is not one of the kernels'.
    ValueError
        If a floating-point id is not a whole number, `out` cannot be used, or the arrays are on
        different GPUs.
    IndexError
        If an id is negative or not below the number of rows.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory.

    Notes
    -----
    Two launches, as `retain`. Moves 2 × m rows, and m ids twice; O(m).

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, retain
    >>> table, ids = _memory.upload(np.float32([1, 2, 3])), _memory.upload(np.array([2, 0]))
    ... # doctest: +SKIP
    >>> _memory.download(retain.gather(table, ids))  # doctest: +SKIP
    array([3., 1.], dtype=float32)
    """
    values = _with_rows(borrow(table, "table"), "table")
    numbers = _ids.whole(borrow(ids, "ids"), "ids")
    read = {"ids": numbers, "table": values}
    device_id, target = _target(out, (numbers.size, *values.shape[1:]), values.dtype, read)
    _ids.check(device_id, (numbers, "ids"), None, values.shape[0])
    _take(target, 0, values.shape[0], values.address, numbers, True)
    return target if out is None else out


def scatter(table: np.ndarray, ids: object, rows: object) -> None:
    """Write rows into a dense array, in place; of repeated ids the last one stays.

    Parameters
    ----------
    table : array with ``__cuda_array_interface__``
        Shape (any, …): C-contiguous, writeable.
    ids : array with ``__cuda_array_interface__``
        m row ids in any order, repeats allowed.
    rows : array with ``__cuda_array_interface__``
        Shape (m, …), of the table's dtype; shares no memory with it.

    Raises
    ------
    TypeError
        If an array is not in a GPU's memory, or a dtype is not one of the kernels'.
    ValueError
        If a floating-point id is not a whole number, `table` cannot be written, shares memory with
        another argument, `rows` does not fit, or the arrays are on different GPUs. Then nothing has
        been written.
    IndexError
        If an id is negative or not below the number of rows. Then nothing has been written.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory. Then nothing has been written.

    Notes
    -----
    Moves 2 × m rows, and m ids twice; O(m). Ids that do not ascend strictly are sorted first, with
    their positions, so that each row is written once, by the last that names it.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, retain
    >>> weight, ids = _memory.upload(np.zeros(4)), _memory.upload(np.array([2, 0, 2]))
    ... # doctest: +SKIP
    >>> retain.scatter(weight, ids, _memory.upload(np.array([1.0, 2, 3])))  # doctest: +SKIP
    >>> _memory.download(weight)  # doctest: +SKIP
    array([2., 0., 3., 0.])
    """
    target, numbers, values, device_id = _placed(table, ids, rows)
    ascending = _ids.check(device_id, (numbers, "ids"), None, target.shape[0])
    if not values.nbytes:
        return
    from numparam.kernels.cuda import _rows  # needs numba-cuda

    order_at = 0
    if not ascending:
        numbers, order = _ids.sorted_with_positions(numbers)
        order_at = order.address
    unit, units, lane_bits = _shares(values, target.address, values.address)
    _launch.run(
        _rows.put_rows(unit), device_id, _launch.pairs(numbers.size) << lane_bits,
        target.address, numbers.address, numbers.size, target.shape[0] - 1, values.address,
        order_at, units, lane_bits,
    )  # fmt: skip


def add_rows(table: np.ndarray, ids: object, rows: object) -> None:
    """Add rows to rows of a dense array, in place; all rows of a repeated id are added.

    Parameters
    ----------
    table : array with ``__cuda_array_interface__``
        Shape (any, …): C-contiguous, writeable.
    ids : array with ``__cuda_array_interface__``
        m row ids in any order, repeats allowed.
    rows : array with ``__cuda_array_interface__``
        Shape (m, …), of the table's dtype; shares no memory with it.

    Raises
    ------
    TypeError
        If an array is not in a GPU's memory, or a dtype is not one of the kernels'.
    ValueError
        If a floating-point id is not a whole number, `table` cannot be written, shares memory with
        another argument, `rows` does not fit, or the arrays are on different GPUs. Then nothing has
        been written.
    IndexError
        If an id is negative or not below the number of rows. Then nothing has been written.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory. Then nothing has been written.

    Notes
    -----
    The same bits as `numparam.kernels.reference.retain.add_rows`. Moves 3 × m rows, and m ids
    twice; O(m). Ids that do not ascend strictly are sorted first, with their positions; one row's
    threads add all rows of its id.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, retain
    >>> weight, ids = _memory.upload(np.ones(4)), _memory.upload(np.array([2, 0, 2]))
    ... # doctest: +SKIP
    >>> retain.add_rows(weight, ids, _memory.upload(np.array([1.0, 2, 3])))  # doctest: +SKIP
    >>> _memory.download(weight)  # doctest: +SKIP
    array([3., 1., 5., 1.])
    """
    _add(table, ids, rows, False)


def subtract_rows(table: np.ndarray, ids: object, rows: object) -> None:
    """Subtract rows from rows of a dense array, in place; all rows of a repeated id count.

    Parameters
    ----------
    table : array with ``__cuda_array_interface__``
        Shape (any, …): C-contiguous, writeable, not of booleans.
    ids : array with ``__cuda_array_interface__``
        m row ids in any order, repeats allowed.
    rows : array with ``__cuda_array_interface__``
        Shape (m, …), of the table's dtype; shares no memory with it.

    Raises
    ------
    TypeError
        If an array is not in a GPU's memory, or a dtype is not one of the kernels' or boolean.
    ValueError
        If a floating-point id is not a whole number, `table` cannot be written, shares memory with
        another argument, `rows` does not fit, or the arrays are on different GPUs. Then nothing has
        been written.
    IndexError
        If an id is negative or not below the number of rows. Then nothing has been written.
    CUDAUnavailableError, MemoryError
        If the GPU cannot be used, or has too little memory. Then nothing has been written.

    Notes
    -----
    The same bits as `numparam.kernels.reference.retain.subtract_rows`; otherwise as `add_rows`.

    Examples
    --------
    >>> import numpy as np
    >>> from numparam.kernels.cuda import _memory, retain
    >>> weight, ids = _memory.upload(np.ones(4)), _memory.upload(np.array([2, 0, 2]))
    ... # doctest: +SKIP
    >>> retain.subtract_rows(weight, ids, _memory.upload(np.array([1.0, 2, 3])))  # doctest: +SKIP
    >>> _memory.download(weight)  # doctest: +SKIP
    array([-1.,  1., -3.,  1.])
    """
    _add(table, ids, rows, True)


def _add(table: object, ids: object, rows: object, subtract: bool) -> None:
    target, numbers, values, device_id = _placed(table, ids, rows)
    kind = _gate.kind(target.dtype)
    if subtract:
        _row_gate.has_differences(kind)
    ascending = _ids.check(device_id, (numbers, "ids"), None, target.shape[0])
    if not values.nbytes:
        return
    from numparam.kernels.cuda import _rows  # needs numba-cuda

    order_at = 0
    if not ascending:
        numbers, order = _ids.sorted_with_positions(numbers)
        order_at = order.address
    if kind == "float64":
        body = _rows.add_float64
    else:
        body = (_rows.add_narrow if kind in _gate.FLOATS else _rows.add_integers)(kind)
    length = values.size // numbers.size
    lane_bits = _launch.lanes(length)
    _launch.run(
        body, device_id, numbers.size << lane_bits,
        target.address, numbers.address, numbers.size, target.shape[0] - 1, values.address,
        order_at, length, lane_bits, int(subtract),
    )  # fmt: skip


def _placed(
    table: object, ids: object, rows: object
) -> tuple[DeviceArray, DeviceArray, DeviceArray, int]:
    """Check a table, ids and the rows for it, except the ids' range; return their GPU too."""
    target = _with_rows(_device_gate.output(table, "table"), "table")
    numbers = _ids.whole(borrow(ids, "ids"), "ids")
    values = borrow(rows, "rows")
    shape = (numbers.size, *target.shape[1:])
    if values.shape != shape or values.dtype != target.dtype:
        raise ValueError(
            f"rows must be {target.dtype}{shape} for {numbers.size} ids and a table of "
            f"{target.dtype}{target.shape}, not {values.dtype}{values.shape}"
        )
    _device_gate.apart(target, "table", ids=numbers, rows=values)
    device_id = _device_gate.one_device([target, numbers, values], ["table", "ids", "rows"])
    return target, numbers, values, device_id


def _with_rows(array: DeviceArray, name: str) -> DeviceArray:
    _row_gate.with_rows(array, name)  # type: ignore[arg-type]
    return array


def _target(
    out: object, shape: tuple[int, ...], dtype: np.dtype, read: dict[str, DeviceArray]
) -> tuple[int, DeviceArray]:
    """Check or allocate the output; return it and the GPU of all arrays."""
    arrays, names = list(read.values()), list(read)
    if out is None:
        device_id = _device_gate.one_device(arrays, names)
        return device_id, _memory.empty(shape, dtype, device_id)
    target = _device_gate.output(out)
    if target.shape != shape or target.dtype != dtype:
        raise ValueError(f"out must be {dtype}{shape}, not {target.dtype}{target.shape}")
    _device_gate.apart(target, "out", **read)
    return _device_gate.one_device([target, *arrays], ["out", *names]), target


def _shares(values: DeviceArray, *addresses: int) -> tuple[int, int, int]:
    """Return the bytes of a thread's move, such units a row, and log₂ of the threads a row."""
    row_bytes = values.nbytes // values.shape[0]
    unit = next(unit for unit in _UNITS if not any(n % unit for n in (row_bytes, *addresses)))
    units = row_bytes // unit
    return unit, units, _launch.lanes(units)


def _take(
    target: DeviceArray, ids_at: int, count: int, data_at: int, wanted: DeviceArray, direct: bool
) -> None:
    """Copy the rows of wanted ids; with `direct`, an id is the position of its row."""
    if not target.nbytes:
        return
    from numparam.kernels.cuda import _rows  # needs numba-cuda

    unit, units, lane_bits = _shares(target, target.address, data_at)
    _launch.run(
        _rows.take_rows(unit), target.device_id, _launch.pairs(wanted.size) << lane_bits,
        target.address, ids_at, count, data_at, wanted.address, wanted.size, int(direct), units,
        lane_bits,
    )  # fmt: skip
