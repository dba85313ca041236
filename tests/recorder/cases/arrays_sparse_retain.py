"""Row-sparse arrays: rows by id."""

from __future__ import annotations

import numpy as np
from harness import any_of, case, gives, outcome, raises, refused, row_sparse, rows

INVALID = (
    "retain(a, ids([9]))",
    "retain(a, ids([-1]))",
    "retain(a, ids([0, 4]))",
    "retain(full, ids([4]))",
    "retain(full, ids([-1]))",
    "retain(empty, ids([4]))",
)
OUT_OF_RANGE = any_of(raises("IndexError"), raises("MXNetError"), raises("ValueError"))


def _names(mx):
    def setup():
        rsp = mx.nd.sparse.row_sparse_array
        return {
            "mx": mx,
            "nd": mx.nd,
            "np": np,
            "retain": mx.nd.sparse.retain,
            "a": rsp(([[1, 2], [3, 4], [5, 6]], [0, 1, 3]), shape=(4, 2)),
            "full": mx.nd.array([[1, 2], [3, 4], [5, 6], [7, 8]]).tostype("row_sparse"),
            "empty": mx.nd.zeros((4, 2), stype="row_sparse"),
            "vector": rsp(([1, 2], [1, 2]), shape=(4,)),
            "cube": rsp(([[[1, 2]], [[3, 4]]], [0, 2]), shape=(3, 1, 2)),
            "ids": mx.nd.array,
        }

    return setup


@case(
    "3 retain: ids",
    fix="fractional ids are refused; MXNet truncates them",
    fixed={"retain(a, ids([0.9]))": refused},
)
def ids(mx):
    return rows(
        _names(mx),
        "retain(a, ids([0, 3]))",
        "retain(a, ids([0]))",
        "retain(a, ids([0, 1, 3]))",
        "retain(a, ids([0, 1, 2, 3]))",
        "retain(a, ids([0, 2]))",
        "retain(a, ids([2]))",
        "retain(a, ids([0, 3], dtype='int32'))",
        "retain(a, ids([0, 3], dtype='int64'))",
        "retain(a, ids([0, 3], dtype='float64'))",
        "retain(a, ids([0, 3], dtype='float16'))",
        "retain(a, ids([0, 3], dtype='uint8'))",
        "retain(a, ids([[0, 3]]))",
        "retain(a, ids([[0], [3]]))",
        "retain(a, ids([0.9]))",
        "retain(full, ids([1, 2]))",
        "retain(empty, ids([1, 2]))",
        "retain(vector, ids([1, 3]))",
        "retain(cube, ids([1, 2]))",
        "retain(data=a, indices=ids([0, 3]))",
        "retain(a.astype('float64'), ids([0, 2]))",
        "retain(a.astype('int32'), ids([0, 2]))",
    )


@case("3 retain: order and repetitions of the ids are kept")
def order(mx):
    """Results that check_format refuses, so only their parts are looked at."""
    a = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4], [5, 6]], [0, 1, 3]), shape=(4, 2))

    def parts(*ids):
        result = mx.nd.sparse.retain(a, mx.nd.array(ids))
        return result.indices, result.data

    return {
        "unsorted": outcome(lambda: parts(3, 0)),
        "unsorted with a missing one": outcome(lambda: parts(3, 2, 0)),
        "repeated": outcome(lambda: parts(0, 0, 3)),
        "repeated missing": outcome(lambda: parts(2, 2)),
    }


@case("3 retain: no ids")
def no_ids(mx):
    return rows(
        _names(mx),
        "retain(a, ids([]))",
        "retain(a, nd.array([], dtype='int64'))",
        "retain(a, ids([])).indices.shape",
        "retain(empty, ids([]))",
    )


@case(
    "0.3 retain: ids out of range",
    fix="refused; MXNet stores them and reads or writes foreign memory later",
    fixed=dict.fromkeys(INVALID, OUT_OF_RANGE),
    crashes="reads out of bounds if the source has all rows; asnumpy() corrupts the heap",
)
def ids_out_of_range(mx):
    return rows(_names(mx), *INVALID)


@case(
    "0.3 retain: from a table whose own ids are invalid",
    fix="refused at use",
    fixed={"too large": OUT_OF_RANGE, "negative": OUT_OF_RANGE, "unsorted": lambda row: True},
    crashes="reads foreign memory",
)
def invalid_tables(mx):
    def from_table(*ids):
        table = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], ids), shape=(4, 2))
        return mx.nd.sparse.retain(table, mx.nd.array([0, 1]))

    return {
        "too large": outcome(lambda: from_table(0, 9)),
        "negative": outcome(lambda: from_table(-1, 0)),
        "unsorted": outcome(lambda: from_table(1, 0)),
    }


@case(
    "3 and 5 retain: bad arguments",
    fix="an unknown keyword is an error; MXNet's function drops it",
    fixed={"retain(a, ids([0]), foo=1)": any_of(raises("MXNetError"), raises("TypeError"))},
)
def bad_arguments(mx):
    return rows(
        _names(mx),
        "retain(a, [0, 3])",
        "retain(a, np.array([0, 3]))",
        "retain(a, 0)",
        "retain(a, None)",
        "retain(nd.ones((4, 2)), ids([0]))",
        "retain(nd.ones((4, 2)).tostype('csr'), ids([0]))",
        "retain(a, a)",
        "retain(a, ids([0, 1, 2, 3]).tostype('row_sparse'))",
        "retain([[1, 2]], ids([0]))",
        "retain(a)",
        "retain(a, ids([0]), foo=1)",
    )


@case("3 retain: out")
def out_argument(mx):
    return rows(
        _names(mx),
        "r = nd.zeros((4, 2), stype='row_sparse'); q = retain(a, ids([0, 3]), out=r); (q is r, r)",
        "retain(a, ids([0, 3]), out=a)",
        "retain(a, ids([0, 3]), out=empty)",
        "r = nd.zeros((5, 2), stype='row_sparse'); retain(a, ids([0]), out=r); r",
    )


@case("3 retain: the source stays")
def source(mx):
    return rows(
        _names(mx),
        "r = retain(a, ids([0, 3])); r[:] = 0; a",
        "r = retain(full, ids([0, 1, 2, 3])); r[:] = 0; full",
        "retain(a, ids([0])).context",
        "b = a.as_in_context(mx.cpu(1)); retain(b, nd.array([0, 3], ctx=mx.cpu(1)))",
    )


@case(
    "0.27 retain: the method",
    fix="a.retain(ids) works; MXNet's forgets the array",
    fixed={
        "a.retain(ids([0, 3]))": gives(row_sparse((4, 2), [0, 3], [[1, 2], [5, 6]])),
        "a.retain(ids([2]))": gives(row_sparse((4, 2), [2], [[0, 0]])),
    },
)
def method(mx):
    return rows(_names(mx), "a.retain(ids([0, 3]))", "a.retain(ids([2]))")


@case("3 contrib: large tables")
def large_table(mx):
    """A million rows of which three are stored: nothing dense is made on the way."""
    rsp = mx.nd.sparse.row_sparse_array
    table = rsp(([[1], [2], [3]], [7, 500_000, 999_999]), shape=(1_000_000, 1))
    wanted = mx.nd.array([7, 8, 999_999], dtype="int64")
    return {
        "retain": outcome(lambda: mx.nd.sparse.retain(table, wanted)),
        "sum": outcome(lambda: (table + table).data),
        "scaled": outcome(lambda: (table * 2).data),
        "shape": outcome(lambda: table.shape),
    }
