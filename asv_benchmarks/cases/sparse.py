"""Cases for row-sparse arrays: summing, retaining rows, subtracting from a dense array."""

from __future__ import annotations

import numpy as np

import numparam as mx
from cases.aims import at_most, at_most_times_baseline
from cases.case import Case
from cases.inputs import random_rows
from cases.merging import merge_baseline
from cases.prepared import Prepared
from competitors.competitors import Competitors

ROWS, COLUMNS = 1_000_000, 64


def _row_sparse(ids: np.ndarray, data: np.ndarray, rows: int) -> mx.nd.NDArray:
    return mx.nd.sparse.row_sparse_array((data, ids), shape=(rows, data.shape[1]))


def add_n(competitors: Competitors, count: int = 4, held: int = 50_000) -> Prepared:
    ids = [random_rows(seed, held, ROWS) for seed in range(count)]
    data = [np.ones((held, COLUMNS), np.float32) for _ in range(count)]
    arrays = [_row_sparse(*pair, ROWS) for pair in zip(ids, data, strict=True)]
    union = len(np.unique(np.concatenate(ids)))
    nbytes = (count * held + union) * (COLUMNS * 4 + 8)
    prepared = Prepared(lambda: mx.nd.sparse.add_n(*arrays), nbytes, (at_most(5e-3),))
    prepared.add("baseline", merge_baseline(competitors, ids, data))
    arguments = {"count": count, "rows": ROWS, "columns": COLUMNS, "held": held}
    prepared.add_timed("mxnet", competitors.in_mxnet("merge", **arguments))
    return prepared


def retain(competitors: Competitors, wanted: int = 95_000) -> Prepared:
    data = np.ones((ROWS, COLUMNS), np.float32)
    array = _row_sparse(np.arange(ROWS), data, ROWS)
    numbers = random_rows(0, wanted, ROWS)
    ids = mx.nd.array(numbers, dtype="int64")
    out = np.ones((wanted, COLUMNS), np.float32)
    prepared = Prepared(
        lambda: mx.nd.sparse.retain(array, ids),
        2 * out.nbytes + numbers.nbytes,
        (at_most_times_baseline(1.3),),
    )
    arrays = [data, numbers, out]
    prepared.add(
        "baseline", competitors.c_loop("gather", wanted, arrays, data[0].nbytes, piece=4096)
    )
    prepared.add("numpy", lambda: data[numbers])
    torch = competitors.torch
    if torch is not None:
        rows, asked = torch.from_numpy(data), torch.from_numpy(numbers)
        prepared.add("torch", lambda: torch.index_select(rows, 0, asked))
    arguments = {"rows": ROWS, "columns": COLUMNS, "wanted": wanted}
    prepared.add_timed("mxnet", competitors.in_mxnet("retain", **arguments))
    return prepared


def subtract(
    competitors: Competitors, held: int = 8192, rows: int = 2_000_000, columns: int = 32
) -> Prepared:
    array = mx.nd.ones((rows, columns))
    ids, data = random_rows(0, held, rows), np.zeros((held, columns), np.float32)
    sparse = _row_sparse(ids, data, rows)

    def subtract_in_place() -> None:
        nonlocal array
        array -= sparse

    prepared = Prepared(subtract_in_place, 3 * data.nbytes + ids.nbytes, (at_most(1e-3),))
    target = np.ones((rows, columns), np.float32)
    prepared.add(
        "baseline",
        competitors.c_loop("subtract_rows", held, [data, ids, target], columns, piece=1024),
    )

    def in_numpy() -> None:
        target[ids] -= data

    prepared.add("numpy", in_numpy)
    torch = competitors.torch
    if torch is not None:
        table, numbers, values = (torch.from_numpy(x) for x in (target, ids, data))
        prepared.add("torch", lambda: table.index_add_(0, numbers, values, alpha=-1))
    arguments = {"rows": rows, "columns": columns, "held": held}
    prepared.add_timed("mxnet", competitors.in_mxnet("subtract_row_sparse", **arguments))
    return prepared


CASES = [
    Case("nd.sparse.add_n of 4 x 50,000 rows of 64", add_n),
    Case("nd.sparse.retain 95,000 of 1,000,000 x 64", retain),
    Case("a -= row_sparse: 8,192 of 2,000,000 x 32", subtract),
]
