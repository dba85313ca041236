"""Parameter.set_data: order of checks, conversions, deferred data, refusals."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, raises, refused, row_sparse


def ones(mx, shape=(2, 2), **keywords):
    """An initialised parameter of ones on cpu(0) and cpu(1)."""
    parameter = mx.gluon.Parameter("w", shape=shape, **keywords)
    parameter.initialize(init="ones", ctx=[mx.cpu(0), mx.cpu(1)])
    return parameter


def counting(mx, shape=(2, 2), dtype="float32"):
    size = int(np.prod(shape))
    return mx.nd.array(np.arange(1, size + 1).reshape(shape), dtype=dtype)


@case("1.7 initialised")
def initialised(mx):
    def set_to(make, **keywords):
        def run():
            parameter = ones(mx, **keywords)
            before = parameter.list_data()
            parameter.set_data(make())
            same = [one is other for one, other in zip(before, parameter.list_data(), strict=True)]
            return [same, parameter.list_data(), parameter.dtype]

        return outcome(run)

    values = np.array([[1.5, -2.5], [3.5, 70000.0]])
    return {
        "NDArray": set_to(lambda: counting(mx)),
        "NDArray elsewhere": set_to(lambda: counting(mx).as_in_context(mx.cpu(3))),
        "NumPy": set_to(lambda: values.astype("float32")),
        "NumPy float64": set_to(lambda: values),
        "NumPy int": set_to(lambda: np.arange(4).reshape(2, 2)),
        "NumPy view": set_to(lambda: np.arange(16.0).reshape(4, 4)[::2, ::2]),
        "NumPy Fortran order": set_to(lambda: np.asfortranarray(np.arange(4.0).reshape(2, 2))),
        "NumPy big endian": set_to(lambda: np.arange(4, dtype=">f4").reshape(2, 2)),
        "float64 into float32": set_to(
            lambda: mx.nd.array([[0.1, 1e-50], [1e300, 3]], dtype="float64")
        ),
        "float32 into float16": set_to(lambda: mx.nd.array(values), dtype="float16"),
        "int32 into float16": set_to(lambda: counting(mx, dtype="int32"), dtype="float16"),
        "float32 into int32": set_to(lambda: mx.nd.array([[1.7, -1.7], [0.5, 3]]), dtype="int32"),
        "float32 into bool": set_to(lambda: mx.nd.array([[0, 2], [0.5, 0]]), dtype="bool"),
        "no dtype": set_to(lambda: counting(mx, dtype="float64"), dtype=None),
    }


@case("1.7 values are copied")
def values_are_copied(mx):
    def run(source):
        parameter = ones(mx)
        parameter.set_data(source)
        source[:] = 9
        return parameter.list_data()

    def itself():
        parameter = ones(mx)
        parameter.data(mx.cpu(0))[:] = 3
        parameter.set_data(parameter.data(mx.cpu(0)))
        return parameter.list_data()

    def gradients_stay():
        parameter = ones(mx)
        gradient = parameter.grad(mx.cpu(0))
        gradient[:] = 5
        parameter.set_data(counting(mx))
        return [parameter.grad(mx.cpu(0)) is gradient, gradient, parameter.data(mx.cpu(0)).grad]

    return {
        "NDArray": outcome(lambda: run(counting(mx))),
        "NumPy": outcome(lambda: run(np.zeros((2, 2), dtype="float32"))),
        "its own copy": outcome(itself),
        "gradients stay": outcome(gradients_stay),
    }


@case("1.7 refusals")
def refusals(mx):
    def set_to(make, **keywords):
        return outcome(lambda: ones(mx, **keywords).set_data(make()))

    return {
        "other shape": set_to(lambda: counting(mx, (2, 3))),
        "other shape, NumPy": set_to(lambda: np.zeros((3, 2))),
        "shape that would broadcast": set_to(lambda: counting(mx, (1, 2))),
        "more dimensions": set_to(lambda: counting(mx, (2, 2, 1))),
        "fewer dimensions": set_to(lambda: counting(mx, (4,))),
        "NumPy scalar": set_to(lambda: np.float32(1)),
        "row_sparse into dense": set_to(lambda: counting(mx).tostype("row_sparse")),
        "csr into dense": set_to(lambda: counting(mx).tostype("csr")),
    }


@case(
    "1.7 refusals of what is no array",
    fix="MXNet fails by accident, on a missing attribute; what is no array is refused as such",
    fixed={"list": refused, "scalar": refused, "none": refused, "text": refused},
)
def no_array(mx):
    def set_to(value):
        return outcome(lambda: ones(mx).set_data(value))

    return {
        "list": set_to([[1, 2], [3, 4]]),
        "scalar": set_to(1.0),
        "none": set_to(None),
        "text": set_to("ones"),
    }


@case("1.7 a refusal changes nothing")
def refusal_changes_nothing(mx):
    def run(make):
        parameter = ones(mx)
        if "raises" not in outcome(lambda: parameter.set_data(make())):
            return "accepted"
        return [parameter.shape, parameter.list_data()]

    return {
        "other shape": outcome(lambda: run(lambda: counting(mx, (2, 3)))),
        "list": outcome(lambda: run(lambda: [1])),
        "row_sparse": outcome(lambda: run(lambda: counting(mx).tostype("row_sparse"))),
    }


@case("1.7 uninitialised")
def uninitialised(mx):
    def run(shape, data):
        return outcome(lambda: mx.gluon.Parameter("w", shape=shape).set_data(data))

    return {
        "same shape": run((2, 2), counting(mx)),
        "other shape": run((2, 3), counting(mx)),
        "no shape": run(None, counting(mx)),
    }


@case(
    "1.7 uninitialised: the shape",
    fix="a refused set_data changes nothing (defect 13)",
    fixed={"no shape": gives(None), "unknown dimension": gives((0, 2))},
)
def uninitialised_shape(mx):
    def run(shape):
        parameter = mx.gluon.Parameter("w", shape=shape)
        if "raises" not in outcome(lambda: parameter.set_data(counting(mx))):
            return "accepted"
        return parameter.shape

    return {
        "no shape": outcome(lambda: run(None)),
        "unknown dimension": outcome(lambda: run((0, 2))),
    }


@case("1.7 deferred")
def deferred(mx):
    def new(shape=(0, 2), **keywords):
        parameter = mx.gluon.Parameter("w", shape=shape, allow_deferred_init=True, **keywords)
        parameter.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])
        return parameter

    def run():
        parameter = new()
        parameter.set_data(counting(mx))
        state = [parameter.shape, parameter._data, bool(parameter._deferred_init)]
        parameter._finish_deferred_init()
        return [state, parameter.list_data(), parameter.list_grad(), parameter._deferred_init]

    def before_finish():
        parameter = new()
        parameter.set_data(counting(mx))
        return parameter.data()

    def twice():
        parameter = new()
        parameter.set_data(counting(mx))
        parameter.set_data(counting(mx) * 2)
        parameter._finish_deferred_init()
        return parameter.list_data()

    def initialised_again():
        parameter = new()
        parameter.set_data(counting(mx))
        parameter.initialize("ones", ctx=mx.cpu(0))
        parameter._finish_deferred_init()
        return parameter.list_data()

    def wrong_shape():
        new().set_data(counting(mx, (2, 3)))

    return {
        "data": outcome(run),
        "before the end": outcome(before_finish),
        "twice": outcome(twice),
        "initialised again": outcome(initialised_again),
        "wrong shape": outcome(wrong_shape),
    }


@case(
    "1.7 deferred data",
    fix="deferred data is copied, converted to the parameter's dtype, and may be a NumPy array",
    fixed={
        "source changed later": {"value": dense([[1, 2], [3, 4]])},
        "NumPy": {"value": dense([[1, 2], [3, 4]])},
        "dtype of the parameter": {"value": dense([[1, 2], [3, 4]], "float16")},
    },
)
def deferred_data_is_copied(mx):
    def finish(data, change=False, **keywords):
        parameter = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True, **keywords)
        parameter.initialize("zeros")
        parameter.set_data(data)
        if change:
            data[:] = 9
        parameter._finish_deferred_init()
        return parameter.data()

    host = np.array([[1, 2], [3, 4]], dtype="float32")
    return {
        "source changed later": outcome(lambda: finish(counting(mx), change=True)),
        "NumPy": outcome(lambda: finish(host)),
        "dtype of the parameter": outcome(lambda: finish(counting(mx), dtype="float16")),
    }


@case("1.7 row_sparse parameters")
def row_sparse_parameters(mx):
    """Seen through _data, which always holds all rows in numparam."""

    def run(make, dtype="float32"):
        def set_and_show():
            parameter = mx.gluon.Parameter("w", shape=(3, 2), stype="row_sparse", dtype=dtype)
            parameter.initialize("ones")
            parameter.set_data(make())
            return parameter._data[0].asnumpy()

        return outcome(set_and_show)

    values = np.array([[1, 2], [0, 0], [5, 6]], dtype="float32")
    return {
        "dense": run(lambda: mx.nd.array(values)),
        "row_sparse": run(lambda: mx.nd.array(values).tostype("row_sparse")),
        "csr": run(lambda: mx.nd.array(values).tostype("csr")),
        "other shape": run(lambda: mx.nd.zeros((2, 2), stype="row_sparse")),
        "row_sparse float64": run(
            lambda: mx.nd.array(values, dtype="float64").tostype("row_sparse"), "float64"
        ),
    }


@case(
    "1.7 row_sparse parameters keep all rows",
    fix="every row stays present after set_data",
    fixed={
        "dense": {"value": row_sparse((3, 2), [0, 1, 2], [[1, 2], [0, 0], [5, 6]])},
        "row_sparse": {"value": row_sparse((3, 2), [0, 1, 2], [[1, 2], [0, 0], [5, 6]])},
        "NumPy": lambda encoding: (
            encoding.get("value", {}).get("indices", {}).get("data") == "0 1 2"
        ),
        "dense, other dtype": any_of(
            {"value": row_sparse((3, 2), [0, 1, 2], [[1, 2], [0, 0], [5, 6]])},
            raises("TypeError"),
            raises("MXNetError"),
        ),
    },
)
def row_sparse_parameters_keep_rows(mx):
    values = np.array([[1, 2], [0, 0], [5, 6]], dtype="float32")

    def run(make):
        parameter = mx.gluon.Parameter("w", shape=(3, 2), stype="row_sparse")
        parameter.initialize("ones")
        parameter.set_data(make())
        return parameter._data[0]

    return {
        "dense": outcome(lambda: run(lambda: mx.nd.array(values))),
        "row_sparse": outcome(lambda: run(lambda: mx.nd.array(values).tostype("row_sparse"))),
        "NumPy": outcome(lambda: run(lambda: values)),
        "dense, other dtype": outcome(lambda: run(lambda: mx.nd.array(values, dtype="float64"))),
    }


@case(
    "1.7 inside record",
    fix="set_data works inside record() (defect 18)",
    fixed={"set": {"value": dense([[1, 2], [3, 4]], context="cpu(1)")}},
)
def inside_record(mx):
    def run():
        parameter = ones(mx)
        with mx.autograd.record():
            parameter.set_data(counting(mx))
        return parameter.data(mx.cpu(1))

    def without_gradient():
        parameter = ones(mx, grad_req="null")
        with mx.autograd.record():
            parameter.set_data(counting(mx))
        return parameter.data(mx.cpu(1))

    return {"set": outcome(run), "without gradient": outcome(without_gradient)}


@case("1.7 shape None with data")
def shape_taken_from_data(mx):
    def run():
        parameter = mx.gluon.Parameter("w", shape=(0, 0), allow_deferred_init=True)
        parameter.initialize("zeros")
        parameter.set_data(counting(mx, (3, 2)))
        return parameter.shape

    def with_arrays():
        parameter = mx.gluon.Parameter("w")
        parameter._init_impl(mx.nd.zeros((3, 2)), [mx.cpu(0), mx.cpu(1)])
        parameter.set_data(counting(mx, (3, 2)))
        return [parameter.shape, parameter.list_data()]

    return {"taken": outcome(run), "arrays without a shape": outcome(with_arrays)}
