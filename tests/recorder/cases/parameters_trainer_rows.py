"""Rows of row_sparse parameters that a Trainer owns."""

import numpy as np
from harness import any_of, case, gives, outcome, raises, refused


def owned(mx, contexts=None, **keywords):
    """A row_sparse parameter (5, 2), row i filled with i, and its Trainer."""
    keywords = {"stype": "row_sparse", "grad_stype": "row_sparse", **keywords}
    parameter = mx.gluon.Parameter("table", shape=(5, 2), **keywords)
    parameter.initialize("zeros", ctx=contexts or [mx.cpu(0)])
    values = np.repeat(np.arange(5.0), 2).reshape(5, 2)
    dtype = keywords.get("dtype", "float32")
    parameter.set_data(mx.nd.array(values, dtype=dtype).tostype("row_sparse"))
    trainer = mx.gluon.Trainer([parameter], "sgd", {"learning_rate": 0.1})
    return parameter, trainer


@case("1.12 row_sparse_data")
def row_sparse_data(mx):
    def rows(ids, **keywords):
        def run():
            parameter, _ = owned(mx, **keywords)
            return parameter.row_sparse_data(ids())

        return outcome(run)

    def array(values, dtype="int64"):
        return lambda: mx.nd.array(values, dtype=dtype)

    return {
        "ids": rows(array([1, 3])),
        "unsorted": rows(array([3, 1])),
        "repeated": rows(array([3, 1, 3])),
        "all": rows(array([0, 1, 2, 3, 4])),
        "one": rows(array([2])),
        "2-D": rows(array([[1, 3], [3, 0]])),
        "float32": rows(array([1, 3], "float32")),
        "int32": rows(array([1, 3], "int32")),
        "uint8": rows(array([1, 3], "uint8")),
        "float64": rows(array([1, 3]), dtype="float64"),
        "sparse ids": "raises" in rows(lambda: mx.nd.array([1, 0]).tostype("row_sparse")),
        "elsewhere": rows(lambda: mx.nd.array([1], ctx=mx.cpu(3))),
        "list": "raises" in rows(lambda: [1, 3]),
    }


@case("1.12 row_sparse_data on several contexts")
def several_contexts(mx):
    def on(context):
        parameter, _ = owned(mx, [mx.cpu(0), mx.cpu(1)])
        return parameter.row_sparse_data(mx.nd.array([1, 3], ctx=context))

    def listed(ids):
        parameter, _ = owned(mx, [mx.cpu(0), mx.cpu(1)])
        return parameter.list_row_sparse_data(ids)

    return {
        "first": outcome(lambda: on(mx.cpu(0))),
        "second": outcome(lambda: on(mx.cpu(1))),
        "neither": outcome(lambda: on(mx.cpu(2))),
        "list": outcome(lambda: listed(mx.nd.array([3, 1]))),
        "list, ids elsewhere": outcome(lambda: listed(mx.nd.array([3, 1], ctx=mx.cpu(4)))),
        "list, no array": outcome(lambda: listed([1])),
    }


@case(
    "1.12 row ids that are no rows",
    fix="they are refused (defects 3 and 4); MXNet reads foreign memory or truncates",
    crashes="reads and writes outside of the array",
    fixed={
        "too large": any_of(raises("IndexError"), raises("MXNetError")),
        "negative": any_of(raises("IndexError"), raises("MXNetError")),
        "fraction": refused,
    },
)
def no_rows(mx):
    parameter, _ = owned(mx)

    def rows(ids, dtype="int64"):
        return outcome(lambda: parameter.row_sparse_data(mx.nd.array(ids, dtype=dtype)))

    return {
        "too large": rows([5]),
        "negative": rows([-1]),
        "fraction": rows([1.5], "float32"),
    }


@case(
    "1.12 one result does not overwrite another",
    fix="each call gives an array of its own (defect 2)",
    fixed={"first": gives([1, 2]), "the same object": gives(False)},
)
def own_results(mx):
    def run(seen):
        parameter, _ = owned(mx)
        first = parameter.row_sparse_data(mx.nd.array([1, 2]))
        second = parameter.row_sparse_data(mx.nd.array([3]))
        return seen(first, second)

    return {
        "first": outcome(lambda: run(lambda first, _: first.indices.asnumpy().tolist())),
        "second": outcome(lambda: run(lambda _, second: second.indices.asnumpy().tolist())),
        "the same object": outcome(lambda: run(lambda first, second: first is second)),
    }


@case("1.12 results are marked")
def results_are_marked(mx):
    def run():
        parameter, _ = owned(mx)
        rows = parameter.row_sparse_data(mx.nd.array([1, 2]))
        parameter.grad()[:] = mx.nd.sparse.row_sparse_array(([[7, 7]], [1]), shape=(5, 2))
        return [rows.grad, rows.stype]

    return {"gradient": outcome(run)}


@case("1.12 save, load and reset_ctx with a Trainer")
def whole_parameter(mx):
    def reduced():
        parameter, _ = owned(mx)
        parameter.row_sparse_data(mx.nd.array([1]))
        return parameter._reduce().asnumpy()

    def moved():
        parameter, _ = owned(mx)
        parameter.reset_ctx([mx.cpu(1)])
        return [parameter.list_ctx(), [array.asnumpy() for array in parameter._data]]

    return {"_reduce": outcome(reduced), "reset_ctx": outcome(moved)}


@case(
    "1.12 rows not pulled survive set_data of another parameter",
    fix="all rows are kept (defect 1)",
    fixed={"rows": gives([0.0, 1.0, 2.0, 3.0, 4.0])},
)
def rows_survive(mx):
    def run():
        parameter, _ = owned(mx)
        other = mx.gluon.Parameter("w", shape=(2,))
        other.initialize("ones")
        parameter._set_trainer(None)
        mx.gluon.Trainer([parameter, other], "sgd", {"learning_rate": 0.1})
        parameter.row_sparse_data(mx.nd.array([1]))
        other.set_data(mx.nd.zeros((2,)))
        rows = parameter.row_sparse_data(mx.nd.arange(5))
        return rows.asnumpy()[:, 0].tolist()

    return {"rows": outcome(run)}


@case("1.12 a second Trainer")
def second_trainer(mx):
    def sparse():
        parameter, _ = owned(mx)
        mx.gluon.Trainer([parameter], "sgd")

    def dense():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.initialize("ones")
        mx.gluon.Trainer([parameter], "sgd")
        second = mx.gluon.Trainer([parameter], "sgd")
        return parameter._trainer is second

    return {"sparse": outcome(sparse), "dense": outcome(dense)}
