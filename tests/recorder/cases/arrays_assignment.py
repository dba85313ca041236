"""Dense arrays: writing by index; broadcasting, converting, what is refused."""

from __future__ import annotations

import numpy as np
from harness import any_of, case, dense, gives, raises, refused, rows


def _matrix(mx):
    def setup():
        return {
            "mx": mx,
            "nd": mx.nd,
            "np": np,
            "a": mx.nd.array([[0, 1, 2], [10, 11, 12]]),
            "v": mx.nd.array([0, 1, 2, 3]),
            "i": mx.nd.array([1, 2, 3], dtype="int32"),
            "c": mx.nd.zeros((2, 2, 2)),
        }

    return setup


@case("2.1 setitem: scalars under every kind of key")
def scalars(mx):
    keys = (
        ":",
        "...",
        "0",
        "-1",
        "1, 2",
        "0:1",
        "::2",
        "::-1",
        ":, 1",
        ":, 1:",
        ":, ::2",
        "0, 1:",
        "1:2, 0:2",
        "[1]",
        "[0, 1], [1, 2]",
        ":, [0, 2]",
        "[1, 0], 1",
        "nd.array([1])",
        "np.array([0, 1])",
        "None",
        "..., 0",
        "()",
        "2",
        "0, 3",
        "-3",
        "0, 0, 0",
        "'x'",
        "1:1",
        "5:",
        "slice(None), 0",
    )
    return rows(_matrix(mx), *(f"a[{key}] = 7; a" for key in keys))


@case("2.1 setitem: values of every kind")
def values(mx):
    rights = (
        "3.5",
        "True",
        "np.float64(2.5)",
        "np.int32(2)",
        "[1, 2, 3]",
        "[[1, 2, 3], [4, 5, 6]]",
        "[[1], [2]]",
        "(1, 2, 3)",
        "np.array([1, 2, 3])",
        "np.array([[1], [2]])",
        "np.array([[1, 2, 3], [4, 5, 6]], dtype='float64')",
        "np.array([[1, 2, 3], [4, 5, 6]], dtype='int64')",
        "np.array([[True, False, True]] * 2)",
        "np.arange(6).reshape(3, 2).T",
        "np.array(5)",
        "np.array([5])",
        "nd.array([1, 2, 3])",
        "nd.array([[1], [2]])",
        "nd.array([[1, 2, 3], [4, 5, 6]])",
        "nd.array([[1, 2, 3], [4, 5, 6]], dtype='float64')",
        "nd.array([[1, 2, 3], [4, 5, 6]], dtype='int32')",
        "nd.array([[1, 2, 3], [4, 5, 6]], ctx=mx.cpu(1))",
        "nd.array([9])",
        "nd.array(9)",
        "a",
        "a[0]",
        "a + 1",
        "[1, 2]",
        "np.ones((3, 2))",
        "nd.ones((3, 2))",
        "nd.ones((1, 2, 3))",
        "np.ones((1, 2, 3))",
        "nd.ones((2, 2, 3))",
        "'x'",
        "object()",
        "{}",
        "range(3)",
    )
    return rows(_matrix(mx), *(f"a[:] = {right}; a" for right in rights))


@case("2.1 setitem: parts")
def parts(mx):
    return rows(
        _matrix(mx),
        "a[0] = [7, 8, 9]; a",
        "a[0] = nd.array([7, 8, 9]); a",
        "a[0] = np.array([7, 8, 9]); a",
        "a[0] = nd.array([[7, 8, 9]]); a",
        "a[0:1] = nd.array([7, 8, 9]); a",
        "a[:, 0] = [7, 8]; a",
        "a[:, 0] = nd.array([7, 8]); a",
        "a[:, 0:1] = [[7], [8]]; a",
        "a[:, 1:3] = 5; a",
        "a[:, 1:3] = nd.array([7, 8]); a",
        "a[:, ::2] = np.array([[7, 8], [9, 10]]); a",
        "a[::-1] = nd.array([[1, 1, 1], [2, 2, 2]]); a",
        "a[[1, 0]] = nd.array([[1, 1, 1], [2, 2, 2]]); a",
        "a[[0, 0]] = np.array([[1, 1, 1], [2, 2, 2]]); a",
        "a[[0, 1], [2, 1]] = nd.array([7, 8]); a",
        "a[[0, 1], [2, 1]] = [7, 8]; a",
        "a[nd.array([0, 1]), nd.array([2, 1])] = [7, 8]; a",
        "a[1, 1] = nd.array([5]); a",
        "a[1, 1] = np.array(5); a",
        "a[0] = [1, 2]; a",
        "a[0, 0:2] = [1, 2, 3]; a",
        "a[0] = a[1]; a",
        "a[1] = a[0] * 2; a",
        "a[0:1] = a[1:2]; a",
        "v[::2] = v[1::2]; v",
        "v[[3, 1]] = [30, 10]; v",
        "c[1] = [[1, 2], [3, 4]]; c",
        "c[:, 1] = nd.array([5, 6]); c",
        "c[0, :, 1] = [7, 8]; c",
        "c[..., 0] = 9; c",
        "c[:, [0, 1], 1] = 4; c",
        "a[:] = 0; a[0][1] = 5; a",
        "a[0][:] = 5; a",
        "a[0:2][1:2][:] = 5; a",
    )


@case("2.1 setitem: conversion to the array's dtype")
def conversion(mx):
    return rows(
        _matrix(mx),
        "i[:] = 1.7; i",
        "i[:] = -1.7; i",
        "i[0] = 2.9; i",
        "i[:] = [1.5, 2.5, -3.5]; i",
        "i[:] = np.array([1.5, 2.5, -3.5]); i",
        "i[:] = nd.array([1.5, 2.5, -3.5]); i",
        "i[0:2] = nd.array([1.5, 2.5]); i",
        "i[[0, 2]] = nd.array([1.5, 2.5]); i",
        "h = nd.zeros((2,), dtype='float16'); h[:] = [1e6, 0.1]; h",
        "h = nd.zeros((2,), dtype='float16'); h[:] = nd.array([1e6, 0.1]); h",
        "u = nd.zeros((2,), dtype='uint8'); u[:] = nd.array([3, 300], dtype='int32'); u",
        "b = nd.zeros((2,), dtype='bool'); b[:] = 1; b",
        "b = nd.zeros((2,), dtype='bool'); b[:] = [0, 1]; b",
        "d = nd.zeros((2,), dtype='float64'); d[:] = nd.array([0.1, 0.2]); d",
        "d = nd.zeros((2,), dtype='float64'); d[:] = 0.1; d",
        "v[:] = float('nan'); v",
        "v[:] = 1e300; v",
        "i[:] = True; i",
    )


@case("2.1 setitem never aliases")
def no_aliasing(mx):
    return rows(
        _matrix(mx),
        "b = nd.array([[1, 2, 3], [4, 5, 6]]); a[:] = b; b[:] = 0; a",
        "h = np.ones((2, 3), 'float32'); a[:] = h; h[:] = 0; a",
        "b = a; a[:] = 5; b",
        "b = a.copy(); a[:] = b; b[:] = 0; a",
    )


@case(
    "0.35 setitem: None",
    fix="None is no number; MXNet writes NaN",
    fixed={"a[:] = None; a": refused, "a[0] = None; a": refused, "v[1] = None; v": refused},
)
def none(mx):
    return rows(_matrix(mx), "a[:] = None; a", "a[0] = None; a", "v[1] = None; v")


@case(
    "0.3 setitem: scattering out of range",
    fix="ids out of range are refused; MXNet writes to foreign memory",
    fixed={"a[[5]] = 1; a": raises("IndexError"), "v[[4]] = 1; v": raises("IndexError")},
    crashes="writes out of the array's bounds",
)
def scattering_out_of_range(mx):
    return rows(_matrix(mx), "a[[5]] = 1; a", "v[[4]] = 1; v")


@case(
    "2.1 setitem: from an overlapping view",
    fix="the source is read before it is written; MXNet copies through itself",
    fixed={"v[1:] = v[:3]; v": gives(dense([0, 0, 1, 2]))},
)
def overlapping(mx):
    return rows(_matrix(mx), "v[1:] = v[:3]; v", "v[:3] = v[1:]; v", "a[0:2] = a[::-1]; a")


@case(
    "2.1 setitem: negative zero",
    fix="the sign may stay; MXNet loses it",
    fixed={"v[:] = -0.0; v": any_of(gives(dense([-0.0] * 4)), gives(dense([0.0] * 4)))},
)
def negative_zero(mx):
    return rows(_matrix(mx), "v[:] = -0.0; v", "v[:] = [0.0, -0.0, 0.0, -0.0]; v")
