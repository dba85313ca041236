"""Rows for the kernels on plain arrays of 64 MB."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from comparison.bench import Bench
from comparison.case import MEBI, Case, Row, as_fast_as, within_limit
from numparam.kernels.cpu import average, cast, merge, norm, random, reset, retain, table

SIZE = 64 * MEBI
ROWS_HELD, COLUMNS, WANTED = 1_000_000, 64, 95_000

_LIMIT_OF_MEAN = {
    "float32": "mean_float32", "float64": "mean_float64", "float16": "mean_int16",
    "bfloat16": "mean_int16", "int32": "mean_int32",
}  # fmt: skip


def dtype_of(name: str) -> np.dtype:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def filled(count: int, dtype: str = "float32", nbytes: int = SIZE) -> list[np.ndarray]:
    kind = dtype_of(dtype)
    return [np.full(nbytes // kind.itemsize, i + 1, kind) for i in range(count)]


def in_torch(torch: Any, array: np.ndarray) -> Any:
    """The same memory as a tensor."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.uint16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def mean(bench: Bench, count: int, dtype: str) -> Case:
    sources, (out,) = filled(count, dtype), filled(1, dtype)
    aims = () if dtype in ("float64", "int32") else (within_limit(1.15),)
    case = Case((count + 1) * out.nbytes, aims)
    case.add("numparam", lambda: average.mean(sources, out))
    case.add(
        "limit",
        bench.limits.loop(
            _LIMIT_OF_MEAN[dtype], out.size, [*sources, out], count, piece=1 << 17,
            otherwise=lambda: numpy_sum(sources, out),
        ),
    )  # fmt: skip
    divide = np.floor_divide if dtype == "int32" else np.divide

    def numpy_mean() -> None:
        numpy_sum(sources, out)
        divide(out, out.dtype.type(count), out=out)

    case.add("numpy", numpy_mean)
    if bench.torch is not None:
        tensors = [in_torch(bench.torch, array) for array in sources]
        case.add("torch", torch_mean(bench.torch, tensors, in_torch(bench.torch, out)))
    if dtype != "bfloat16":
        case.add_timed("mxnet", bench.in_mxnet("mean", count=count, dtype=dtype))
    return case


def numpy_sum(sources: list[np.ndarray], out: np.ndarray) -> None:
    np.add(sources[0], sources[1], out=out)
    for source in sources[2:]:
        np.add(out, source, out=out)


def torch_mean(torch: Any, sources: list[Any], out: Any) -> Callable[[], None]:
    whole = not out.is_floating_point()

    def call() -> None:
        torch.add(sources[0], sources[1], out=out)
        for source in sources[2:]:
            out.add_(source)
        if whole:
            out.div_(len(sources), rounding_mode="trunc")
        else:
            out.mul_(1 / len(sources))

    return call


def zero(bench: Bench) -> Case:
    (array,) = filled(1)
    case = Case(array.nbytes, (within_limit(1.15),))
    case.add("numparam", lambda: reset.zero([array]))
    fill = functools.partial(array.fill, 0)
    case.add("limit", bench.limits.loop("zero", array.nbytes, [array], otherwise=fill))
    case.add("numpy", fill)
    if bench.torch is not None:
        case.add("torch", in_torch(bench.torch, array).zero_)
    case.add_timed("mxnet", bench.in_mxnet("zero"))
    return case


def zero_many(bench: Bench, count: int, size: int) -> Case:
    arrays = [np.ones(size, np.float32) for _ in range(count)]
    ready = table.build(arrays)
    case = Case(4 * count * size)
    case.add("numparam", lambda: reset.zero(ready))
    case.add("limit", memset_of_each(bench, arrays))
    case.add("numpy", lambda: [array.fill(0) for array in arrays])
    if bench.torch is not None:
        tensors = [in_torch(bench.torch, array) for array in arrays]
        case.add("torch", lambda: bench.torch._foreach_zero_(tensors))
    case.add_timed("mxnet", bench.in_mxnet("zero_many", count=count, size=size))
    return case


def memset_of_each(bench: Bench, arrays: list[np.ndarray]) -> Callable[[], object] | None:
    """One memset for each array; on the caller's thread where all of them are small."""
    if bench.limits.compiler is None:
        return lambda: [array.fill(0) for array in arrays]
    nbytes = [array.nbytes for array in arrays]
    addresses = np.array([array.ctypes.data for array in arrays] + nbytes, np.int64)
    count = len(arrays)
    piece = count if sum(nbytes) < 4 * MEBI else 1
    return bench.limits.at("zero_many", count, addresses, count, piece=piece, keep=arrays)


def retained(bench: Bench) -> Case:
    ids, data, wanted, out = _rows()
    # The array's own ids are read too: unless they ascend they find nothing, or the wrong row.
    case = Case(2 * out.nbytes + wanted.nbytes + ids.nbytes, (within_limit(1.3),))
    case.add("numparam", lambda: retain.retain(ids, data, wanted, out))
    gather = _gather_limit(bench, data, wanted, out)
    check = bench.limits.loop("ascending", len(ids), [ids, np.zeros(1, np.int64)])
    if gather is not None and check is not None:
        case.add("limit", lambda: (check(), gather()))
    case.add("numpy", lambda: np.take(data, np.searchsorted(ids, wanted), axis=0, out=out))
    if bench.torch is not None:
        torch = bench.torch
        held, asked, rows, target = (torch.from_numpy(x) for x in (ids, wanted, data, out))
        case.add(
            "torch",
            lambda: torch.index_select(rows, 0, torch.searchsorted(held, asked), out=target),
        )
    case.add_timed("mxnet", bench.in_mxnet("retain", **_ROW_ARGUMENTS))
    return case


_ROW_ARGUMENTS = {"rows": ROWS_HELD, "columns": COLUMNS, "wanted": WANTED}


def _rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    wanted = np.sort(np.random.default_rng(0).choice(ROWS_HELD, WANTED, replace=False))
    data = np.ones((ROWS_HELD, COLUMNS), np.float32)
    return np.arange(ROWS_HELD), data, wanted, np.ones((WANTED, COLUMNS), np.float32)


def _gather_limit(bench: Bench, data, wanted, out) -> Callable[[], object] | None:
    row = data[0].nbytes
    return bench.limits.loop(
        "gather", len(wanted), [data, wanted, out], row, piece=4096,
        otherwise=lambda: np.take(data, wanted, axis=0, out=out),
    )  # fmt: skip


def gathered(bench: Bench) -> Case:
    _, data, wanted, out = _rows()
    case = Case(2 * out.nbytes + wanted.nbytes)
    case.add("numparam", lambda: retain.gather(data, wanted, out))
    case.add("limit", _gather_limit(bench, data, wanted, out))
    case.add("numpy", lambda: np.take(data, wanted, axis=0, out=out))
    if bench.torch is not None:
        rows, asked, target = (bench.torch.from_numpy(x) for x in (data, wanted, out))
        case.add("torch", lambda: bench.torch.index_select(rows, 0, asked, out=target))
    case.add_timed("mxnet", bench.in_mxnet("gather", **_ROW_ARGUMENTS))
    return case


def scattered(bench: Bench) -> Case:
    _, data, wanted, rows = _rows()
    case = Case(2 * rows.nbytes + wanted.nbytes)

    def assign() -> None:
        data[wanted] = rows

    case.add("numparam", lambda: retain.scatter(data, wanted, rows))
    arrays = [rows, wanted, data]
    case.add(
        "limit",
        bench.limits.loop(
            "scatter", len(wanted), arrays, data[0].nbytes, piece=4096, otherwise=assign
        ),
    )
    case.add("numpy", assign)
    if bench.torch is not None:
        target, asked, given = (bench.torch.from_numpy(x) for x in (data, wanted, rows))
        case.add("torch", lambda: target.index_copy_(0, asked, given))
    return case


def unique_ids(bench: Bench) -> Case:
    ids = np.random.default_rng(0).integers(0, ROWS_HELD, WANTED)
    case = Case(ids.nbytes)
    case.add("numparam", lambda: retain.unique_ids(ids, ROWS_HELD))
    case.add("numpy", lambda: np.unique(ids))
    if bench.torch is not None:
        tensor = bench.torch.from_numpy(ids)
        case.add("torch", lambda: bench.torch.unique(tensor))
    return case


def merged(bench: Bench, count: int = 4, held: int = 50_000) -> Case:
    generator = np.random.default_rng(0)
    ids = [np.sort(generator.choice(ROWS_HELD, held, replace=False)) for _ in range(count)]
    data = [np.ones((held, COLUMNS), np.float32) for _ in range(count)]
    every, rows = np.concatenate(ids), np.concatenate(data)
    union, inverse, times = np.unique(every, return_inverse=True, return_counts=True)
    out = np.zeros((len(union), COLUMNS), np.float32)
    case = Case(rows.nbytes + out.nbytes + every.nbytes + union.nbytes)

    def numpy_merge() -> None:
        found, places = np.unique(np.concatenate(ids), return_inverse=True)
        total = np.zeros((len(found), COLUMNS), np.float32)
        first = 0
        for numbers, values in zip(ids, data, strict=True):
            total[places[first : first + len(numbers)]] += values
            first += len(numbers)

    case.add("numparam", lambda: merge.merge(ids, data))
    order = np.argsort(inverse, kind="stable")
    first = np.concatenate([[0], np.cumsum(times)])
    case.add(
        "limit",
        bench.limits.loop("merge", len(union), [rows, first, order, out], COLUMNS, piece=4096),
    )
    case.add("numpy", numpy_merge)
    if bench.torch is not None:
        torch = bench.torch
        sparse = [
            torch.sparse_coo_tensor(
                torch.from_numpy(numbers)[None], torch.from_numpy(values), (ROWS_HELD, COLUMNS),
                check_invariants=False, is_coalesced=True,
            )
            for numbers, values in zip(ids, data, strict=True)
        ]  # fmt: skip

        def torch_merge() -> None:
            total = sparse[0]
            for other in sparse[1:]:
                total = total + other
            total.coalesce()

        case.add("torch", torch_merge)
    arguments = {"count": count, "rows": ROWS_HELD, "columns": COLUMNS, "held": held}
    case.add_timed("mxnet", bench.in_mxnet("merge", **arguments))
    return case


_LIMIT_OF_CAST = {
    ("float32", "float16"): "cast_4_to_2", ("float32", "bfloat16"): "cast_4_to_2",
    ("float16", "float32"): "cast_2_to_4", ("bfloat16", "float32"): "cast_2_to_4",
    ("float32", "float64"): "cast_float32_float64", ("float64", "float32"): "cast_float64_float32",
    ("float32", "int32"): "cast_float32_int32", ("int32", "float32"): "cast_int32_float32",
    ("float32", "uint8"): "cast_4_to_1", ("uint8", "float32"): "cast_1_to_4",
}  # fmt: skip


def converted(bench: Bench, source: str, target: str) -> Case:
    array = np.ones(SIZE // 4, dtype_of(source))
    out = np.ones(array.size, dtype_of(target))
    case = Case(array.nbytes + out.nbytes, (within_limit(1.15),))
    case.add("numparam", lambda: cast.cast(array, out=out))
    case.add(
        "limit",
        bench.limits.loop(
            _LIMIT_OF_CAST[source, target], array.size, [array, out], piece=1 << 17,
            otherwise=lambda: np.copyto(out, array, casting="unsafe"),
        ),
    )  # fmt: skip
    case.add("numpy", lambda: np.copyto(out, array, casting="unsafe"))
    if bench.torch is not None:
        left, right = in_torch(bench.torch, array), in_torch(bench.torch, out)
        case.add("torch", lambda: right.copy_(left))
    if "bfloat16" not in (source, target):
        case.add_timed("mxnet", bench.in_mxnet("cast", source=source, target=target))
    return case


def copied(bench: Bench) -> Case:
    array, out = filled(2)
    case = Case(2 * array.nbytes)
    case.add("numparam", lambda: cast.copy(array, out))
    copy = functools.partial(np.copyto, out, array)
    case.add("limit", bench.limits.loop("copy", array.nbytes, [array, out], otherwise=copy))
    case.add("numpy", copy)
    if bench.torch is not None:
        left, right = in_torch(bench.torch, array), in_torch(bench.torch, out)
        case.add("torch", lambda: right.copy_(left))
    case.add_timed("mxnet", bench.in_mxnet("cast", source="float32", target="float32"))
    return case


def drawn(bench: Bench, name: str, times: float) -> Case:
    (out,) = filled(1)
    case = Case(out.nbytes, (as_fast_as("torch", times),))
    fill = getattr(random, name)
    case.add("numparam", lambda: fill(out, seed=1))
    case.add("limit", bench.limits.loop("zero", out.nbytes, [out]))
    generator = np.random.default_rng(1)
    draw = generator.random if name == "uniform" else generator.standard_normal
    case.add("numpy", lambda: draw(dtype=np.float32, out=out))
    if bench.torch is not None:
        tensor = in_torch(bench.torch, out)
        case.add("torch", tensor.uniform_ if name == "uniform" else tensor.normal_)
    case.add_timed("mxnet", bench.in_mxnet("random", name=name))
    return case


def sum_of_squares(bench: Bench) -> Case:
    (array,) = filled(1)
    case = Case(array.nbytes)
    case.add("numparam", lambda: norm.sum_of_squares([array]))
    partial = np.empty(array.size // (1 << 18) + 1)
    case.add(
        "limit", bench.limits.loop("sum_of_squares", array.size, [array, partial], piece=1 << 18)
    )
    case.add("numpy", lambda: np.dot(array, array))
    if bench.torch is not None:
        tensor = in_torch(bench.torch, array)
        case.add("torch", lambda: bench.torch.linalg.vector_norm(tensor))
    case.add_timed("mxnet", bench.in_mxnet("sum_of_squares"))
    return case


def scaled(bench: Bench) -> Case:
    (array,) = filled(1)
    case = Case(2 * array.nbytes)
    case.add("numparam", lambda: norm.scale([array], 1.0))
    one = int(np.float32(1.0).view(np.int32))
    case.add("limit", bench.limits.loop("scale", array.size, [array], one, piece=1 << 17))
    case.add("numpy", lambda: np.multiply(array, np.float32(1.0), out=array))
    if bench.torch is not None:
        tensor = in_torch(bench.torch, array)
        case.add("torch", lambda: tensor.mul_(1.0))
    case.add_timed("mxnet", bench.in_mxnet("scale"))
    return case


def _means() -> list[Row]:
    forms = [(count, dtype) for dtype in ("float32", "float64") for count in (2, 4, 8)]
    forms += [(count, dtype) for dtype in ("float16", "bfloat16") for count in (2, 4)]
    forms.append((4, "int32"))
    return [
        Row(f"mean of {count} x 64 MB {dtype}", functools.partial(mean, count=count, dtype=dtype))
        for count, dtype in forms
    ]


ROWS = [
    *_means(),
    Row("zero 64 MB", zero),
    Row("zero 2,000 x 1 kB", functools.partial(zero_many, count=2000, size=256)),
    Row("retain 95,000 of 1,000,000 x 64", retained),
    Row("gather 95,000 of 1,000,000 x 64", gathered),
    Row("scatter 95,000 of 1,000,000 x 64", scattered),
    Row("unique_ids of 95,000", unique_ids),
    Row("merge 4 x 50,000 rows of 64", merged),
    *(
        Row(
            f"cast 16 Mi {source} to {target}",
            functools.partial(converted, source=source, target=target),
        )
        for source, target in _LIMIT_OF_CAST
    ),
    Row("copy 64 MB", copied),
    Row("uniform 64 MB", functools.partial(drawn, name="uniform", times=3)),
    Row("normal 64 MB", functools.partial(drawn, name="normal", times=2.5)),
    Row("sum_of_squares 64 MB", sum_of_squares),
    Row("scale 64 MB", scaled),
]
