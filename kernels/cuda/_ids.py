"""Row ids on a GPU: conversion to int64, checks and sorting.

The host sees only the result of a check, a few numbers, and the id that a message names.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from numparam.kernels import _gate, _row_gate
from numparam.kernels.cuda import _launch, _memory, _workspace
from numparam.kernels.cuda._memory import DeviceArray

_NOTHING = 2**63 - 1
_CHUNK_BITS = 6  # as an exponent: sorted ids that one thread looks through

_FEW = 8192  # numbers that one block adds up
_JOINING = 1 << 18  # threads that look for the bits of ids
_SEGMENT_BITS = 9  # as an exponent: ids that a warp sorts at a time
_LONG_SEGMENT_BITS = 11  # the same where there are many, so that their digits' counts are few
_MANY = 1 << 22
_SHORT = 4096  # words of bits that are always few enough

_Named = tuple[DeviceArray, str]


def whole(ids: DeviceArray, name: str) -> DeviceArray:
    """Return ids of any number dtype as a 1-D int64 array: the same memory if they are int64.

    Raises
    ------
    ValueError
        If a floating-point id has a fraction, is not finite or is too large to be exact.
    IndexError
        If an unsigned id is beyond int64.
    """
    kind = _gate.kind(ids.dtype)
    if kind == "int64":
        return _memory.view(ids, 0, (ids.size,))
    made = _memory.empty((ids.size,), np.int64, ids.device_id)
    if not ids.size:
        return made
    from numparam.kernels.cuda import _rows  # needs numba-cuda

    found = _workspace.put(ids.device_id, [_NOTHING])
    convert = _rows.convert_ids(kind)
    _launch.run(convert, ids.device_id, ids.size, ids.address, ids.size, made.address, found)
    if kind in _gate.FLOATS or kind == "uint64":
        [first] = _workspace.get(ids.device_id, 1)
        if first != _NOTHING:
            raise _not_whole(ids, first, name)
    return made


def _not_whole(ids: DeviceArray, found: int, name: str) -> Exception:
    if ids.dtype == np.uint64:
        return IndexError(f"{name} holds {2**64 + ~(found + 1)}, which is beyond any row")
    value = float(_one(_memory.view(ids, 0, (ids.size,)), found))
    exact = 2 ** {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}[ids.dtype.name]
    return ValueError(
        f"{name}[{found}] is {value!r} as {ids.dtype}; a floating-point row id must be a whole "
        f"number of at most {exact}, up to which {ids.dtype} is exact. Pass int64 ids"
    )


def _one(ids: DeviceArray, position: int) -> np.generic:
    return _memory.download(_memory.view(ids, position, (1,)))[0]


def check(device_id: int, ids: _Named, wanted: _Named | None, rows: int | None) -> bool:
    """Check the range of ids; return whether the first ones ascend strictly.

    Raises
    ------
    IndexError
        If an id is negative or not below `rows`.
    ValueError
        With `wanted`: if the first ids do not ascend strictly.
    """
    numbers, name = ids
    asked = numbers if wanted is None else wanted[0]
    number = 0 if wanted is None else asked.size
    if not numbers.size + number:
        return True
    from numparam.kernels.cuda import _rows  # needs numba-cuda

    found = _workspace.put(device_id, [_NOTHING] * 4)
    last = _NOTHING if rows is None else rows - 1
    _launch.run(
        _rows.check_ids, device_id, max(numbers.size, number),
        numbers.address, numbers.size, asked.address, number, last, found,
    )  # fmt: skip
    outside, falling, outside_wanted, _ = _workspace.get(device_id, 4)
    if outside != _NOTHING:
        raise _row_gate.outside(name, outside, int(_one(numbers, outside)), rows)
    if wanted is not None:
        if falling != _NOTHING:
            previous, bad = (int(_one(numbers, i)) for i in (falling - 1, falling))
            raise _row_gate.not_ascending(name, falling, previous, bad)
        if outside_wanted != _NOTHING:
            value = int(_one(asked, outside_wanted))
            raise _row_gate.outside(wanted[1], outside_wanted, value, rows)
    return falling == _NOTHING


def sorted_with_positions(ids: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """Sort at least one id stably; return them and their former positions."""
    return _sorted(ids, True)  # type: ignore[return-value]


def _sorted(ids: DeviceArray, positions: bool) -> tuple[DeviceArray, DeviceArray | None]:
    from numparam.kernels.cuda import _order  # needs numba-cuda

    count, device_id = ids.size, ids.device_id
    segment_bits = _SEGMENT_BITS if count < _MANY else _LONG_SEGMENT_BITS
    segments = -(-count // (1 << segment_bits))
    lane_bits = _launch.lanes(32)
    counts = _memory.empty((256 * segments + 1,), np.int64, device_id)

    def pair() -> tuple[DeviceArray, DeviceArray | None]:
        keys = _memory.empty((count,), np.int64, device_id)
        return keys, _memory.empty((count,), np.int64, device_id) if positions else None

    source: tuple[DeviceArray, DeviceArray | None] = (ids, None)
    spare = None
    for shift in _digits(ids):
        keys, order = source
        keys_out, order_out = target = spare or pair()
        form = count, shift, lane_bits, segment_bits, segments, counts.address
        threads = segments << lane_bits
        _launch.run(_order.count_digits, device_id, threads, keys.address, *form)
        _add_up(counts, 256 * segments)
        _launch.run(
            _order.place_keys, device_id, threads,
            keys.address, order.address if order else 0,
            keys_out.address, order_out.address if order_out else 0, *form,
        )  # fmt: skip
        spare = None if keys is ids else source  # the given ids stay as they are
        source = target
    return source


def _digits(ids: DeviceArray) -> list[int]:
    """Return where the digits of eight bits begin in which ids differ; one if they are all equal.

    The host waits for it.
    """
    from numparam.kernels.cuda import _order  # needs numba-cuda

    threads = min(ids.size, _JOINING)
    blocks = _launch.form(threads)[0]
    parts = _memory.empty((blocks,), np.int64, ids.device_id)
    _launch.run(_order.join_bits, ids.device_id, threads, ids.address, ids.size, parts.address)
    bits = int(np.bitwise_or.reduce(_memory.download(parts)))
    return [shift for shift in range(0, 64, 8) if bits >> shift & 255] or [0]


def _add_up(counts: DeviceArray, count: int) -> None:
    """Replace `count` numbers by the sums of those before them; the next becomes that of all."""
    from numparam.kernels.cuda import _bitmap, _order  # need numba-cuda

    device_id, chunks = counts.device_id, -(-count // (1 << _CHUNK_BITS))
    if count <= _FEW:
        _launch.run_block(_bitmap.add_up, device_id, counts.address, count)
        return
    sums = _memory.empty((chunks + 1,), np.int64, device_id)
    numbers = counts.address, count, _CHUNK_BITS, sums.address
    _launch.run(_order.sum_chunks, device_id, chunks, *numbers)
    _add_up(sums, chunks)
    _launch.run(_order.add_before, device_id, chunks, *numbers)
    total = _memory.view(sums, chunks, (1,))
    _memory.copy_into(_memory.view(counts, count, (1,)), total)


def sorted_unique(ids: DeviceArray) -> DeviceArray:
    """Sort at least one id and drop repeats."""
    return unique_of_sorted(_sorted(ids, False)[0])[0]


def chunk_bits() -> int:
    """Return, as an exponent, how many sorted ids one thread looks through."""
    return _CHUNK_BITS


def unique_of_sorted(keys: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """Drop repeats of sorted ids; return them, and their numbers before each chunk and in all."""
    from numparam.kernels.cuda import _order  # needs numba-cuda

    count, device_id = keys.size, keys.device_id
    chunks = -(-count // (1 << _CHUNK_BITS))
    before = _memory.empty((chunks + 1,), np.int64, device_id)
    numbers = keys.address, count, _CHUNK_BITS, before.address
    _launch.run(_order.count_new, device_id, chunks, *numbers)
    _add_up(before, chunks)
    unique = _memory.empty((int(_one(before, chunks)),), np.int64, device_id)
    _launch.run(_order.list_new, device_id, chunks, *numbers, unique.address)
    return unique, before


def has_short_bitmap(rows: int, ids: int) -> bool:
    """Whether a bit for each row takes no more memory than sorting so many ids would."""
    return -(-rows // 64) <= 4 * ids + _SHORT


def union_by_bits(
    ids: Sequence[DeviceArray], rows: int
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """Sort ids in range and drop repeats, without comparing them.

    Returns
    -------
    union, words, before : DeviceArray
        The ids; a bit for each row; and how many of them stand before each word of bits.
    """
    from numparam.kernels.cuda import _bitmap  # needs numba-cuda

    device_id = ids[0].device_id
    count = max(1, -(-rows // 64))
    words = _memory.zeros((count,), np.int64, device_id)
    for those in ids:
        _launch.run(
            _bitmap.set_bits, device_id, those.size,
            those.address, those.size, rows - 1, words.address,
        )  # fmt: skip
    chunks = -(-count // (1 << _CHUNK_BITS))
    counts = _memory.empty((chunks + 1,), np.int64, device_id)
    before = _memory.empty((count,), np.int64, device_id)
    numbers = words.address, count, _CHUNK_BITS, counts.address
    _launch.run(_bitmap.count_bits, device_id, chunks, *numbers)
    _add_up(counts, chunks)
    _launch.run(_bitmap.number_words, device_id, chunks, *numbers, before.address)
    union = _memory.empty((int(_one(counts, chunks)),), np.int64, device_id)
    _launch.run(
        _bitmap.list_bits, device_id, count, words.address, count, before.address, union.address
    )
    return union, words, before
