"""Sum of row-sparse arrays on a GPU: the union of their rows, each summed in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.cuda import _device_gate, _ids, _launch, _memory, _workspace
from numparam.kernels.cuda._interface import borrow
from numparam.kernels.cuda._memory import DeviceArray

_NONE = 2**63 - 1


def merge(
    ids: Iterable[object],
    data: Iterable[object],
    rows: int | None = None,
    divisor: int = 1,
    allocate: Callable[[tuple[int, ...], np.dtype], np.ndarray] = np.empty,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum k row-sparse arrays: every row that any holds, in the order of ids, rounded once.

    Parameters and errors are those of `numparam.kernels.cpu.merge.merge`, with arrays of one GPU;
    `allocate` makes an array there, a new one by default. The same bits.

    Where `rows` is known and each array's ids ascend, a bit for each row orders them; otherwise
    they are sorted. The host waits for the check of the ids, and for the number of rows.
    """
    numbers, values = _row_sparse_list(ids, data)
    limit = _row_gate.row_count(rows)
    count = _row_gate.whole_divisor(divisor)
    first = values[0]
    arrays = [*numbers, *values]
    names = [f"{name}[{i}]" for name in ("ids", "data") for i in range(len(numbers))]
    device_id = _device_gate.one_device(arrays, names)
    length = 1
    for extent in first.shape[1:]:
        length *= extent
    ascending = [
        _ids.check(device_id, (those, f"ids[{i}]"), None, limit) for i, those in enumerate(numbers)
    ]
    total = sum(those.size for those in numbers)
    bitmap = all(ascending) and limit is not None and _ids.has_short_bitmap(limit, total)
    if not total:
        union = _memory.empty((0,), np.int64, device_id)
    elif bitmap:
        union, *order = _by_bits(numbers, values, length * first.dtype.itemsize, limit or 0)
    else:
        union, *order = _by_sorting(numbers, values, length * first.dtype.itemsize)
    shape = (union.size, *first.shape[1:])
    sums = _allocated(allocate, shape, first.dtype, device_id)
    if not sums.size:
        return union, sums  # type: ignore[return-value]
    from numparam.kernels.cuda import _merging

    kind = _gate.kind(first.dtype)
    found = _workspace.put(device_id, [_NONE])
    _launch.run(
        _merging.sum_rows(kind), device_id, sums.size,
        *(one.address for one in order), union.size, length, count, sums.address, found,
    )  # fmt: skip
    if kind == "bool" and count > 1:
        [row] = _workspace.get(device_id, 1)
        if row != _NONE:
            bad = _memory.download(_memory.view(union, row, (1,)))
            raise _row_gate.booleans_differ(int(bad[0]), count)
    return union, sums  # type: ignore[return-value]


def _row_sparse_list(
    ids: Iterable[object], data: Iterable[object]
) -> tuple[list[DeviceArray], list[DeviceArray]]:
    """Check at least one row-sparse array, all of one dtype and row shape."""
    for name, value in (("ids", ids), ("data", data)):
        if hasattr(value, "__cuda_array_interface__") or not isinstance(value, Iterable):
            raise TypeError(
                f"{name} must be a list of arrays, one for each row-sparse array, "
                f"not one {type(value).__name__}"
            )
    ids, data = list(ids), list(data)
    if len(ids) != len(data):
        raise ValueError(f"ids is a list of {len(ids)} and data one of {len(data)} arrays")
    if not ids:
        raise ValueError("ids and data are empty; at least one row-sparse array is needed")
    values = [borrow(rows, f"data[{i}]") for i, rows in enumerate(data)]
    numbers = [_ids.whole(borrow(those, f"ids[{i}]"), f"ids[{i}]") for i, those in enumerate(ids)]
    first = values[0]
    for i, (those, rows) in enumerate(zip(numbers, values, strict=True)):
        _row_gate.with_rows(rows, f"data[{i}]")  # type: ignore[arg-type]
        if those.size != rows.shape[0]:
            raise ValueError(
                f"ids[{i}] has {those.size} ids and data[{i}] {rows.shape[0]} rows; "
                "each row needs its id"
            )
        if rows.shape[1:] != first.shape[1:] or rows.dtype != first.dtype:
            raise ValueError(
                "data must agree in dtype and row shape: data[0] has rows of "
                f"{first.dtype}{first.shape[1:]}, data[{i}] of {rows.dtype}{rows.shape[1:]}"
            )
    return numbers, values


def _allocated(
    allocate: Callable, shape: tuple[int, ...], dtype: np.dtype, device_id: int
) -> DeviceArray:
    if allocate is np.empty:
        return _memory.empty(shape, dtype, device_id)
    target = _device_gate.output(allocate(shape, dtype))
    if target.shape != shape or target.dtype != dtype:
        raise ValueError(f"out must be {dtype}{shape}, not {target.dtype}{target.shape}")
    return target


def _by_bits(
    numbers: Sequence[DeviceArray], values: Sequence[DeviceArray], row_bytes: int, rows: int
) -> tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray]:
    """Order ids that ascend in each array: the union; addresses, their starts and counts."""
    from numparam.kernels.cuda import _bitmap  # needs numba-cuda

    device_id, parts = values[0].device_id, len(values)
    union, words, before = _ids.union_by_bits(numbers, rows)
    places = _memory.zeros((max(1, union.size * parts),), np.int64, device_id)
    for part, (those, data) in enumerate(zip(numbers, values, strict=True)):
        _launch.run(
            _bitmap.place_rows, device_id, those.size,
            those.address, those.size, rows - 1, data.address, row_bytes,
            words.address, before.address, part, parts, places.address,
        )  # fmt: skip
    starts = _memory.empty((union.size,), np.int64, device_id)
    counts = _memory.empty((union.size,), np.int64, device_id)
    _launch.run(
        _bitmap.gather_rows, device_id, union.size,
        union.size, parts, places.address, starts.address, counts.address,
    )  # fmt: skip
    return union, places, starts, counts


def _by_sorting(
    numbers: Sequence[DeviceArray], values: Sequence[DeviceArray], row_bytes: int
) -> tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray]:
    """Order any ids: the union; the addresses of all rows, where those of each begin, how many."""
    from numparam.kernels.cuda import _merging  # needs numba-cuda

    device_id, total = values[0].device_id, sum(those.size for those in numbers)
    ids = _memory.empty((total,), np.int64, device_id)
    firsts = []
    start = 0
    for those in numbers:
        firsts.append(start)
        if those.size:
            _memory.copy_into(_memory.view(ids, start, (those.size,)), those)
        start += those.size
    keys, order = _ids.sorted_with_positions(ids)
    union, before = _ids.unique_of_sorted(keys)
    places = _memory.empty((total,), np.int64, device_id)
    at = _workspace.put(device_id, [*firsts, *(data.address for data in values)])
    _launch.run(
        _merging.locate_rows, device_id, total,
        order.address, total, len(values), at, row_bytes, places.address,
    )  # fmt: skip
    starts = _memory.empty((union.size,), np.int64, device_id)
    counts = _memory.empty((union.size,), np.int64, device_id)
    _launch.run(
        _merging.find_starts, device_id, before.size - 1,
        keys.address, total, _ids.chunk_bits(), before.address, starts.address,
    )  # fmt: skip
    _launch.run(
        _merging.measure_rows, device_id, union.size,
        starts.address, union.size, total, counts.address,
    )  # fmt: skip
    return union, places, starts, counts
