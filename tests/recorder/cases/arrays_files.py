"""Saving and loading: what is accepted, what comes back, and the bytes of small files."""

from __future__ import annotations

import io
import struct
import tempfile
from pathlib import Path

import numpy as np
from harness import any_of, case, gives, outcome, raises

BFLOAT16 = np.dtype([("bfloat16", np.uint16)])


def _round_trip(mx, value):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "x.params")
        mx.nd.save(path, value)
        return mx.nd.load(path)


def _bytes(mx, value):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.params"
        mx.nd.save(str(path), value)
        return path.read_bytes()


@case("4 save and load: forms")
def forms(mx):
    a, b = mx.nd.array([1, 2]), mx.nd.array([[3]], dtype="int32")
    return {
        "one array": outcome(lambda: _round_trip(mx, a)),
        "list": outcome(lambda: _round_trip(mx, [a, b])),
        "dict": outcome(lambda: _round_trip(mx, {"b": b, "a": a})),
        "empty list": outcome(lambda: _round_trip(mx, [])),
        "empty dict": outcome(lambda: _round_trip(mx, {})),
        "list of one": outcome(lambda: _round_trip(mx, [a])),
        "names in UTF-8": outcome(lambda: _round_trip(mx, {"größe": a, "重み": b})),
        "empty name": outcome(lambda: _round_trip(mx, {"": a})),
        "names with prefixes": outcome(lambda: list(_round_trip(mx, {"arg:w": a, "aux:m": b}))),
        "the same array twice": outcome(lambda: _round_trip(mx, [a, a])),
        "a view": outcome(lambda: _round_trip(mx, mx.nd.array([[1, 2], [3, 4]])[1])),
        "strided": outcome(lambda: _round_trip(mx, mx.nd.array([[1, 2], [3, 4]]).T)),
        "save returns": outcome(lambda: _save_returns(mx, a)),
    }


def _save_returns(mx, value):
    with tempfile.TemporaryDirectory() as folder:
        return mx.nd.save(str(Path(folder) / "x"), value)


@case("4 save and load: dtypes")
def dtypes(mx):
    names = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool")
    result = {}
    for name in names:
        array = mx.nd.array([0, 1, 3], dtype=name)
        result[name] = outcome(lambda array=array: _round_trip(mx, array))
        result[f"{name} bytes"] = outcome(lambda array=array: _bytes(mx, array))
    half = mx.nd.array([1, 1.5, -2]).astype(BFLOAT16)
    result["bfloat16"] = outcome(lambda: _round_trip(mx, half))
    result["bfloat16 bytes"] = outcome(lambda: _bytes(mx, half))
    return result


@case("4 save and load: shapes and storage types")
def shapes(mx):
    zeros, sparse = mx.nd.zeros, mx.nd.sparse
    dense = mx.nd.array([[1, 2], [0, 0], [0, 3]])
    arrays = {
        "vector": mx.nd.array([1]),
        "four dimensions": mx.nd.ones((1, 2, 1, 2)),
        "no rows": mx.nd.array(np.zeros((0, 3))),
        "row_sparse": dense.tostype("row_sparse"),
        "row_sparse empty": zeros((3, 2), stype="row_sparse"),
        "row_sparse explicit zeros": sparse.row_sparse_array(([[0, 0]], [1]), shape=(3, 2)),
        "row_sparse float64": dense.astype("float64").tostype("row_sparse"),
        "row_sparse vector": mx.nd.array([0, 5]).tostype("row_sparse"),
        "csr": dense.tostype("csr"),
        "csr empty": zeros((3, 2), stype="csr"),
        "csr int32": dense.astype("int32").tostype("csr"),
    }
    result = {}
    for name, array in arrays.items():
        result[name] = outcome(lambda array=array: _round_trip(mx, array))
        result[f"{name} bytes"] = outcome(lambda array=array: _bytes(mx, {"w": array}))
    mixed = {"d": dense, "r": arrays["row_sparse"], "c": arrays["csr"]}
    result["mixed"] = outcome(lambda: _round_trip(mx, mixed))
    return result


@case("4 save: the context is recorded, load gives cpu(0)")
def contexts(mx):
    contexts = {
        "cpu(3)": mx.cpu(3),
        "cpu_pinned(1)": mx.cpu_pinned(1),
        "cpu_shared(2)": mx.Context("cpu_shared", 2),
    }
    result = {}
    for name, context in contexts.items():
        array = mx.nd.ones((1,), ctx=context)
        result[f"{name} bytes"] = outcome(lambda array=array: _bytes(mx, array))
        result[f"{name} loaded"] = outcome(lambda array=array: _round_trip(mx, array)[0].context)

    def under_another_default():
        with mx.cpu(2):
            return _round_trip(mx, mx.nd.ones((1,), ctx=mx.cpu(1)))[0].context

    result["under another default"] = outcome(under_another_default)
    result["a gpu's array"] = outcome(lambda: mx.nd.load_frombuffer(_file(_record(device=2)))[0])
    return result


@case(
    "4 save: bad arguments",
    fix="path objects are paths; a tuple may be a list",
    fixed={
        "pathlib": gives(None),
        "tuple": any_of(raises("ValueError"), gives(None)),
    },
)
def bad_arguments(mx):
    a = mx.nd.array([1])

    def save(value, name="x"):
        with tempfile.TemporaryDirectory() as folder:
            mx.nd.save(str(Path(folder) / name), value)

    def save_to_path_object():
        with tempfile.TemporaryDirectory() as folder:
            mx.nd.save(Path(folder) / "x", a)

    return {
        "pathlib": outcome(save_to_path_object),
        "tuple": outcome(lambda: save((a, a))),
        "numpy array": outcome(lambda: save(np.ones((2,)))),
        "list of numpy arrays": outcome(lambda: save([np.ones((2,))])),
        "dict of numpy arrays": outcome(lambda: save({"a": np.ones((2,))})),
        "int keys": outcome(lambda: save({1: a})),
        "mixed keys": outcome(lambda: save({"a": a, 1: a})),
        "mixed values": outcome(lambda: save([a, 3])),
        "mx.np array": outcome(lambda: save(mx.np.ones((2,)))),
        "list of mx.np arrays": outcome(lambda: save([mx.np.ones((2,))])),
        "None": outcome(lambda: save(None)),
        "a number": outcome(lambda: save(3)),
        "a missing folder": outcome(lambda: save(a, "missing/x")),
    }


@case(
    "4 load: bad arguments",
    fix="path objects are paths; a missing file is a FileNotFoundError as well",
    fixed={"pathlib": lambda row: "FileNotFoundError" in row.get("raises", ())},
)
def bad_loads(mx):
    return {
        "missing": outcome(lambda: mx.nd.load("/nonexistent/x.params")),
        "pathlib": outcome(lambda: mx.nd.load(Path("/nonexistent/x.params"))),
        "a number": outcome(lambda: mx.nd.load(3)),
        "load_frombuffer of text": outcome(lambda: mx.nd.load_frombuffer("text")),
        "load_frombuffer of None": outcome(lambda: mx.nd.load_frombuffer(None)),
        "load_frombuffer of nothing": outcome(lambda: mx.nd.load_frombuffer(b"")),
    }


def _file(*records, names=(), header=0x112, reserved=0, count=None, name_count=None):
    count = len(records) if count is None else count
    name_count = len(names) if name_count is None else name_count
    data = struct.pack("<QQQ", header, reserved, count) + b"".join(records)
    data += struct.pack("<Q", name_count)
    return data + b"".join(struct.pack("<Q", len(name)) + name for name in names)


def _record(
    magic=0xF993FAC9,
    stype=0,
    shape=(2,),
    device=1,
    device_id=0,
    dtype=0,
    data=(1.0, 2.0),
    ndim=None,
):
    ndim = len(shape) if ndim is None else ndim
    record = struct.pack("<I", magic)
    if magic != 0xF993FAC8:
        record += struct.pack("<i", stype)
    record += struct.pack(f"<i{len(shape)}q", ndim, *shape)
    return (
        record
        + struct.pack("<iii", device, device_id, dtype)
        + struct.pack(f"<{len(data)}f", *data)
    )


def _v0_record(shape=(2,), data=(1.0, 2.0)):
    record = struct.pack(f"<I{len(shape)}I", len(shape), *shape)
    return record + struct.pack("<iii", 1, 0, 0) + struct.pack(f"<{len(data)}f", *data)


@case(
    "4 load: hand-made files",
    fix="any bytes-like object may be a buffer",
    fixed={"bytearray": lambda row: "value" in row or "TypeError" in row["raises"]},
)
def hand_made(mx):
    def load(data):
        return mx.nd.load_frombuffer(data)

    two = (_record(), _record(data=(3.0, 4.0)))
    return {
        "V2": outcome(lambda: load(_file(_record()))),
        "V1": outcome(lambda: load(_file(_record(magic=0xF993FAC8)))),
        "V0": outcome(lambda: load(_file(_v0_record()))),
        "V0 matrix": outcome(lambda: load(_file(_v0_record((1, 2))))),
        "named": outcome(lambda: load(_file(*two, names=(b"a", b"b")))),
        "names twice": outcome(lambda: load(_file(*two, names=(b"a", b"a")))),
        "reserved word set": outcome(lambda: load(_file(_record(), reserved=7))),
        "trailing garbage": outcome(lambda: load(_file(_record()) + b"garbage")),
        "no arrays": outcome(lambda: load(_file())),
        "zero-size": outcome(lambda: load(_file(_record(shape=(0, 3), data=())))),
        "another device id": outcome(lambda: load(_file(_record(device_id=5)))),
        "bytearray": outcome(lambda: load(bytearray(_file(_record())))),
    }


def _npz():
    packed = io.BytesIO()
    np.savez(packed, w=np.ones(2))
    return packed.getvalue()


def _refuses(load, data):
    return "MXNetError" in outcome(lambda: load(data)).get("raises", ())


@case(
    "4 load: damaged files",
    fix="every kind of damage is an error that says what and where",
    fixed={"bad UTF-8": any_of(raises("MXNetError"), raises("ValueError"))},
)
def damaged(mx):
    def load(data):
        return mx.nd.load_frombuffer(data)

    good = _file(_record(), names=(b"w",))
    return {
        "bad header": outcome(lambda: load(_file(_record(), header=0x113))),
        "a name too few": outcome(lambda: load(_file(_record(), _record(), names=(b"a",)))),
        "a name too many": outcome(lambda: load(_file(_record(), names=(b"a", b"b")))),
        "cut in the header": outcome(lambda: load(good[:10])),
        "cut in the count": outcome(lambda: load(good[:20])),
        "cut in the magic": outcome(lambda: load(good[:26])),
        "cut in the shape": outcome(lambda: load(good[:40])),
        "cut in the data": outcome(lambda: load(good[:62])),
        "cut before the names": outcome(lambda: load(good[:-20])),
        "cut in the name": outcome(lambda: load(good[:-1])),
        "text": outcome(lambda: load(b"<!DOCTYPE html><html><body>Not found</body></html>")),
        "a zip": outcome(lambda: load(b"PK\x03\x04" + bytes(60))),
        "an npz": outcome(lambda: load(_npz())),
        "an npy": outcome(lambda: load(b"\x93NUMPY\x01\x00" + bytes(60))),
        "a Git LFS pointer": outcome(
            lambda: load(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
        ),
        "cut anywhere": outcome(lambda: [_refuses(load, good[:end]) for end in range(len(good))]),
        "bad UTF-8": outcome(lambda: load(_file(_record(), names=(b"\xff\xfe",)))),
    }


@case(
    "4 load: impossible records",
    fix="refused before anything is allocated",
    fixed={
        name: raises("MXNetError")
        for name in (
            "unknown dtype",
            "negative dimension",
            "huge dimension",
            "unknown stype",
            "huge ndim",
            "huge count",
        )
    },
    crashes="unknown dtypes abort; impossible shapes allocate what they say",
)
def impossible(mx):
    def load(data):
        return mx.nd.load_frombuffer(data)

    return {
        "unknown dtype": outcome(lambda: load(_file(_record(dtype=99)))),
        "negative dimension": outcome(lambda: load(_file(_record(shape=(-2,))))),
        "huge dimension": outcome(lambda: load(_file(_record(shape=(2**62,))))),
        "unknown stype": outcome(lambda: load(_file(_record(stype=9)))),
        "huge ndim": outcome(lambda: load(_file(_record(ndim=2**30)))),
        "huge count": outcome(lambda: load(_file(_record(), count=2**60))),
    }
