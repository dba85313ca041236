"""Products, and gathering by index: dot, FullyConnected, take, Embedding, pick, one_hot, where."""

from __future__ import annotations

from harness import case, rows


def _names(mx):
    def setup():
        return {
            "mx": mx,
            "nd": mx.nd,
            "a": mx.nd.array([[1, 2, 3], [4, 5, 6]]),
            "b": mx.nd.array([[1, 0], [0, 1], [1, 1]]),
            "v": mx.nd.array([1, 2, 3]),
            "w": mx.nd.array([10, 20, 30]),
            "c": mx.nd.arange(12).reshape((2, 2, 3)),
            "table": mx.nd.array([[0, 1], [10, 11], [20, 21], [30, 31]]),
            "ids": mx.nd.array([2, 0, 2]),
            "r": mx.nd.array([[0, 0], [5, 6], [0, 0]]).tostype("row_sparse"),
            "s": mx.nd.array([[1, 0, 2], [0, 3, 0]]).tostype("csr"),
        }

    return setup


@case("2.1 dot and batch_dot")
def dot(mx):
    return rows(
        _names(mx),
        "nd.dot(a, b)",
        "nd.dot(v, w)",
        "nd.dot(a, v)",
        "nd.dot(v, b)",
        "nd.dot(a, a, transpose_b=True)",
        "nd.dot(a, a, transpose_a=True)",
        "nd.dot(b, a, transpose_a=True, transpose_b=True)",
        "nd.dot(c, b)",
        "nd.dot(a, a)",
        "nd.dot(v, v).shape",
        "nd.batch_dot(c, nd.ones((2, 3, 1)))",
        "nd.batch_dot(c, c, transpose_b=True)",
        "nd.dot(a.astype('float64'), b.astype('float64'))",
    )


@case("3 dot with sparse arrays")
def sparse_dot(mx):
    return rows(
        _names(mx),
        "nd.dot(s, b)",
        "nd.dot(s, a, transpose_a=True)",
        "nd.sparse.dot(s, b)",
        "nd.sparse.dot(s, a, transpose_a=True)",
        "nd.sparse.dot(s, a, transpose_a=True, forward_stype='row_sparse')",
        "nd.dot(s, r)",
        "nd.dot(s, a.tostype('row_sparse'), transpose_a=True)",
        "nd.dot(s, nd.array([[0, 0], [5, 6]]).tostype('row_sparse'), transpose_a=True)",
        "nd.dot(s, nd.zeros((2, 2)).tostype('row_sparse'), transpose_a=True)",
        "nd.dot(a, r)",
        "nd.dot(r, a)",
        "nd.dot(a, nd.array([[1, 0], [0, 0], [0, 2]]).tostype('csr'))",
    )


@case("2.1 FullyConnected")
def fully_connected(mx):
    return rows(
        _names(mx),
        "nd.FullyConnected(a, nd.ones((2, 3)), nd.array([10, 20]), num_hidden=2)",
        "nd.FullyConnected(a, nd.ones((2, 3)), no_bias=True, num_hidden=2)",
        "nd.FullyConnected(c, nd.ones((2, 6)), no_bias=True, num_hidden=2)",
        "nd.FullyConnected(c, nd.ones((2, 3)), no_bias=True, num_hidden=2, flatten=False)",
        "nd.FullyConnected(a, nd.ones((2, 4)), no_bias=True, num_hidden=2)",
        "nd.FullyConnected(a, nd.ones((2, 3)), nd.ones((3,)), num_hidden=2)",
        "nd.FullyConnected(a, nd.ones((2, 3)), nd.ones((2,)))",
        "nd.FullyConnected(data=a, weight=b.T, bias=nd.zeros((2,)), num_hidden=2)",
        "nd.FullyConnected(a, nd.ones((3, 3)), no_bias=True, num_hidden=2)",
    )


@case("2.1 take")
def take(mx):
    return rows(
        _names(mx),
        "nd.take(table, ids)",
        "table.take(ids)",
        "nd.take(table, nd.array([[0, 1], [2, 3]]))",
        "nd.take(table, ids, axis=0)",
        "nd.take(table, nd.array([1, 0]), axis=1)",
        "nd.take(table, nd.array([1]), axis=-1)",
        "nd.take(table, ids.astype('int32'))",
        "nd.take(table, ids.astype('int64'))",
        "nd.take(table, nd.array([-1]), mode='wrap')",
        "nd.take(table, nd.array([-1]), mode='clip')",
        "nd.take(table, nd.array([9]), mode='clip')",
        "nd.take(table, nd.array([9]), mode='wrap')",
        "nd.take(table, nd.array([0.9, 1.1]))",
        "nd.take(v, nd.array([0, 2]))",
        "nd.take(table, ids, mode='raise')",
        "nd.take(table, nd.array([9]), mode='raise')",
        "nd.take(table, nd.array([-1]), mode='raise')",
        "nd.take(table.astype('float64'), ids)",
        "nd.take(table.astype('int32'), ids)",
        "nd.take(r, ids)",
        "nd.take(table, [0])",
    )


@case("2.1 Embedding")
def embedding(mx):
    return rows(
        _names(mx),
        "nd.Embedding(ids, table, input_dim=4, output_dim=2)",
        "nd.Embedding(nd.array([[0, 1]]), table, input_dim=4, output_dim=2)",
        "nd.Embedding(ids.astype('int32'), table, input_dim=4, output_dim=2)",
        "nd.Embedding(ids, table, input_dim=4, output_dim=2, sparse_grad=True)",
        "nd.Embedding(ids, table.astype('float64'), input_dim=4, output_dim=2, dtype='float64')",
        "nd.Embedding(ids, table, input_dim=5, output_dim=2)",
        "nd.Embedding(ids, table, input_dim=4, output_dim=3)",
        "nd.Embedding(ids, table.tostype('row_sparse'), input_dim=4, output_dim=2)",
        "t = table.as_in_context(mx.cpu(1)).tostype('row_sparse'); nd.Embedding(ids, t, 4, 2)",
        "nd.Embedding(data=ids, weight=table, input_dim=4, output_dim=2)",
    )


@case("2.1 Embedding: ids out of range are clipped")
def embedding_out_of_range(mx):
    return rows(
        _names(mx),
        "nd.Embedding(nd.array([9]), table, input_dim=4, output_dim=2)",
        "nd.Embedding(nd.array([-1]), table, input_dim=4, output_dim=2)",
    )


@case("2.1 one_hot")
def one_hot(mx):
    return rows(
        _names(mx),
        "nd.one_hot(ids, 3)",
        "nd.one_hot(ids, depth=4)",
        "nd.one_hot(nd.array([[0], [1]]), 2)",
        "nd.one_hot(ids, 3, on_value=5, off_value=-1)",
        "nd.one_hot(ids, 3, dtype='int32')",
        "nd.one_hot(nd.array([5, -1]), 3)",
        "ids.one_hot(3)",
        "nd.one_hot(ids.astype('int32'), 3)",
        "nd.one_hot(nd.array([1.9]), 3)",
        "nd.one_hot(ids, 0)",
    )


@case("2.1 pick")
def pick(mx):
    return rows(
        _names(mx),
        "nd.pick(a, nd.array([0, 2]))",
        "nd.pick(a, nd.array([0, 1, 0]), axis=0)",
        "nd.pick(a, nd.array([0, 2]), axis=1)",
        "nd.pick(a, nd.array([0, 2]), axis=1, keepdims=True)",
        "a.pick(nd.array([1, 1]))",
        "nd.pick(a, nd.array([9, -5]))",
        "nd.pick(a, nd.array([9, -1]), mode='wrap')",
        "nd.pick(a, nd.array([0, 2], dtype='int32'))",
        "nd.pick(a, nd.array([0, 1, 2]))",
    )


@case("2.1 where")
def where(mx):
    return rows(
        _names(mx),
        "nd.where(nd.array([1, 0, 1]), v, w)",
        "nd.where(v > 1, v, w)",
        "nd.where(nd.array([1, 0]), a, a * 10)",
        "nd.where(nd.array([[1, 0, 1], [0, 0, 1]]), a, a * 10)",
        "nd.where(nd.array([1, 0, 1], dtype='int32'), v, w)",
        "nd.where(nd.array([0.5, -1, 0]), v, w)",
        "nd.where(nd.array([1, 0]), v, w)",
        "nd.where(nd.array([1, 0, 1]), v, a)",
    )


@case("2.1 gather_nd and scatter_nd")
def scattering(mx):
    return rows(
        _names(mx),
        "nd.gather_nd(a, nd.array([[0, 1], [2, 0]]))",
        "nd.gather_nd(a, nd.array([[1, 0]]))",
        "nd.scatter_nd(nd.array([7, 8]), nd.array([[0, 1], [2, 0]]), shape=(2, 3))",
    )


@case("2.1 refused arguments")
def bad_arguments(mx):
    return rows(
        _names(mx),
        "nd.dot(a)",
        "nd.dot(a, 2)",
        "nd.take(a)",
        "nd.concat(a, 2)",
        "nd.where(v, v)",
        "nd.Embedding(ids)",
        "nd.FullyConnected(a)",
    )
