"""Checks that the row kernels make before they touch memory, and the errors they raise.

A row-sparse array is a pair: `ids`, the numbers of the rows it holds, and `data`, those rows.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable

import numpy as np

from numparam.kernels import _gate

LARGEST_DIVISOR = 1 << 24  # float32 holds every whole number up to it


def with_rows(array: np.ndarray, name: str) -> np.ndarray:
    """Check that an array has rows: at least one dimension."""
    if array.ndim == 0:
        raise ValueError(f"{name} has no dimensions; it must have rows, so at least one")
    return array


def row_count(rows: int | None) -> int | None:
    """Check the number of rows, which bounds ids."""
    if rows is None:
        return None
    try:
        count = operator.index(rows)
    except TypeError:
        raise TypeError(f"rows must be a whole number, not {type(rows).__name__}") from None
    if not 0 <= count < 1 << 63:
        raise ValueError(f"rows must be from 0 to 2**63 - 1, not {count}")
    return count


def row_sparse(ids: object, data: object, where: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Check one row-sparse array: as many ids as rows. The ids' range is not checked."""
    values = with_rows(_gate.source(data, f"data{where}"), f"data{where}")
    numbers = _gate.row_ids(ids, None, f"ids{where}")
    if len(numbers) != len(values):
        raise ValueError(
            f"ids{where} has {len(numbers)} ids and data{where} {len(values)} rows; "
            "each row needs its id"
        )
    return numbers, values


def row_sparse_list(
    ids: Iterable[object], data: Iterable[object]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Check at least one row-sparse array, all of one dtype and row shape."""
    for name, value in (("ids", ids), ("data", data)):
        if isinstance(value, np.ndarray) or not isinstance(value, Iterable):
            raise TypeError(
                f"{name} must be a list of arrays, one for each row-sparse array, "
                f"not one {type(value).__name__}"
            )
    ids, data = list(ids), list(data)
    if len(ids) != len(data):
        raise ValueError(f"ids is a list of {len(ids)} and data one of {len(data)} arrays")
    if not ids:
        raise ValueError("ids and data are empty; at least one row-sparse array is needed")
    pairs = [row_sparse(*pair, f"[{i}]") for i, pair in enumerate(zip(ids, data, strict=True))]
    first = pairs[0][1]
    for i, (_, values) in enumerate(pairs):
        if values.shape[1:] != first.shape[1:] or values.dtype != first.dtype:
            raise ValueError(
                "data must agree in dtype and row shape: data[0] has rows of "
                f"{first.dtype}{first.shape[1:]}, data[{i}] of {values.dtype}{values.shape[1:]}"
            )
    return [numbers for numbers, _ in pairs], [values for _, values in pairs]


def row_sparse_sets(
    ids: Iterable[Iterable[object]],
    data: Iterable[Iterable[object]],
    rows: Iterable[int | None],
) -> list[tuple[list[np.ndarray], list[np.ndarray], int | None]]:
    """Check lists of row-sparse arrays, each list as `row_sparse_list`, and their dense lengths."""
    ids, data, limits = list(ids), list(data), list(rows)
    if not len(ids) == len(data) == len(limits):
        raise ValueError(
            f"ids is a list of {len(ids)}, data one of {len(data)} and rows one of {len(limits)}; "
            "each array needs all three"
        )
    sets = []
    for numbers, values, limit in zip(ids, data, limits, strict=True):
        checked = row_sparse_list(numbers, values)
        whole_divisor(len(checked[0]))
        sets.append((*checked, row_count(limit)))
    return sets


def has_differences(kind: str) -> None:
    """Check that elements of a kind can be subtracted."""
    if kind == "bool":
        raise TypeError("booleans have no difference; cast table and rows to a number first")


def whole_divisor(divisor: int) -> int:
    """Check the divisor of a merged sum."""
    try:
        count = operator.index(divisor)
    except TypeError:
        raise TypeError(f"divisor must be a whole number, not {type(divisor).__name__}") from None
    if not 1 <= count <= LARGEST_DIVISOR:
        raise ValueError(f"divisor must be between 1 and {LARGEST_DIVISOR}, not {count}")
    return count


def row_output(out: object, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Check an output for rows."""
    target = _gate.output(out)
    if target.shape != shape or target.dtype != dtype:
        raise ValueError(f"out must be {dtype}{shape}, not {target.dtype}{target.shape}")
    return target


def apart(written: np.ndarray, name: str, **read: np.ndarray) -> list[int]:
    """Check that the written array shares no memory with the others; return all addresses.

    All are contiguous. Each address is looked up once.
    """
    start = _gate.address(written)
    starts = [start]
    for other_name, other in read.items():
        other_start = _gate.address(other)
        starts.append(other_start)
        if (
            other_start < start + written.nbytes
            and start < other_start + other.nbytes
            and written.nbytes
        ):
            raise ValueError(
                f"{name} shares memory with {other_name}; pass an array of its own or a copy"
            )
    return starts


def scattered(table: np.ndarray, ids: np.ndarray, rows: object) -> np.ndarray:
    """Check the rows that a table is to receive."""
    values = _gate.source(rows, "rows")
    shape = (len(ids), *table.shape[1:])
    if values.shape != shape or values.dtype != table.dtype:
        raise ValueError(
            f"rows must be {table.dtype}{shape} for {len(ids)} ids and a table of "
            f"{table.dtype}{table.shape}, not {values.dtype}{values.shape}"
        )
    return values


def check_ids(ids: np.ndarray, rows: int | None, name: str) -> None:
    """Check that ids are at least 0 and below `rows`: the plain form of the kernels' check."""
    bad = ids < 0 if rows is None else (ids < 0) | (ids >= rows)
    if bad.any():
        position = int(np.flatnonzero(bad)[0])
        raise outside(name, position, int(ids[position]), rows)


def outside(name: str, position: int, value: int, rows: int | None) -> IndexError:
    """Return the error for an id that no row has."""
    if rows is None:
        return IndexError(f"{name}[{position}] is {value}; a row id is at least 0")
    if rows == 0:
        return IndexError(f"{name}[{position}] is {value}, but there are no rows")
    return IndexError(
        f"{name}[{position}] is {value}; row ids must be between 0 and {rows - 1} for {rows} rows"
    )


def not_ascending(name: str, position: int, previous: int, value: int) -> ValueError:
    """Return the error for the ids of a row-sparse array that are not sorted and unique."""
    return ValueError(
        f"{name}[{position}] is {value} after {previous}; the ids of a row-sparse array must "
        "ascend without repeats. merge.merge([ids], [data]) sorts them and sums repeated rows"
    )


def booleans_differ(row: int, divisor: int) -> ValueError:
    """Return the error for boolean rows that have no mean."""
    return ValueError(
        f"row {row} is not the same in all {divisor} arrays; booleans have no mean unless all "
        "copies agree. Cast them to a number first"
    )
