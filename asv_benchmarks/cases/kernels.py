"""Cases for the CPU kernels, on plain arrays of 64 MB unless the name says otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from cases.aims import as_fast_as, at_most_times_baseline
from cases.case import Case
from cases.inputs import MEBI, dtype_of, filled, in_torch, random_rows
from cases.memset import memset_of_each
from cases.merging import merge_baseline
from cases.prepared import Prepared
from competitors.competitors import Competitors
from numparam.kernels.cpu import average, cast, merge, norm, random, reset, retain, table

ROWS_HELD, COLUMNS, WANTED = 1_000_000, 64, 95_000

_C_LOOP_OF_MEAN = {
    "float32": "mean_float32", "float64": "mean_float64", "float16": "mean_int16",
    "bfloat16": "mean_int16", "int32": "mean_int32",
}  # fmt: skip


def mean(competitors: Competitors, count: int, dtype: str) -> Prepared:
    sources, (out,) = filled(count, dtype), filled(1, dtype)
    aims = () if dtype in ("float64", "int32") else (at_most_times_baseline(1.15),)
    prepared = Prepared(lambda: average.mean(sources, out), (count + 1) * out.nbytes, aims)
    prepared.add(
        "baseline",
        competitors.c_loop(
            _C_LOOP_OF_MEAN[dtype], out.size, [*sources, out], count, piece=1 << 17,
            otherwise=lambda: numpy_sum(sources, out),
        ),
    )  # fmt: skip
    divide = np.floor_divide if dtype == "int32" else np.divide

    def numpy_mean() -> None:
        numpy_sum(sources, out)
        divide(out, out.dtype.type(count), out=out)

    prepared.add("numpy", numpy_mean)
    torch = competitors.torch
    if torch is not None:
        tensors = [in_torch(torch, array) for array in sources]
        prepared.add("torch", torch_mean(torch, tensors, in_torch(torch, out)))
    if dtype != "bfloat16":
        prepared.add_timed("mxnet", competitors.in_mxnet("mean", count=count, dtype=dtype))
    return prepared


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


def add_n(competitors: Competitors, count: int) -> Prepared:
    sources, (out,) = filled(count), filled(1)
    prepared = Prepared(lambda: average.add_n(sources, out), (count + 1) * out.nbytes)
    arrays = [*sources, out]
    prepared.add(
        "baseline",
        competitors.c_loop("mean_float32", out.size, arrays, count, piece=1 << 17),
    )
    prepared.add("numpy", lambda: numpy_sum(sources, out))
    return prepared


def zero(competitors: Competitors) -> Prepared:
    (array,) = filled(1)
    prepared = Prepared(lambda: reset.zero([array]), array.nbytes, (at_most_times_baseline(1.15),))
    fill = functools.partial(array.fill, 0)
    prepared.add("baseline", competitors.c_loop("zero", array.nbytes, [array], otherwise=fill))
    prepared.add("numpy", fill)
    torch = competitors.torch
    if torch is not None:
        prepared.add("torch", in_torch(torch, array).zero_)
    prepared.add_timed("mxnet", competitors.in_mxnet("zero"))
    return prepared


def zero_many(competitors: Competitors, count: int, size: int, ready: bool) -> Prepared:
    arrays = [np.ones(size, np.float32) for _ in range(count)]
    zeroed = table.build(arrays) if ready else arrays
    prepared = Prepared(lambda: reset.zero(zeroed), 4 * count * size)
    prepared.add("baseline", memset_of_each(competitors, arrays))
    prepared.add("numpy", lambda: [array.fill(0) for array in arrays])
    torch = competitors.torch
    if torch is not None:
        tensors = [in_torch(torch, array) for array in arrays]
        prepared.add("torch", lambda: torch._foreach_zero_(tensors))
    prepared.add_timed("mxnet", competitors.in_mxnet("zero_many", count=count, size=size))
    return prepared


def retained(competitors: Competitors) -> Prepared:
    ids, data, wanted, out = _rows()
    # The array's own ids are read too: a lookup is only right if they ascend.
    prepared = Prepared(
        lambda: retain.retain(ids, data, wanted, out),
        2 * out.nbytes + wanted.nbytes + ids.nbytes,
        (at_most_times_baseline(1.3),),
    )
    gather = _gather_baseline(competitors, data, wanted, out)
    check = competitors.c_loop("ascending", len(ids), [ids, np.zeros(1, np.int64)])
    if gather is not None and check is not None:
        prepared.add("baseline", lambda: (check(), gather()))
    prepared.add("numpy", lambda: np.take(data, np.searchsorted(ids, wanted), axis=0, out=out))
    torch = competitors.torch
    if torch is not None:
        held, asked, rows, target = (torch.from_numpy(x) for x in (ids, wanted, data, out))
        prepared.add(
            "torch",
            lambda: torch.index_select(rows, 0, torch.searchsorted(held, asked), out=target),
        )
    prepared.add_timed("mxnet", competitors.in_mxnet("retain", **_ROW_ARGUMENTS))
    return prepared


_ROW_ARGUMENTS = {"rows": ROWS_HELD, "columns": COLUMNS, "wanted": WANTED}


def _rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    wanted = random_rows(0, WANTED, ROWS_HELD)
    data = np.ones((ROWS_HELD, COLUMNS), np.float32)
    return np.arange(ROWS_HELD), data, wanted, np.ones((WANTED, COLUMNS), np.float32)


def _gather_baseline(competitors: Competitors, data, wanted, out) -> Callable[[], object] | None:
    row = data[0].nbytes
    return competitors.c_loop(
        "gather", len(wanted), [data, wanted, out], row, piece=4096,
        otherwise=lambda: np.take(data, wanted, axis=0, out=out),
    )  # fmt: skip


def gathered(competitors: Competitors) -> Prepared:
    _, data, wanted, out = _rows()
    prepared = Prepared(lambda: retain.gather(data, wanted, out), 2 * out.nbytes + wanted.nbytes)
    prepared.add("baseline", _gather_baseline(competitors, data, wanted, out))
    prepared.add("numpy", lambda: np.take(data, wanted, axis=0, out=out))
    torch = competitors.torch
    if torch is not None:
        rows, asked, target = (torch.from_numpy(x) for x in (data, wanted, out))
        prepared.add("torch", lambda: torch.index_select(rows, 0, asked, out=target))
    prepared.add_timed("mxnet", competitors.in_mxnet("gather", **_ROW_ARGUMENTS))
    return prepared


def scattered(competitors: Competitors) -> Prepared:
    _, data, wanted, rows = _rows()
    prepared = Prepared(lambda: retain.scatter(data, wanted, rows), 2 * rows.nbytes + wanted.nbytes)

    def assign() -> None:
        data[wanted] = rows

    arrays = [rows, wanted, data]
    prepared.add(
        "baseline",
        competitors.c_loop(
            "scatter", len(wanted), arrays, data[0].nbytes, piece=4096, otherwise=assign
        ),
    )
    prepared.add("numpy", assign)
    torch = competitors.torch
    if torch is not None:
        target, asked, given = (torch.from_numpy(x) for x in (data, wanted, rows))
        prepared.add("torch", lambda: target.index_copy_(0, asked, given))
    return prepared


def unique_ids(competitors: Competitors) -> Prepared:
    ids = np.random.default_rng(0).integers(0, ROWS_HELD, WANTED)
    prepared = Prepared(lambda: retain.unique_ids(ids, ROWS_HELD), ids.nbytes)
    prepared.add("numpy", lambda: np.unique(ids))
    torch = competitors.torch
    if torch is not None:
        tensor = torch.from_numpy(ids)
        prepared.add("torch", lambda: torch.unique(tensor))
    return prepared


def merged(competitors: Competitors, count: int = 4, held: int = 50_000) -> Prepared:
    ids = [random_rows(seed, held, ROWS_HELD) for seed in range(count)]
    data = [np.ones((held, COLUMNS), np.float32) for _ in range(count)]
    union = len(np.unique(np.concatenate(ids)))
    nbytes = (count * held + union) * (COLUMNS * 4 + 8)
    prepared = Prepared(lambda: merge.merge(ids, data), nbytes)
    prepared.add("baseline", merge_baseline(competitors, ids, data))

    def numpy_merge() -> None:
        found, places = np.unique(np.concatenate(ids), return_inverse=True)
        total = np.zeros((len(found), COLUMNS), np.float32)
        first = 0
        for numbers, values in zip(ids, data, strict=True):
            total[places[first : first + len(numbers)]] += values
            first += len(numbers)

    prepared.add("numpy", numpy_merge)
    torch = competitors.torch
    if torch is not None:
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

        prepared.add("torch", torch_merge)
    arguments = {"count": count, "rows": ROWS_HELD, "columns": COLUMNS, "held": held}
    prepared.add_timed("mxnet", competitors.in_mxnet("merge", **arguments))
    return prepared


_C_LOOP_OF_CAST = {
    ("float32", "float16"): "cast_4_to_2", ("float32", "bfloat16"): "cast_4_to_2",
    ("float16", "float32"): "cast_2_to_4", ("bfloat16", "float32"): "cast_2_to_4",
    ("float32", "float64"): "cast_float32_float64", ("float64", "float32"): "cast_float64_float32",
    ("float32", "int32"): "cast_float32_int32", ("int32", "float32"): "cast_int32_float32",
    ("float32", "uint8"): "cast_4_to_1", ("uint8", "float32"): "cast_1_to_4",
}  # fmt: skip


def converted(competitors: Competitors, source: str, target: str) -> Prepared:
    array = np.ones(16 * MEBI, dtype_of(source))
    out = np.ones(array.size, dtype_of(target))
    prepared = Prepared(
        lambda: cast.cast(array, out=out),
        array.nbytes + out.nbytes,
        (at_most_times_baseline(1.15),),
    )
    prepared.add(
        "baseline",
        competitors.c_loop(
            _C_LOOP_OF_CAST[source, target], array.size, [array, out], piece=1 << 17,
            otherwise=lambda: np.copyto(out, array, casting="unsafe"),
        ),
    )  # fmt: skip
    prepared.add("numpy", lambda: np.copyto(out, array, casting="unsafe"))
    torch = competitors.torch
    if torch is not None:
        left, right = in_torch(torch, array), in_torch(torch, out)
        prepared.add("torch", lambda: right.copy_(left))
    if "bfloat16" not in (source, target):
        prepared.add_timed("mxnet", competitors.in_mxnet("cast", source=source, target=target))
    return prepared


def copied(competitors: Competitors) -> Prepared:
    array, out = filled(2)
    prepared = Prepared(lambda: cast.copy(array, out), 2 * array.nbytes)
    copy = functools.partial(np.copyto, out, array)
    prepared.add("baseline", competitors.c_loop("copy", array.nbytes, [array, out], otherwise=copy))
    prepared.add("numpy", copy)
    torch = competitors.torch
    if torch is not None:
        left, right = in_torch(torch, array), in_torch(torch, out)
        prepared.add("torch", lambda: right.copy_(left))
    prepared.add_timed("mxnet", competitors.in_mxnet("cast", source="float32", target="float32"))
    return prepared


def drawn(competitors: Competitors, name: str, times: float) -> Prepared:
    (out,) = filled(1)
    prepared = Prepared(lambda: fill(out, seed=1), out.nbytes, (as_fast_as("torch", times),))
    fill = getattr(random, name)
    prepared.add("baseline", competitors.c_loop("zero", out.nbytes, [out]))
    generator = np.random.default_rng(1)
    draw = generator.random if name == "uniform" else generator.standard_normal
    prepared.add("numpy", lambda: draw(dtype=np.float32, out=out))
    torch = competitors.torch
    if torch is not None:
        tensor = in_torch(torch, out)
        prepared.add("torch", tensor.uniform_ if name == "uniform" else tensor.normal_)
    prepared.add_timed("mxnet", competitors.in_mxnet("random", name=name))
    return prepared


def sum_of_squares(competitors: Competitors) -> Prepared:
    (array,) = filled(1)
    prepared = Prepared(lambda: norm.sum_of_squares([array]), array.nbytes)
    partial = np.empty(array.size // (1 << 18) + 1)
    prepared.add(
        "baseline",
        competitors.c_loop("sum_of_squares", array.size, [array, partial], piece=1 << 18),
    )
    prepared.add("numpy", lambda: np.dot(array, array))
    torch = competitors.torch
    if torch is not None:
        tensor = in_torch(torch, array)
        prepared.add("torch", lambda: torch.linalg.vector_norm(tensor))
    prepared.add_timed("mxnet", competitors.in_mxnet("sum_of_squares"))
    return prepared


def scaled(competitors: Competitors) -> Prepared:
    (array,) = filled(1)
    prepared = Prepared(lambda: norm.scale([array], 1.0), 2 * array.nbytes)
    one = int(np.float32(1.0).view(np.int32))
    prepared.add("baseline", competitors.c_loop("scale", array.size, [array], one, piece=1 << 17))
    prepared.add("numpy", lambda: np.multiply(array, np.float32(1.0), out=array))
    torch = competitors.torch
    if torch is not None:
        tensor = in_torch(torch, array)
        prepared.add("torch", lambda: tensor.mul_(1.0))
    prepared.add_timed("mxnet", competitors.in_mxnet("scale"))
    return prepared


def _means() -> list[Case]:
    forms = [(count, dtype) for dtype in ("float32", "float64") for count in (2, 4, 8)]
    forms += [(count, dtype) for dtype in ("float16", "bfloat16") for count in (2, 4)]
    forms.append((4, "int32"))
    slow = {"float16": 20.0, "bfloat16": 10.0}  # in NumPy
    return [
        Case(
            f"mean of {count} x 64 MB {dtype}",
            functools.partial(mean, count=count, dtype=dtype),
            slow.get(dtype, 4.0),
        )
        for count, dtype in forms
    ]


CASES = [
    *_means(),
    Case("add_n of 4 x 64 MB float32", functools.partial(add_n, count=4)),
    Case("zero 64 MB", zero),
    Case("zero 2,000 x 1 kB", functools.partial(zero_many, count=2000, size=256, ready=False), 0.5),
    Case(
        "zero 2,000 x 1 kB, ready table",
        functools.partial(zero_many, count=2000, size=256, ready=True),
        0.5,
    ),
    Case("retain 95,000 of 1,000,000 x 64", retained),
    Case("gather 95,000 of 1,000,000 x 64", gathered),
    Case("scatter 95,000 of 1,000,000 x 64", scattered),
    Case("unique_ids of 95,000", unique_ids),
    Case("merge 4 x 50,000 rows of 64", merged),
    *(
        Case(
            f"cast 16 Mi {source} to {target}",
            functools.partial(converted, source=source, target=target),
        )
        for source, target in _C_LOOP_OF_CAST
    ),
    Case("copy 64 MB", copied),
    Case("uniform 64 MB", functools.partial(drawn, name="uniform", times=3)),
    Case("normal 64 MB", functools.partial(drawn, name="normal", times=2.5)),
    Case("sum_of_squares 64 MB", sum_of_squares),
    Case("scale 64 MB", scaled),
]
