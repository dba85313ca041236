"""Sparse arrays: factories with every form of argument."""

from __future__ import annotations

import numpy as np
from harness import case, outcome, rows


def _names(mx):
    def setup():
        dense = mx.nd.array([[1, 2], [0, 0], [0, 3], [0, 0]])
        return {
            "mx": mx,
            "nd": mx.nd,
            "np": np,
            "sp": mx.nd.sparse,
            "rsp": mx.nd.sparse.row_sparse_array,
            "csr": mx.nd.sparse.csr_matrix,
            "dense": dense,
            "host": dense.asnumpy(),
            "data": [[1, 2], [3, 4]],
            "ids": [0, 3],
        }

    return setup


@case("3 factories: zeros, empty, ones, full")
def filled(mx):
    return rows(
        _names(mx),
        "nd.zeros((4, 2), stype='row_sparse')",
        "nd.zeros((4, 2), stype='csr')",
        "nd.zeros((4, 2), stype='default')",
        "nd.zeros((4,), stype='row_sparse')",
        "nd.zeros((4, 2, 3), stype='row_sparse')",
        "nd.zeros((4, 2), mx.cpu(1), 'float64', 'row_sparse')",
        "nd.zeros((4, 2), stype='row_sparse', dtype='int32')",
        "nd.zeros((4, 2), stype='foo')",
        "nd.zeros(4, stype='row_sparse')",
        "nd.zeros((0, 2), stype='row_sparse')",
        "sp.zeros('row_sparse', (4, 2))",
        "sp.zeros('csr', (4, 2))",
        "sp.zeros('csr', (4, 2), dtype='float16')",
        "sp.zeros('csr', (4, 2), ctx=mx.cpu(1))",
        "sp.zeros('default', (4, 2))",
        "sp.zeros('foo', (4, 2))",
        "sp.zeros('row_sparse', 4)",
        "sp.empty('row_sparse', (4, 2)).shape",
        "sp.empty('csr', (4, 2)).stype",
        "nd.empty((4, 2), stype='row_sparse').stype",
        "nd.empty((4, 2), stype='csr').shape",
    )


@case("3 factories: row_sparse_array from data and indices")
def row_sparse_from_parts(mx):
    return rows(
        _names(mx),
        "rsp((data, ids), shape=(4, 2))",
        "rsp((data, ids))",
        "rsp((data, [3, 0]))",
        "rsp((data, [3, 0]), shape=(4, 2)).indices",
        "rsp((data, [0, 0]), shape=(4, 2)).indices",
        "rsp((data, ids), shape=(4, 2), dtype='float64')",
        "rsp((data, ids), shape=(4, 2), dtype='int32')",
        "rsp((data, ids), shape=(4, 2), ctx=mx.cpu(1))",
        "rsp((np.array(data), np.array(ids)), shape=(4, 2))",
        "rsp((np.array(data, 'float64'), np.array(ids)), shape=(4, 2))",
        "rsp((np.array(data, 'float16'), ids), shape=(4, 2))",
        "rsp((nd.array(data), nd.array(ids)), shape=(4, 2))",
        "rsp((nd.array(data, dtype='float64'), nd.array(ids)), shape=(4, 2))",
        "rsp((nd.array(data, dtype='int32'), nd.array(ids, dtype='int32')), shape=(4, 2))",
        "rsp((nd.array(data), ids), shape=(4, 2))",
        "rsp((data, [0.0, 3.0]), shape=(4, 2))",
        "rsp(([1, 2], ids), shape=(4,))",
        "rsp(([1, 2], ids))",
        "rsp(([[[1, 2]], [[3, 4]]], ids), shape=(4, 1, 2))",
        "rsp(([], []), shape=(4, 2))",
        "rsp((np.zeros((0, 2)), np.zeros((0,))), shape=(4, 2))",
        "rsp((data, [0]), shape=(4, 2))",
        "rsp((data, [0, 1, 2]), shape=(4, 2))",
        "rsp((data, [[0, 3]]), shape=(4, 2))",
        "rsp((data, ids), shape=(4, 3))",
        "rsp((data, ids), shape=(4, 2, 1))",
        "rsp((data, ids), shape=(4,))",
        "rsp((data, ids), shape=4)",
        "rsp((data, ids), shape=[4, 2])",
        "r = rsp((data, ids), shape=(4, 2)); r.data[:] = 9; r",
        "d = nd.array(data); r = rsp((d, ids), shape=(4, 2)); d[:] = 9; r",
    )


@case("3 factories: parts that check_format refuses are stored as they are")
def row_sparse_invalid_parts(mx):
    def shape_and_indices(array):
        return array.shape, array.indices, array.data

    rsp = mx.nd.sparse.row_sparse_array
    data = [[1, 2], [3, 4]]
    return {
        "unsorted": outcome(lambda: shape_and_indices(rsp((data, [3, 0]), shape=(4, 2)))),
        "repeated": outcome(lambda: shape_and_indices(rsp((data, [1, 1]), shape=(4, 2)))),
        "too large": outcome(lambda: shape_and_indices(rsp((data, [0, 9]), shape=(4, 2)))),
        "negative": outcome(lambda: shape_and_indices(rsp((data, [-1, 0]), shape=(4, 2)))),
        "shape from the last": outcome(lambda: rsp((data, [3, 0])).shape),
    }


@case("3 factories: row_sparse_array from arrays and shapes")
def row_sparse_from_arrays(mx):
    return rows(
        _names(mx),
        "rsp(dense)",
        "rsp(host)",
        "rsp(host.tolist())",
        "rsp(dense, dtype='float64')",
        "rsp(host.astype('float64'))",
        "rsp(host.astype('int32'))",
        "rsp(dense, shape=(4, 2))",
        "rsp(dense, shape=(5, 2))",
        "rsp(dense, ctx=mx.cpu(1))",
        "rsp([[0.0, -0.0], [0, 1]])",
        "rsp([[float('nan'), 0], [0, 0]])",
        "rsp((4, 2))",
        "rsp((4, 2), dtype='float16')",
        "rsp((4,))",
        "rsp((4, 2, 3))",
        "rsp(dense.tostype('row_sparse'))",
        "rsp(dense.tostype('row_sparse'), dtype='float64')",
        "rsp(dense.tostype('row_sparse'), shape=(5, 2))",
        "rsp(dense.tostype('csr'))",
        "r = dense.tostype('row_sparse'); q = rsp(r); q[:] = 0; r",
        "rsp(3)",
        "rsp('x')",
        "rsp(None)",
        "sp.array(dense.tostype('row_sparse'))",
        "sp.array(dense.tostype('csr'))",
        "sp.array(dense.tostype('row_sparse'), dtype='float64')",
        "sp.array(dense.tostype('row_sparse'), ctx=mx.cpu(1))",
        "sp.array(dense)",
        "sp.array(host)",
        "nd.array(dense.tostype('row_sparse'))",
        "nd.array(dense.tostype('csr'))",
    )


@case("3 factories: csr_matrix")
def csr_matrix(mx):
    return rows(
        _names(mx),
        "csr(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 3))",
        "csr(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]))",
        "csr(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 4), dtype='float64')",
        "csr(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 3), ctx=mx.cpu(1))",
        "csr((np.array([1, 2, 3], 'int32'), np.array([0, 2, 1]), np.array([0, 2, 2, 3])))",
        "csr((nd.array([1, 2, 3]), nd.array([0, 2, 1]), nd.array([0, 2, 2, 3])), shape=(3, 3))",
        "csr(([], [], [0, 0, 0]), shape=(2, 3))",
        "csr((2, 3))",
        "csr((2, 3), dtype='float16')",
        "csr(dense)",
        "csr(host)",
        "csr(host.tolist())",
        "csr(host.astype('float64'))",
        "csr(dense, dtype='int32')",
        "csr(dense, shape=(4, 2))",
        "csr(dense, shape=(5, 2))",
        "csr(dense.tostype('csr'))",
        "csr(dense.tostype('csr'), dtype='float64')",
        "csr(dense.tostype('row_sparse'))",
        "csr([1, 2, 3])",
        "csr(np.ones((2, 2, 2)))",
        "csr(([1, 2], [0, 1]), shape=(2, 2))",
        "csr(([1, 2, 3], [0, 2], [0, 2, 2, 3]), shape=(3, 3))",
        "csr(3)",
        "csr('x')",
        "csr(None)",
        "csr([[0.0, -0.0, 1.0]])",
        "csr([[float('nan'), 0]])",
    )


@case("3 factories: csr parts that check_format refuses are stored as they are")
def csr_invalid_parts(mx):
    def parts(indptr, indices):
        array = mx.nd.sparse.csr_matrix(([1, 2, 3], indices, indptr), shape=(3, 3))
        return array.indptr, array.indices, array.data

    return {
        "unsorted columns": outcome(lambda: parts([0, 2, 2, 3], [2, 0, 1])),
        "repeated columns": outcome(lambda: parts([0, 2, 2, 3], [1, 1, 1])),
        "column too large": outcome(lambda: parts([0, 2, 2, 3], [0, 7, 1])),
        "negative column": outcome(lambda: parts([0, 2, 2, 3], [-1, 2, 1])),
        "indptr falls": outcome(lambda: parts([0, 2, 1, 3], [0, 2, 1])),
        "indptr ends early": outcome(lambda: parts([0, 1, 1, 2], [0, 2, 1])),
        "indptr starts late": outcome(lambda: parts([1, 2, 2, 3], [0, 2, 1])),
    }


@case("3 zeros_like and ones_like")
def like(mx):
    return rows(
        _names(mx),
        "nd.zeros_like(dense.tostype('row_sparse'))",
        "nd.zeros_like(dense.tostype('csr'))",
        "sp.zeros_like(dense.tostype('row_sparse'))",
        "r = dense.tostype('row_sparse'); q = nd.zeros_like(r, out=r); (q is r, r)",
        "r = dense.tostype('csr'); q = nd.zeros_like(r, out=r); (q is r, r)",
        "r = dense.tostype('row_sparse'); nd.zeros_like(dense, out=r); r",
        "r = dense.tostype('csr'); nd.zeros_like(dense, out=r); r",
        "r = dense.copy(); q = nd.zeros_like(dense.tostype('row_sparse'), out=r); (q is r, r)",
        "r = dense.copy(); nd.zeros_like(dense.tostype('csr'), out=r); r",
        "r = dense.tostype('row_sparse'); nd.zeros_like(dense.tostype('csr'), out=r); r",
        "nd.ones_like(dense.tostype('row_sparse'))",
        "r = dense.tostype('row_sparse'); q = nd.ones_like(dense, out=r); (q is r, r)",
        "r = dense.tostype('row_sparse'); q = nd.ones_like(r, out=r); (q is r, r)",
        "dense.tostype('row_sparse').zeros_like()",
        "dense.tostype('csr').zeros_like()",
        "nd.zeros_like(dense.tostype('row_sparse').astype('float64')).dtype",
        "nd.zeros_like(nd.zeros((4, 2), ctx=mx.cpu(1), stype='row_sparse')).context",
    )
