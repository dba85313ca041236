"""Dense arrays: reading by index; what is a view and what is a copy."""

from __future__ import annotations

import numpy as np
from harness import case, dense, gives, refused, rows

KEYS = (
    "0",
    "-1",
    "1, 2",
    "-1, -1",
    ":",
    "...",
    "0:1",
    "1:",
    ":-1",
    "0:2",
    "::2",
    "::-1",
    "1::-1",
    "-5:1",
    ":, 0",
    ":, 1:3",
    ":, :",
    ":, ::2",
    ":, ::-1",
    "0, 1:3",
    "0, :",
    "0:1, :",
    "0:1, 1",
    "0, ...",
    "..., 0",
    "..., 1:",
    "0, ..., 1",
    "None",
    "None, 0",
    "0, None",
    ":, None",
    ":, None, 1",
    "[0]",
    "[1, 0]",
    "[0, 0, 1]",
    "[-1]",
    "[0, 1], [1, 2]",
    "[1, 0], 1",
    "0, [1, 2]",
    ":, [2, 0]",
    "[1, 0], :",
    "[1, 0], 1:",
    "[[0], [1]], [[0, 2]]",
    "[[0, 1], [1, 0]]",
    "np.array([1, 0])",
    "nd.array([1, 0])",
    "nd.array([1, 0], dtype='int32')",
    "nd.array([[1], [0]], dtype='int64')",
    "nd.array([0.0, 1.0]), nd.array([2.0, 0.0])",
    "np.int64(1)",
    "()",
    "slice(None)",
    "slice(0, 1), slice(1, 3)",
    "(0, 1)",
    "2",
    "-3",
    "0, 3",
    "0, 0, 0",
    ":, :, :",
    "0.5",
    "'x'",
    "..., ...",
)


def _matrix(mx):
    def setup():
        return {
            "nd": mx.nd,
            "np": np,
            "a": mx.nd.array([[0, 1, 2], [10, 11, 12]]),
            "v": mx.nd.array([0, 1, 2, 3]),
            "c": mx.nd.arange(24).reshape((2, 3, 4)),
        }

    return setup


@case("2.1 getitem: values and shapes")
def values(mx):
    return rows(_matrix(mx), *(f"a[{key}]" for key in KEYS))


@case("2.1 getitem: views and copies")
def views(mx):
    """Which results share memory: writing 99 to the result is seen in the array, or is not."""
    keys = (
        "0",
        "-1",
        "1, 2",
        ":",
        "...",
        "0:1",
        "1:",
        "::2",
        "::-1",
        "0:2:1",
        ":, 0",
        ":, 0:1",
        ":, 1:3",
        "0, 1:3",
        "0:1, 1:3",
        "1:2, 0:2",
        "0, ::2",
        "None",
        "None, 0",
        "[0]",
        "[0, 1]",
        "np.array([0])",
        "nd.array([0])",
        "()",
    )
    return rows(_matrix(mx), *(f"r = a[{key}]; r[:] = 99; a" for key in keys))


@case("2.1 getitem: views of views, of columns and of reshapes")
def nested_views(mx):
    return rows(
        _matrix(mx),
        "a[:] is a",
        "a[...] is a",
        "a[()] is a",
        "a[0:2] is a",
        "r = v[1:][1:]; r[0] = 99; v",
        "r = c[1][2][1:3]; r[:] = 99; c[1]",
        "r = c[0:1][0]; r[:] = 99; c[0]",
        "r = c[:, 0]; r[:] = 99; c[0]",
        "r = c[1, 1:3]; r[:] = 99; c[1]",
        "r = c[1, 1:3, 1:2]; r[:] = 99; c[1]",
        "r = c[1, 1, 1:3]; r[:] = 99; c[1]",
        "r = c[1:2, :, :]; r[:] = 99; c[1]",
        "r = a.reshape((3, 2)); r[0] = 99; a",
        "r = a.reshape((-1,))[2:4]; r[:] = 99; a",
        "r = a[1].reshape((3, 1)); r[1] = 99; a",
        "r = a.T; r[:] = 99; a",
        "r = a.expand_dims(0); r[:] = 99; a",
        "r = a.reshape_like(nd.zeros((3, 2))); r[:] = 99; a",
        "r = a.flatten(); r[:] = 99; a",
        "r = a[0:1].squeeze(); r[:] = 99; a",
        "r = a.slice((0, 0), (1, 2)); r[:] = 99; a",
        "r = a.slice_axis(axis=0, begin=0, end=1); r[:] = 99; a",
        "r = a.broadcast_to((2, 3)); r[:] = 99; a",
        "r = a.swapaxes(0, 1); r[:] = 99; a",
        "r = v[0]; a[:] = 5; r",
        "r = v[0]; v[0] = 5; r",
        "r = v[1:3]; v += 1; r",
        "r = a._at(1); r[:] = 99; a",
        "r = a._slice(0, 1); r[:] = 99; a",
        "r = v[::2]; r[:] = 99; v",
        "r = v[1::2][1:]; r[:] = 99; v",
    )


@case("2.1 getitem: vectors and higher ranks")
def other_ranks(mx):
    keys = ("0", "-1", "1:3", "::2", "::-1", "3:0:-2", "[1, 3]", "np.array([2])", "4", "None")
    texts = [f"v[{key}]" for key in keys]
    keys = ("1", "1, 2", "1, 2, 3", ":, 1", ":, :, 1", "..., 1", "0, :, 1:3", "0, [0, 2]")
    keys += ("[0, 1], :, [1, 2]", "[0, 1], [1, 2]", ":, [0, 2], 1", "1, ..., 0", "::-1, 0, 0")
    keys += (":, 1:2, ::2", "None, 1, :, 0", "0, None, 1, None", "[1], 0:2, [3]", "0, 1, [0, 3]")
    texts += [f"c[{key}]" for key in keys]
    return rows(_matrix(mx), *texts)


@case("2.1 getitem: what a mask does")
def masks(mx):
    """``a > 2`` is an array of numbers, so indexing with it gathers rows 0 and 1."""
    return rows(
        _matrix(mx),
        "v[v > 1]",
        "v > 1",
        "a[nd.array([1, 0, 1])]",
        "a[nd.array([0.9, 1.1])]",
        "nd.contrib.boolean_mask(a, nd.array([0, 1]))",
        "nd.contrib.boolean_mask(v, v > 1)",
    )


@case(
    "0.35 getitem: bool keys and masks",
    fix="a bool is no row number",
    fixed={
        "a[True]": lambda row: row != gives(dense([10, 11, 12])),
        "a[False]": lambda row: row != gives(dense([0, 1, 2])),
        "v[[True, False, True, False]]": lambda row: refused(row) or row == gives(dense([0, 2])),
        "v[np.array([True, False, True, False])]": lambda row: (
            refused(row) or row == gives(dense([0, 2]))
        ),
        "a[None, True]": lambda row: True,
    },
)
def bool_keys(mx):
    return rows(
        _matrix(mx),
        "a[True]",
        "a[False]",
        "v[[True, False, True, False]]",
        "v[np.array([True, False, True, False])]",
        "a[None, True]",
    )


@case(
    "0.3 getitem: gathering out of range",
    fix="ids out of range are refused; MXNet clips them or reads foreign memory",
    fixed={
        text: lambda row: refused(row)
        for text in ("a[[0, 5]]", "a[[-3]]", "a[nd.array([0, 2])]", "v[[4]]", "a[:, [3]]")
    },
    crashes="reads out of the array's bounds",
)
def gathering_out_of_range(mx):
    return rows(_matrix(mx), "a[[0, 5]]", "a[[-3]]", "a[nd.array([0, 2])]", "v[[4]]", "a[:, [3]]")


@case(
    "2.1 getitem: nothing selected",
    fix="empty results need no switch; MXNet refuses some of them",
    fixed={
        "a[2:1]": lambda row: refused(row) or row["value"]["shape"] == [0, 3],
        "v[[]]": lambda row: refused(row) or row["value"]["shape"] == [0],
        "a[1:1]": lambda row: refused(row) or row["value"]["shape"] == [0, 3],
        "a[:, 1:1]": lambda row: refused(row) or row["value"]["shape"] == [2, 0],
    },
)
def nothing_selected(mx):
    return rows(_matrix(mx), "a[2:1]", "v[[]]", "a[1:1]", "a[:, 1:1]", "a[5:]")


@case("2.1 getitem: zero-dimensional arrays")
def zero_dimensional(mx):
    return rows(
        lambda: {"nd": mx.nd, "s": mx.nd.array(3)},
        "s[()]",
        "s.shape",
        "s.reshape((1,))",
        "s.asnumpy()",
    )
