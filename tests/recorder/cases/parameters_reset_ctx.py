"""reset_ctx, and the average over contexts that it and save take."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, refused, row_sparse


def copies(mx, values, dtype="float32", **keywords):
    """A parameter whose copy on cpu(i) holds values[i]."""
    shape = np.shape(values[0])
    parameter = mx.gluon.Parameter("w", shape=shape, dtype=dtype, **keywords)
    parameter.initialize("zeros", ctx=[mx.cpu(i) for i in range(len(values))])
    for array, value in zip(parameter.list_data(), values, strict=True):
        array[:] = np.array(value)
    return parameter


@case("1.9 _reduce")
def reduce(mx):
    def average(values, dtype="float32"):
        return outcome(lambda: copies(mx, values, dtype)._reduce())

    def alone(context):
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.initialize("ones", ctx=context)
        return [parameter._reduce(), parameter._reduce() is parameter.data()]

    return {
        "one copy": outcome(lambda: alone(mx.cpu(0))),
        "one copy elsewhere": outcome(lambda: alone(mx.cpu(2))),
        "two": average([[1.0, 2.0], [2.0, 4.0]]),
        "three": average([[3.0, 0.0], [6.0, 0.0], [0.0, 3.0]]),
        "four, float64": average([[1.0], [2.0], [3.0], [4.0]], "float64"),
        "two, float16": average([[1.0], [2.0]], "float16"),
        "two, int32": average([[1, 3], [2, 4]], "int32"),
        "two, negative int32": average([[-1, -3], [-2, -4]], "int32"),
        "three, int64": average([[1], [1], [2]], "int64"),
        "NaN": average([[float("nan"), 1.0], [1.0, float("inf")]]),
    }


@case(
    "1.9 a mean rounds once",
    fix="sums are taken wider than the copies, and never wrap",
    fixed={
        "k identical copies": gives([True] * 8),
        "int8 that would wrap": {"value": dense([100, -100], "int8")},
        "float16 that would overflow": {"value": dense([60000], "float16")},
        "float32 that would overflow": {"value": dense([3e38])},
    },
)
def mean_rounds_once(mx):
    def identical(count):
        value = np.array([0.1, 1 / 3, 1e-3, 7.7, 3e-39], dtype="float32")
        mean = copies(mx, [value] * count)._reduce().asnumpy()
        return bool((mean == value).all())

    return {
        "k identical copies": outcome(lambda: [identical(count) for count in range(1, 9)]),
        "int8 that would wrap": outcome(
            lambda: copies(mx, [[100, -100], [100, -100]], "int8")._reduce()
        ),
        "float16 that would overflow": outcome(
            lambda: copies(mx, [[60000], [60000]], "float16")._reduce()
        ),
        "float32 that would overflow": outcome(lambda: copies(mx, [[3e38], [3e38]])._reduce()),
    }


@case("1.9 reset_ctx")
def reset_ctx(mx):
    def moved(ctx, values=([1.0, 2.0], [2.0, 4.0]), **keywords):
        def run():
            parameter = copies(mx, list(values), **keywords)
            data = parameter.list_data()
            for gradient in parameter._grad or []:
                gradient[:] = 5
            parameter.reset_ctx(ctx)
            return [
                parameter.list_ctx(),
                parameter.list_data(),
                parameter._grad,
                any(new is old for new in parameter.list_data() for old in data),
            ]

        return outcome(run)

    def to_current():
        parameter = copies(mx, [[1.0, 2.0]])
        with mx.cpu(3):
            parameter.reset_ctx(None)
        return parameter.list_data()

    def marked():
        parameter = copies(mx, [[1.0, 2.0]])
        parameter.reset_ctx(mx.cpu(1))
        return [parameter.data().grad, parameter.grad_req]

    return {
        "one": moved(mx.cpu(2)),
        "list": moved([mx.cpu(1), mx.cpu(0)]),
        "tuple": moved((mx.cpu(1),)),
        "the same": moved([mx.cpu(0), mx.cpu(1)]),
        "int32 truncates": moved(mx.cpu(0), values=([1, -1], [2, -2]), dtype="int32"),
        "float64": moved(mx.cpu(0), dtype="float64"),
        "null": moved(mx.cpu(1), grad_req="null"),
        "add": moved(mx.cpu(1), grad_req="add"),
        "current context": outcome(to_current),
        "marked": outcome(marked),
    }


@case("1.9 reset_ctx of other states")
def reset_ctx_states(mx):
    def deferred():
        parameter = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
        parameter.initialize("ones", ctx=mx.cpu(0))
        parameter.reset_ctx([mx.cpu(1), mx.cpu(2)])
        before = parameter.list_ctx()
        parameter.shape = (1, 2)
        parameter._finish_deferred_init()
        return [before, parameter.list_data()]

    def deferred_with_data():
        parameter = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
        parameter.initialize("ones", ctx=mx.cpu(0))
        parameter.set_data(mx.nd.array([[3, 4]]))
        parameter.reset_ctx(mx.cpu(1))
        parameter._finish_deferred_init()
        return parameter.list_data()

    def recorded():
        parameter = copies(mx, [[1.0, 2.0], [2.0, 4.0]])
        with mx.autograd.record():
            parameter.reset_ctx(mx.cpu(1))
            recording = mx.autograd.is_recording()
        return [bool(recording), parameter.list_data(), parameter.list_grad()]

    def gradient_storage():
        parameter = mx.gluon.Parameter("w", shape=(2, 2), grad_stype="row_sparse")
        parameter.initialize("ones")
        parameter.reset_ctx(mx.cpu(1))
        return [parameter.list_data(), parameter.list_grad()]

    return {
        "deferred": outcome(deferred),
        "deferred with data": outcome(deferred_with_data),
        "inside record": outcome(recorded),
        "row_sparse gradient": outcome(gradient_storage),
        "uninitialised": outcome(lambda: mx.gluon.Parameter("w", shape=(2,)).reset_ctx(mx.cpu(1))),
        "uninitialised, current": outcome(
            lambda: mx.gluon.Parameter("w", shape=(2,)).reset_ctx(None)
        ),
    }


@case(
    "1.9 reset_ctx refused",
    fix="a refused reset_ctx changes nothing; an empty list may be refused",
    fixed={
        "text": refused,
        "empty list": any_of(gives(0), refused),
    },
)
def reset_ctx_refused(mx):
    def after_text():
        parameter = copies(mx, [[1.0, 2.0]])
        outcome(lambda: parameter.reset_ctx("cpu"))
        return parameter.list_data()

    def empty():
        parameter = copies(mx, [[1.0, 2.0]])
        parameter.reset_ctx([])
        return len(parameter.list_data())

    return {
        "text": outcome(lambda: copies(mx, [[1.0, 2.0]]).reset_ctx("cpu")),
        "after text": outcome(after_text),
        "empty list": outcome(empty),
    }


@case(
    "1.9 sparse parameters without a Trainer",
    fix="the average and the move work from _data, and keep the dtype (defects 5 and 6)",
    fixed={
        "_reduce": lambda encoding: encoding.get("value", {}).get("shape") == [3, 2],
        "_reduce, float64": lambda encoding: encoding.get("value", {}).get("dtype") == "float64",
        "reset_ctx": {"value": [row_sparse((3, 2), [0, 1, 2], [[1, 1]] * 3, context="cpu(1)")]},
        "reset_ctx, float64": {
            "value": [row_sparse((3, 2), [0, 1, 2], [[1, 1]] * 3, "float64", "cpu(1)")]
        },
        "average of two": gives([[1.5, 1.5]] * 3),
        "csr _reduce": lambda encoding: encoding.get("value", {}).get("shape") == [3, 2],
    },
)
def sparse_without_trainer(mx):
    def made(stype="row_sparse", **keywords):
        parameter = mx.gluon.Parameter("w", shape=(3, 2), stype=stype, **keywords)
        parameter.initialize("ones" if stype == "row_sparse" else "uniform")
        return parameter

    def moved(**keywords):
        parameter = made(**keywords)
        parameter.reset_ctx(mx.cpu(1))
        return parameter._data

    def averaged():
        parameter = mx.gluon.Parameter("w", shape=(3, 2), stype="row_sparse")
        parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        parameter._data[1][:] = mx.nd.full((3, 2), 2).tostype("row_sparse")
        return parameter._reduce().asnumpy().tolist()

    return {
        "_reduce": outcome(lambda: made()._reduce()),
        "_reduce, float64": outcome(lambda: made(dtype="float64")._reduce()),
        "reset_ctx": outcome(moved),
        "reset_ctx, float64": outcome(lambda: moved(dtype="float64")),
        "average of two": outcome(averaged),
        "csr _reduce": outcome(lambda: made("csr")._reduce()),
    }
