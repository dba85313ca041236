"""Record the ``.params`` files that MXNet 1.9.1 writes, and what it says to files made by hand.

Writes ``tests/recorded/params_files.json``, which ``tests/numparam/formats`` compares with; the
cases below are the tests' cases too. MXNet needs an environment of its own (see ``record.py``)::

    mxnet-1.9.1/bin/python tests/recorder/record_params_files.py

Every handmade file is read in a process of its own, since MXNet may crash on some.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

VERSIONS = {"mxnet": "1.9.1", "numpy": "1.23.5"}
TARGET = Path(__file__).resolve().parents[1] / "recorded" / "params_files.json"

BFLOAT16 = "bfloat16"
#: The dtypes that MXNet's Python side makes.
DTYPES = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool", BFLOAT16)


def dense(values, dtype="float32", context=("cpu", 0)):
    return {"storage": "default", "values": values, "dtype": dtype, "context": context}


def row_sparse(shape, data, indices, dtype="float32"):
    return {
        "storage": "row_sparse",
        "shape": shape,
        "values": data,
        "indices": indices,
        "dtype": dtype,
        "context": ("cpu", 0),
    }


def csr(shape, data, indptr, indices, dtype="float32"):
    return row_sparse(shape, data, indices, dtype) | {"storage": "csr", "indptr": indptr}


def file(names, *arrays, np_shape=False):
    return {"names": names, "arrays": arrays, "np_shape": np_shape}


def written_cases():
    """Every file to be written, by name: names (None is a list), arrays, np_shape."""
    one = dense([1.0])
    cases = {
        "empty list": file(None),
        "empty dict": file([]),
        "single array": file(None, dense([[1.5, -2.0], [0.0, 3.25]])),
        "list": file(None, one, dense([2.0, 3.0])),
        "dict": file(["w", "b"], dense([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), dense([0.5])),
        "special values": file(None, dense([np.nan, np.inf, -np.inf, -0.0, 1e-45])),
        "unicode names": file(["вес", "重み", "𝄞:δ", "naïve"], one, one, one, one),
        "empty name": file([""], one),
        "prefixed names": file(["arg:x", "aux:y"], one, one),
        "repeated names": file(["a", "a"], one, dense([2.0])),
        "zero size": file(["z"], dense(np.zeros((0, 3)))),
        "zero size at the end": file(["z"], dense(np.zeros((3, 0)))),
        "five dimensions": file(["x"], dense(np.arange(6.0).reshape(1, 2, 1, 3, 1))),
        "context cpu(3)": file(["x"], dense([1.0], context=("cpu", 3))),
        "context cpu_pinned(0)": file(["x"], dense([1.0], context=("cpu_pinned", 0))),
        "context cpu_shared(0)": file(["x"], dense([1.0], context=("cpu_shared", 0))),
        "row_sparse": file(["r"], row_sparse((5, 2), [[1.0, 2.0], [3.0, 4.0]], [1, 3])),
        "row_sparse float64": file(["r"], row_sparse((4, 1), [[1.0]], [3], "float64")),
        "row_sparse float16": file(["r"], row_sparse((4, 1), [[1.0]], [3], "float16")),
        "row_sparse three dimensions": file(None, row_sparse((3, 1, 2), [[[1.0, 2.0]]], [2])),
        "row_sparse one dimension": file(None, row_sparse((3,), np.zeros((0,)), [])),
        "row_sparse with zero rows": file(None, row_sparse((3, 2), np.zeros((2, 2)), [0, 1])),
        "row_sparse empty": file(["r"], row_sparse((4, 3), np.zeros((0, 3)), [])),
        "csr": file(["c"], csr((4, 3), [1.0, 2.0, 3.0], [0, 1, 2, 2, 3], [1, 0, 2])),
        "csr int64": file(["c"], csr((2, 2), [7], [0, 0, 1], [1], "int64")),
        "csr empty": file(["c"], csr((4, 3), [], [0, 0, 0, 0, 0], [])),
        "csr unsorted columns": file(["c"], csr((1, 3), [1.0, 2.0], [0, 2], [2, 0])),
        "mixed storage": file(
            ["d", "r", "c"],
            dense([[1.0]]),
            row_sparse((2, 2), [[1.0, 1.0]], [0]),
            csr((1, 2), [1.0], [0, 1], [1]),
        ),
        "np_shape scalar": file(["a"], dense(5.0), np_shape=True),
        "np_shape zero size": file(["a", "b"], dense(np.zeros((0, 2))), one, np_shape=True),
        "np_shape empty": file(None, np_shape=True),
    }
    for dtype in DTYPES:
        values = [0, 1, 1] if dtype == "bool" else [0, 1, 100]
        cases[f"dtype {dtype}"] = file(["x"], dense(values, dtype))
    return cases


def patched(contents, offset, replacement):
    return contents[:offset] + replacement + contents[offset + len(replacement) :]


def read_cases(written):
    """Files made by hand out of recorded ones, by name."""
    single, named = written["single array"], written["dict"]
    start = bytes.fromhex("120100000000000000000000000000000100000000000000")
    values = bytes.fromhex("0000803f000000400000404000008040")
    name = bytes.fromhex("0100000000000000010000000000000061")
    context = bytes.fromhex("010000000000000000000000")
    v0 = bytes.fromhex("020000000200000002000000") + context + values
    v1 = bytes.fromhex("c8fa93f90200000002000000000000000200000000000000") + context + values
    sparse = written["row_sparse"]
    ids = sparse.index((1).to_bytes(8, "little") + (3).to_bytes(8, "little"))
    return {
        "V0": start + v0 + name,
        "V1": start + v1 + name,
        "V0, V1 list": patched(start, 16, b"\2") + v0 + v1 + bytes(8),
        "reserved word set": patched(single, 8, b"\xff" * 8),
        "bytes after the end": named + b"trailing bytes",
        "other magic": patched(single, 0, b"\x13"),
        "one name too few": patched(named, len(named) - 26, b"\1"),
        "one name too many": patched(named, len(named) - 26, b"\3"),
        "too many arrays": patched(single, 16, b"\2"),
        "too few arrays": patched(named, 16, b"\1"),
        "unknown storage type": patched(single, 28, b"\7"),
        "no array in it": start + bytes.fromhex("c9fa93f90000000000000000") + name,
        "nothing": b"",
        "cut in the file header": single[:20],
        "cut in a record header": single[:40],
        "cut in the values": single[:-12],
        "cut before the names": named[:-26],
        "cut in a name": named[:-1],
        "dtype int16": patched(single, 60, b"\x08"),
        "dtype unknown": patched(single, 60, b"\x63"),
        "device unknown": patched(single, 52, b"\x63"),
        "row ids descending": patched(sparse, ids, b"\3\0\0\0\0\0\0\0\1"),
        "row ids repeated": patched(sparse, ids, b"\3"),
        "V3 dense without np_shape": written["np_shape zero size"],
    }


def numpy_values(spec):
    """The values of a spec as an array; bfloat16 as float32."""
    dtype = "float32" if spec["dtype"] == BFLOAT16 else spec["dtype"]
    return np.asarray(spec["values"], dtype=dtype)


def build(mx, spec):
    """Make the MXNet array that a spec describes."""
    values, context = numpy_values(spec), mx.Context(*spec["context"])
    if spec["storage"] == "row_sparse":
        parts = values, np.asarray(spec["indices"], np.int64)
        make = mx.nd.sparse.row_sparse_array
    elif spec["storage"] == "csr":
        parts = values, np.asarray(spec["indices"], np.int64), np.asarray(spec["indptr"], np.int64)
        make = mx.nd.sparse.csr_matrix
    elif spec["dtype"] == BFLOAT16:
        return mx.nd.array(values, context).astype(np.dtype([("bfloat16", np.uint16)]))
    else:
        return mx.nd.array(values, context, dtype=spec["dtype"])
    if not values.size:
        return mx.nd.zeros(spec["shape"], context, spec["dtype"], stype=spec["storage"])
    return make(parts, shape=spec["shape"], ctx=context, dtype=spec["dtype"])


def save(mx, path, case):
    """Save a case with MXNet's C function: `nd.save` takes no repeated names."""
    from mxnet.base import _LIB, c_handle_array, c_str_array, check_call

    with mx.util.np_shape(case["np_shape"]):
        arrays = [build(mx, spec) for spec in case["arrays"]]
        mx.nd.waitall()
        keys = None if case["names"] is None else c_str_array(case["names"])
        check_call(
            _LIB.MXNDArraySave(
                str(path).encode(), ctypes.c_uint(len(arrays)), c_handle_array(arrays), keys
            )
        )
        if case["names"] is None or len(set(case["names"])) == len(case["names"]):
            contents = path.read_bytes()
            named = (
                arrays if case["names"] is None else dict(zip(case["names"], arrays, strict=True))
            )
            mx.nd.save(str(path), named)
            if path.read_bytes() != contents:
                raise RuntimeError("nd.save writes other bytes than its C function")


def outcome_of_reading(path):
    """What MXNet reads; in a process of its own."""
    import mxnet as mx

    try:
        loaded = mx.nd.load(path)
    except mx.MXNetError:
        return "MXNetError"
    pairs = loaded.items() if isinstance(loaded, dict) else [(None, array) for array in loaded]
    arrays = []
    for name, array in pairs:
        entry = {"name": name, "shape": array.shape, "dtype": np.dtype(array.dtype).name}
        entry["storage"] = array.stype
        if array.stype == "default":
            entry["values"] = array.asnumpy().tobytes().hex()
        arrays.append(entry)
    return arrays


def main():
    import mxnet as mx

    versions = {"mxnet": mx.__version__, "numpy": np.__version__}
    if versions != VERSIONS:
        raise SystemExit(f"files are recorded with {VERSIONS}, here is {versions}")
    if sys.argv[1:2] == ["--read"]:
        print(json.dumps(outcome_of_reading(sys.argv[2])))
        return
    path = Path(tempfile.mkdtemp(), "recorded.params")
    written, pickled, read = {}, {}, {}
    for name, case in written_cases().items():
        save(mx, path, case)
        written[name] = path.read_bytes()
        if len(case["arrays"]) == 1 and case["names"] is None:
            state = build(mx, case["arrays"][0]).__getstate__()
            pickled[name] = bytes(state["handle"])
    for name, contents in read_cases(written).items():
        path.write_bytes(contents)
        reader = subprocess.run(
            [sys.executable, __file__, "--read", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        ended_well = reader.returncode == 0
        read[name] = json.loads(reader.stdout) if ended_well else f"exit {reader.returncode}"
    recorded = {
        "recorder": "tests/recorder/record_params_files.py",
        "recorder_sha256": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "versions": VERSIONS,
        "written": {name: contents.hex() for name, contents in written.items()},
        "pickled": {name: contents.hex() for name, contents in pickled.items()},
        "read": read,
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(written)} written, {len(pickled)} pickled, {len(read)} read")


if __name__ == "__main__":
    main()
