"""Rows for arrays: making, copying, casting, sparse sums, and files of 100 MB in memory."""

from __future__ import annotations

import functools
import pathlib
import tempfile
from collections.abc import Callable

import numpy as np

import numparam as mx
from comparison.bench import Bench
from comparison.case import MEBI, Case, Row, within_limit

SIZE = 16 * MEBI  # elements of float32: 64 MB
FILE_ARRAYS, FILE_NBYTES = 25, 100_000_000

_folders: list[tempfile.TemporaryDirectory] = []


def folder() -> pathlib.Path:
    """A folder whose files are in memory, where the machine has one; gone with the interpreter."""
    shared = pathlib.Path("/dev/shm")
    _folders.append(tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None))
    return pathlib.Path(_folders[-1].name)


def _fresh(bench: Bench, source: np.ndarray, loop: str, dtype: str) -> Callable[[], object] | None:
    """The limit of an operation that allocates its result."""
    if bench.limits.compiler is None:
        return lambda: source.astype(dtype)
    size = source.nbytes if loop == "copy" else source.size

    def call() -> None:
        out = np.empty(source.size, dtype)
        run = bench.limits.loop(loop, size, [source, out])
        if run is not None:
            run()

    return call


def zeros(bench: Bench) -> Case:
    case = Case(4 * SIZE)
    case.add("numparam", lambda: mx.nd.zeros(SIZE))
    case.add("numpy", lambda: np.zeros(SIZE, np.float32))
    if bench.torch is not None:
        case.add("torch", lambda: bench.torch.zeros(SIZE))
    case.add_timed("mxnet", bench.in_mxnet("zeros"))
    return case


def from_numpy_copy(bench: Bench) -> Case:
    host = np.ones(SIZE, np.float32)
    case = Case(2 * host.nbytes)
    case.add("numparam", lambda: mx.nd.array(host, dtype="float32"))
    case.add("limit", _fresh(bench, host, "copy", "float32"))
    case.add("numpy", host.copy)
    if bench.torch is not None:
        case.add("torch", lambda: bench.torch.tensor(host))
    case.add_timed("mxnet", bench.in_mxnet("from_numpy_copy"))
    return case


def new_copy(bench: Bench) -> Case:
    array, host = mx.nd.ones(SIZE), np.ones(SIZE, np.float32)
    case = Case(2 * host.nbytes)
    case.add("numparam", array.copy)
    case.add("limit", _fresh(bench, host, "copy", "float32"))
    case.add("numpy", host.copy)
    if bench.torch is not None:
        case.add("torch", bench.torch.from_numpy(host).clone)
    case.add_timed("mxnet", bench.in_mxnet("new_copy"))
    return case


def copyto(bench: Bench) -> Case:
    array, out = mx.nd.ones(SIZE), mx.nd.ones(SIZE)
    host, target = np.ones(SIZE, np.float32), np.ones(SIZE, np.float32)
    case = Case(2 * host.nbytes)
    case.add("numparam", lambda: array.copyto(out))
    copy = functools.partial(np.copyto, target, host)
    case.add("limit", bench.limits.loop("copy", host.nbytes, [host, target], otherwise=copy))
    case.add("numpy", copy)
    if bench.torch is not None:
        left, right = bench.torch.from_numpy(host), bench.torch.from_numpy(target)
        case.add("torch", lambda: right.copy_(left))
    case.add_timed("mxnet", bench.in_mxnet("cast", source="float32", target="float32"))
    return case


def new_cast(bench: Bench) -> Case:
    array, host = mx.nd.ones(SIZE), np.ones(SIZE, np.float32)
    case = Case(3 * host.nbytes)
    case.add("numparam", lambda: array.astype("float64"))
    case.add("limit", _fresh(bench, host, "cast_float32_float64", "float64"))
    case.add("numpy", lambda: host.astype("float64"))
    if bench.torch is not None:
        tensor = bench.torch.from_numpy(host)
        case.add("torch", tensor.double)
    case.add_timed("mxnet", bench.in_mxnet("new_cast", target="float64"))
    return case


def sparse_sum(bench: Bench, count: int = 4, rows: int = 1_000_000, held: int = 50_000) -> Case:
    generator = np.random.default_rng(0)
    many = [
        mx.nd.sparse.row_sparse_array(
            (np.ones((held, 64), np.float32), np.sort(generator.choice(rows, held, replace=False))),
            shape=(rows, 64),
        )
        for _ in range(count)
    ]
    case = Case(2 * count * held * 64 * 4)
    case.add("numparam", lambda: mx.nd.sparse.add_n(*many))
    arguments = {"count": count, "rows": rows, "columns": 64, "held": held}
    case.add_timed("mxnet", bench.in_mxnet("merge", **arguments))
    return case


def _arrays() -> dict[str, mx.nd.NDArray]:
    size = FILE_NBYTES // 4 // FILE_ARRAYS
    return {f"array{i}": mx.nd.full(size, i) for i in range(FILE_ARRAYS)}


def save(bench: Bench) -> Case:
    place, arrays, content = folder(), _arrays(), bytes(FILE_NBYTES)
    case = Case(FILE_NBYTES, (within_limit(1.3),))
    case.add("numparam", lambda: mx.nd.save(place / "own.params", arrays))
    case.add("limit", lambda: (place / "plain").write_bytes(content))
    hosts = {name: array.asnumpy() for name, array in arrays.items()}
    case.add("numpy", lambda: np.savez(place / "arrays.npz", **hosts))
    if bench.torch is not None:
        torch = bench.torch
        tensors = {name: torch.from_numpy(host) for name, host in hosts.items()}
        case.add("torch", lambda: torch.save(tensors, place / "tensors.pt"))
    arguments = {"path": str(place / "mxnet.params"), "count": FILE_ARRAYS}
    nbytes = FILE_NBYTES // FILE_ARRAYS
    case.add_timed("mxnet", bench.in_mxnet("save", **arguments, nbytes=nbytes))
    return case


def load(bench: Bench) -> Case:
    place = folder()
    path = place / "own.params"
    arrays = _arrays()
    mx.nd.save(path, arrays)
    hosts = {name: array.asnumpy() for name, array in arrays.items()}
    case = Case(FILE_NBYTES, (within_limit(1.3),))
    case.add("numparam", lambda: mx.nd.load(path))
    case.add("limit", path.read_bytes)
    np.savez(place / "arrays.npz", **hosts)

    def numpy_load() -> None:
        with np.load(place / "arrays.npz") as file:
            for name in file.files:
                file[name]

    case.add("numpy", numpy_load)
    if bench.torch is not None:
        torch = bench.torch
        tensors = {name: torch.from_numpy(host) for name, host in hosts.items()}
        torch.save(tensors, place / "tensors.pt")
        case.add("torch", lambda: torch.load(place / "tensors.pt"))
    case.add_timed("mxnet", bench.in_mxnet("load", path=str(path)))
    return case


ROWS = [
    Row("nd.zeros of 64 MB", zeros),
    Row("nd.array of 64 MB from NumPy", from_numpy_copy),
    Row("NDArray.copy of 64 MB", new_copy),
    Row("NDArray.copyto of 64 MB", copyto),
    Row("NDArray.astype of 64 MB to float64", new_cast),
    Row("nd.sparse.add_n of 4 x 50,000 rows of 64", sparse_sum),
    Row("nd.save of 100 MB", save),
    Row("nd.load of 100 MB", load),
]
