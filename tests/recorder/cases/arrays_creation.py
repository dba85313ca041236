"""Factories of dense arrays."""

from __future__ import annotations

import numpy as np
from harness import case, outcome, raises, refused, rows


def _names(mx):
    def setup():
        return {"mx": mx, "nd": mx.nd, "np": np}

    return setup


@case(
    "2.1 factories: array",
    fix="None is no number; MXNet makes it NaN",
    fixed={"nd.array(None)": refused},
)
def array(mx):
    return rows(
        _names(mx),
        "nd.array([1, 2, 3])",
        "nd.array([[1, 2], [3, 4]])",
        "nd.array((1.5, 2.5))",
        "nd.array(3)",
        "nd.array(2.5)",
        "nd.array([])",
        "nd.array([True, False])",
        "nd.array(np.array([1, 2]))",
        "nd.array(np.array([1, 2], dtype=np.int64))",
        "nd.array(np.array([1.5, 2], dtype=np.float64))",
        "nd.array(np.array([1.5, 2], dtype=np.float16))",
        "nd.array(np.array([True, False]))",
        "nd.array(np.float64(1.5))",
        "nd.array(np.array([1, 2]), dtype=np.int64)",
        "nd.array([1, 2], dtype='int8')",
        "nd.array([1, 2], dtype=np.uint8)",
        "nd.array([1.7, -2.7], dtype='int32')",
        "nd.array([1, 0], dtype='bool')",
        "nd.array([1.5], dtype='float16')",
        "nd.array([1.5], dtype=np.dtype('float64'))",
        "nd.array(nd.array([1.5], dtype='float64'))",
        "nd.array(nd.array([1.5], dtype='float64'), dtype='float16')",
        "nd.array(nd.array([1, 2], dtype='int32'))",
        "nd.array([nd.array([1]), nd.array([2])])",
        "nd.array([1, 2], ctx=mx.cpu(1))",
        "nd.array(np.ones((2, 0)))",
        "nd.array('abc')",
        "nd.array(None)",
        "nd.array([1, 2], dtype='foo')",
        "nd.array([[1, 2], [3]])",
        "nd.array(np.arange(6).reshape(2, 3).T)",
        "nd.array(np.arange(6, dtype='>f4'))",
        "nd.array(range(3))",
        "nd.array([float('nan'), float('inf'), -0.0])",
        "a = nd.array([1, 2]); b = nd.array(a); b[:] = 9; a",
        "a = np.ones((2,), 'float32'); b = nd.array(a); a[:] = 9; b",
    )


@case("2.1 factories: zeros, ones, full, empty")
def filled(mx):
    return rows(
        _names(mx),
        "nd.zeros((2, 3))",
        "nd.zeros(3)",
        "nd.zeros([2])",
        "nd.zeros((2,), dtype='int32')",
        "nd.zeros((2,), mx.cpu(1))",
        "nd.zeros((2,), mx.cpu(1), 'float64')",
        "nd.zeros((2,), dtype=None)",
        "nd.zeros((2,), dtype='bool')",
        "nd.zeros(())",
        "nd.zeros((0,))",
        "nd.zeros((2, 0))",
        "nd.zeros((-1, 2))",
        "nd.zeros((2,), dtype='foo')",
        "nd.zeros(np.int64(2))",
        "nd.zeros((np.int64(2), 1))",
        "nd.ones((2, 3))",
        "nd.ones(3, dtype='uint8')",
        "nd.ones((2,), ctx=mx.cpu(2))",
        "nd.ones(())",
        "nd.ones((0,))",
        "nd.full((2,), 7)",
        "nd.full((2,), 7.9, dtype='int32')",
        "nd.full(2, 0.5)",
        "nd.full((2,), 1, ctx=mx.cpu(1))",
        "out = nd.zeros((2,)); nd.full((2,), 3, out=out); out",
        "nd.empty((2, 3)).shape",
        "nd.empty(3).shape",
        "nd.empty((2,), dtype='float16').dtype",
        "nd.empty((2,), mx.cpu(1)).context",
        "out = nd.ones((2,)); nd.zeros((2,), out=out); out",
        "out = nd.zeros((2,)); nd.ones((2,), out=out); out",
        "mx.nd.zeros(shape=(2,))",
        "mx.nd.ones(shape=(2,))",
    )


@case("2.1 factories: every dtype")
def every_dtype(mx):
    names = "float16 float32 float64 uint8 int8 int32 int64 bool"
    return {name: outcome(lambda name=name: mx.nd.ones((2,), dtype=name)) for name in names.split()}


@case(
    "2.1 factories: dtypes", fix="refused", fixed={"complex64": refused, "foo": raises("TypeError")}
)
def unknown_dtypes(mx):
    return {
        name: outcome(lambda name=name: mx.nd.ones((2,), dtype=name))
        for name in ("complex64", "foo")
    }


@case(
    "2.1 factories: dtypes that MXNet's Python lacks",
    fix="the file format has them, and so have the kernels",
    fixed={
        "bfloat16": lambda row: row["value"]["dtype"] == "bfloat16",
        "uint16": lambda row: "value" in row or refused(row),
        "uint32": lambda row: "value" in row or refused(row),
        "uint64": lambda row: "value" in row or refused(row),
        "int16": lambda row: "value" in row or refused(row),
    },
)
def dtypes_of_the_format(mx):
    names = ("uint16", "uint32", "uint64", "int16", "bfloat16")
    return {name: outcome(lambda name=name: mx.nd.array([1, 2], dtype=name)) for name in names}


@case("2.1 factories: arange, linspace, eye")
def sequences(mx):
    return rows(
        _names(mx),
        "nd.arange(4)",
        "nd.arange(1, 4)",
        "nd.arange(1, 8, 3)",
        "nd.arange(4, 0, -1)",
        "nd.arange(0, 1, 0.25)",
        "nd.arange(3, repeat=2)",
        "nd.arange(3, dtype='int32')",
        "nd.arange(3, ctx=mx.cpu(1))",
        "nd.arange(2.5)",
        "nd.arange(3, 3)",
        "nd.arange(0)",
        "nd.linspace(0, 1, 5)",
        "nd.linspace(0, 1, 4, endpoint=False)",
        "nd.linspace(2, 2, 1)",
        "nd.linspace(0, 4, 3, dtype='int32')",
        "nd.eye(2)",
        "nd.eye(2, 3)",
        "nd.eye(3, 3, 1)",
        "nd.eye(3, 3, -1)",
        "nd.eye(2, dtype='int32')",
        "nd.eye(2, ctx=mx.cpu(1))",
        "nd.arange(4, stop=None)",
        "nd.arange(0, 10, 0)",
    )


@case("2.1 factories: zeros_like, ones_like, full_like")
def like(mx):
    def setup():
        return {
            "nd": mx.nd,
            "mx": mx,
            "a": mx.nd.array([[1, 2]], dtype="int32", ctx=mx.cpu(1)),
            "f": mx.nd.array([1.5, 2.5]),
        }

    return rows(
        setup,
        "nd.zeros_like(a)",
        "nd.ones_like(a)",
        "a.zeros_like()",
        "a.ones_like()",
        "out = nd.ones((2,)); r = nd.zeros_like(f, out=out); (r is out, out)",
        "r = nd.zeros_like(f, out=f); (r is f, f)",
        "r = nd.ones_like(f, out=f); (r is f, f)",
        "out = nd.ones((3,)); nd.zeros_like(f, out=out); out",
        "nd.zeros_like([1, 2])",
        "nd.zeros_like(data=f)",
    )


@case(
    "5 from_numpy",
    fix="uint16 is one of the dtypes that files can hold",
    fixed={
        "nd.from_numpy(np.array([1, 2], dtype='uint16'))": (
            lambda row: row["value"]["dtype"] == "uint16"
        )
    },
    cpu_only="shares host memory",
)
def from_numpy(mx):
    def setup():
        return {"nd": mx.nd, "np": np, "h": np.array([[1.5, 2], [3, 4]], dtype="float32")}

    return rows(
        setup,
        "nd.from_numpy(h)",
        "a = nd.from_numpy(h); h.flags.writeable",
        "a = nd.from_numpy(h); a[0, 0] = 9; h",
        "a = nd.from_numpy(h, zero_copy=False); (a, h.flags.writeable)",
        "nd.from_numpy(h.T)",
        "nd.from_numpy(h.T, zero_copy=False)",
        "nd.from_numpy(h[:, 0])",
        "nd.from_numpy(np.array([1, 2]))",
        "nd.from_numpy(np.array([1, 2], dtype='int32'))",
        "nd.from_numpy(np.array([True]))",
        "nd.from_numpy(np.array([1, 2], dtype='uint16'))",
        "nd.from_numpy([1, 2])",
    )


@case("2.1 DLPack", cpu_only="shares host memory")
def dlpack(mx):
    def setup():
        return {"nd": mx.nd, "a": mx.nd.array([[1, 2], [3, 4]])}

    return rows(
        setup,
        "nd.from_dlpack(nd.to_dlpack_for_read(a))",
        "b = nd.from_dlpack(nd.to_dlpack_for_write(a)); b[0, 0] = 9; a",
        "b = nd.from_dlpack(a.to_dlpack_for_read()); b",
        "b = nd.from_dlpack(a.to_dlpack_for_write()); b[:] = 0; a",
    )
