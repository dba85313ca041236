"""Sparse arrays: writing and reading by index, properties, check_format, pickling."""

from __future__ import annotations

import copy
import pickle

import numpy as np
from harness import case, csr, gives, outcome, raises, rows


def _names(mx):
    def setup():
        rsp = mx.nd.sparse.row_sparse_array
        return {
            "mx": mx,
            "nd": mx.nd,
            "np": np,
            "pickle": pickle,
            "copy": copy,
            "d": mx.nd.array([[1, 2], [0, 0], [0, 3], [0, 0]]),
            "r": rsp(([[1, 2], [3, 4]], [0, 2]), shape=(4, 2)),
            "explicit": rsp(([[1, 2], [0, 0]], [0, 2]), shape=(4, 2)),
            "c": mx.nd.sparse.csr_matrix(([1, 2, 3], [0, 1, 1], [0, 2, 2, 3, 3]), shape=(4, 2)),
        }

    return setup


@case("3 setitem: dense from sparse")
def dense_from_sparse(mx):
    return rows(_names(mx), "d[:] = r; d", "d[:] = c; d", "d[0] = r; d")


@case("3 setitem: row_sparse")
def row_sparse_setitem(mx):
    values = (
        "d",
        "explicit",
        "r",
        "d.asnumpy()",
        "d.asnumpy().astype('float64')",
        "0",
        "2",
        "2.5",
        "True",
        "c",
        "[[1, 2]] * 4",
        "nd.ones((5, 2))",
        "np.ones((5, 2))",
        "nd.array([1, 2])",
        "'x'",
        "nd.zeros((4, 2))",
        "nd.zeros((4, 2), stype='row_sparse')",
        "explicit.astype('float64')",
        "d.as_in_context(mx.cpu(1))",
        "np.float32(3)",
        "float('nan')",
    )
    texts = [f"r[:] = {value}; r" for value in values]
    texts += ["r[0] = 1; r", "r[0:1] = 1; r", "r[0:2] = nd.ones((2, 2)); r", "r[...] = 1; r"]
    texts += ["r[::1] = 3; r", "r[0:4] = 3; r", "r[0, 1] = 3; r", "r[[0]] = 3; r", "r['x'] = 3; r"]
    texts += ["r[()] = 3; r", "r[None] = 3; r"]
    return rows(_names(mx), *texts)


@case("3 setitem: csr")
def csr_setitem(mx):
    values = ("d", "c", "d.asnumpy()", "2", "0", "r", "[[1, 2]] * 4", "'x'", "nd.zeros((4, 2))")
    texts = [f"c[:] = {value}; c" for value in values]
    texts += ["c[0] = 1; c", "c[0:1] = d; c", "c[0:2] = nd.ones((2, 2)); c", "c[...] = d; c"]
    return rows(_names(mx), *texts)


@case("3 setitem: a sparse source is copied")
def no_aliasing(mx):
    return rows(
        _names(mx),
        "r[:] = explicit; explicit[:] = 9; r",
        "r[:] = d; d[:] = 9; r",
        "c2 = c.copy(); c2[:] = c; c[:] = d * 9; c2",
    )


@case("3 getitem: row_sparse")
def row_sparse_getitem(mx):
    texts = [
        "r[:]",
        "r[:] is r",
        "r[0]",
        "r[0:1]",
        "r[0:2]",
        "r[::2]",
        "r[0, 1]",
        "r[[0]]",
        "r['x']",
    ]
    texts += ["r[-1]", "r[...]", "r[()]", "r[nd.array([0])]", "r[0:4]", "r[None]"]
    return rows(_names(mx), *texts)


@case("3 getitem: csr")
def csr_getitem(mx):
    keys = ("0", "1", "2", "-1", ":", "0:2", "1:", ":-1", "1:3", "2:3", "0:4", "::2", "::-1")
    keys += ("0, 1", "0:2, 0:1", ":, 0", "[0]", "'x'", "0:9", "...")
    return rows(_names(mx), *(f"c[{key}]" for key in keys), "c[:] is c")


@case(
    "3 getitem: csr, nothing selected",
    fix="rows out of range are refused; MXNet gives no rows, so that iterating never ends",
    fixed={
        "c[4]": raises("IndexError"),
        "c[-5]": raises("IndexError"),
        "c[0:0]": gives(csr((0, 2), [0], [], [])),
        "[row.shape for row in c]": gives([(1, 2)] * 4),
        "c[3:1]": gives(csr((0, 2), [0], [], [])),
    },
    crashes="c[0:0] gives all rows; iterating over c does not end",
)
def csr_nothing_selected(mx):
    return rows(_names(mx), "c[4]", "c[-5]", "c[0:0]", "c[3:1]", "[row.shape for row in c]")


@case("3 properties")
def properties(mx):
    return rows(
        _names(mx),
        "r.stype",
        "c.stype",
        "r.shape",
        "r.ndim",
        "r.dtype",
        "r.context",
        "len(r)",
        "len(c)",
        "r.data",
        "r.indices",
        "c.data",
        "c.indices",
        "c.indptr",
        "r.indices.dtype",
        "r.indices.context",
        "r.data is r.data",
        "p = r.data; p[:] = 9; r",
        "p = r.indices; p[:] = 0; r.indices",
        "p = c.data; p[:] = 9; c",
        "r.data = nd.ones((2, 2)); r",
        "r.indices = nd.array([0, 1]); r",
        "c.data = nd.ones((3,)); c",
        "c.indices = nd.ones((3,)); c",
        "c.indptr = nd.ones((3,)); c",
        "r.size",
        "c.size",
        "r.asscalar()",
        "nd.ones((1,)).tostype('row_sparse').asscalar()",
        "list(r)",
        "r.reshape((2, 4))",
        "c.reshape((2, 4))",
        "r.T",
        "c.T",
        "bool(r)",
        "r.grad",
        "r.indptr",
        "r._num_aux",
        "c._num_aux",
        "r._at(0)",
        "r._slice(0, 1)",
        "isinstance(r, nd.NDArray)",
        "isinstance(r, nd.sparse.BaseSparseNDArray)",
        "isinstance(r, nd.sparse.RowSparseNDArray)",
        "isinstance(c, nd.sparse.CSRNDArray)",
        "isinstance(d, nd.sparse.BaseSparseNDArray)",
        "r.wait_to_read()",
        "nd.zeros((4, 2), stype='row_sparse').data.shape",
        "nd.zeros((4, 2), stype='row_sparse').indices.shape",
        "nd.zeros((4, 2), stype='csr').indptr.shape",
    )


@case("3 pickling and copying")
def duplicates(mx):
    return rows(
        _names(mx),
        "pickle.loads(pickle.dumps(r))",
        "pickle.loads(pickle.dumps(c))",
        "pickle.loads(pickle.dumps(explicit))",
        "pickle.loads(pickle.dumps(nd.zeros((4, 2), stype='row_sparse')))",
        "pickle.loads(pickle.dumps(nd.zeros((4, 2), stype='csr')))",
        "pickle.loads(pickle.dumps(r.astype('float64')))",
        "copy.deepcopy(r)",
        "b = copy.deepcopy(r); b[:] = 0; r",
        "b = copy.copy(r); b",
        "bytes(r.__getstate__()['handle'])",
        "bytes(c.__getstate__()['handle'])",
    )


@case("3 check_format: row_sparse")
def check_row_sparse(mx):
    def check(ids, full=True, shape=(4, 1)):
        data = [[float(i)] for i in range(len(ids))]
        array = mx.nd.sparse.row_sparse_array((data, ids), shape=shape)
        return array.check_format(full)

    return {
        "valid": outcome(lambda: check([0, 2, 3])),
        "valid, shapes only": outcome(lambda: check([0, 2, 3], False)),
        "empty": outcome(lambda: mx.nd.zeros((4, 1), stype="row_sparse").check_format()),
        "unsorted": outcome(lambda: check([2, 0])),
        "repeated": outcome(lambda: check([1, 1])),
        "too large": outcome(lambda: check([0, 4])),
        "negative": outcome(lambda: check([-1, 0])),
        "unsorted, shapes only": outcome(lambda: check([2, 0], False)),
        "too large, shapes only": outcome(lambda: check([0, 9], False)),
        "the default is the full check": outcome(
            lambda: mx.nd.sparse.row_sparse_array(([[1], [2]], [1, 0]), shape=(4, 1)).check_format()
        ),
        "dense arrays": outcome(lambda: mx.nd.ones((2,)).check_format()),
    }


@case("3 check_format: csr")
def check_csr(mx):
    def check(indptr, indices, full=True):
        data = [1.0] * len(indices)
        array = mx.nd.sparse.csr_matrix((data, indices, indptr), shape=(3, 3))
        return array.check_format(full)

    return {
        "valid": outcome(lambda: check([0, 2, 2, 3], [0, 2, 1])),
        "valid, shapes only": outcome(lambda: check([0, 2, 2, 3], [0, 2, 1], False)),
        "empty": outcome(lambda: mx.nd.zeros((3, 3), stype="csr").check_format()),
        "unsorted columns": outcome(lambda: check([0, 2, 2, 3], [2, 0, 1])),
        "repeated columns": outcome(lambda: check([0, 2, 2, 3], [1, 1, 1])),
        "column too large": outcome(lambda: check([0, 2, 2, 3], [0, 3, 1])),
        "negative column": outcome(lambda: check([0, 2, 2, 3], [-1, 2, 1])),
        "indptr falls": outcome(lambda: check([0, 2, 1, 3], [0, 2, 1])),
        "indptr starts late": outcome(lambda: check([1, 2, 2, 3], [0, 2, 1])),
        "indptr ends early": outcome(lambda: check([0, 1, 1, 2], [0, 2, 1])),
        "indptr too short": outcome(lambda: check([0, 2, 3], [0, 2, 1])),
        "unsorted, shapes only": outcome(lambda: check([0, 2, 2, 3], [2, 0, 1], False)),
        "indptr falls, shapes only": outcome(lambda: check([0, 2, 1, 3], [0, 2, 1], False)),
    }
