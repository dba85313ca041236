"""Parameter.cast and the dtype property."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, raises, refused


def filled(mx, **keywords):
    """w on cpu(0) and cpu(1): data [1.5, -2.5], gradient [0.5, 30]."""
    parameter = mx.gluon.Parameter("w", shape=(2,), **keywords)
    parameter.initialize(init="zeros", ctx=[mx.cpu(0), mx.cpu(1)])
    parameter.set_data(mx.nd.array([1.5, -2.5]))
    for gradient in parameter._grad or []:
        gradient[:] = np.array([0.5, 30])
    return parameter


@case("1.8 cast")
def cast(mx):
    def to(target, **keywords):
        def run():
            parameter = filled(mx, **keywords)
            data = parameter.data(mx.cpu(0))
            gradient = parameter._grad[0] if parameter._grad else None
            parameter.cast(target)
            new_gradient = parameter._grad[0] if parameter._grad else None
            return [
                parameter.dtype,
                parameter.list_data(),
                parameter._grad,
                parameter.grad_req,
                parameter.data(mx.cpu(0)) is data,
                gradient is not None and new_gradient is gradient,
                data,
            ]

        return outcome(run)

    return {
        "float16": to("float16"),
        "float64": to("float64"),
        "float32 again": to("float32"),
        "type": to(np.float16),
        "NumPy dtype": to(np.dtype("float64")),
        "int32": to("int32"),
        "int8": to("int8"),
        "uint8 of positive": outcome(lambda: positive_to_uint8(mx)),
        "bool": to("bool"),
        "add": to("float16", grad_req="add"),
        "null": to("float16", grad_req="null"),
        "from int32": to("float32", dtype="int32"),
        "from float16": to("float32", dtype="float16"),
    }


def positive_to_uint8(mx):
    parameter = mx.gluon.Parameter("w", shape=(2,))
    parameter.initialize(mx.init.Constant(2.75))
    parameter.cast("uint8")
    return [parameter.data(), parameter.grad()]


@case("1.8 the dtype property")
def dtype_property(mx):
    def run(dtype):
        parameter = filled(mx)
        parameter.dtype = dtype
        return [parameter.dtype, parameter.list_data(), parameter.list_grad()]

    return {
        "float16": outcome(lambda: run("float16")),
        "float64": outcome(lambda: run(np.float64)),
    }


@case("1.8 uninitialised and deferred")
def uninitialised(mx):
    def new():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.cast("float16")
        before = [parameter.dtype, parameter._data]
        parameter.initialize("ones")
        return [before, parameter.data(), parameter.grad()]

    def deferred():
        parameter = mx.gluon.Parameter("w", shape=(0,), allow_deferred_init=True)
        parameter.initialize("ones")
        parameter.cast("float64")
        parameter.shape = (2,)
        parameter._finish_deferred_init()
        return [parameter.dtype, parameter.data(), parameter.grad()]

    return {"new": outcome(new), "deferred": outcome(deferred)}


@case("1.8 marks after a cast")
def marks(mx):
    def run(**keywords):
        parameter = filled(mx, **keywords)
        parameter.data(mx.cpu(0))._fresh_grad = True
        parameter.cast("float64")
        data = parameter.data(mx.cpu(0))
        return [data.grad, bool(data._fresh_grad)]

    return {
        "write": outcome(lambda: run()),
        "add": outcome(lambda: run(grad_req="add")),
    }


@case("1.8 sparse")
def sparse(mx):
    def rows():
        parameter = mx.gluon.Parameter(
            "w", shape=(3, 2), stype="row_sparse", grad_stype="row_sparse"
        )
        parameter.initialize("ones")
        parameter.cast("float64")
        return [parameter.dtype, parameter._data, parameter._grad]

    def gradient():
        parameter = mx.gluon.Parameter("w", shape=(3, 2), grad_stype="row_sparse")
        parameter.initialize("ones")
        parameter.grad()[:] = mx.nd.array([[0, 0], [1, 2], [0, 0]]).tostype("row_sparse")
        parameter.cast("float16")
        return [parameter.data(), parameter.grad()]

    def columns():
        parameter = mx.gluon.Parameter("w", shape=(2, 3), grad_stype="csr")
        parameter.initialize("ones")
        parameter.cast("float64")
        return [parameter.data(), parameter.grad()]

    return {
        "row_sparse": outcome(rows),
        "row_sparse gradient": outcome(gradient),
        "csr gradient": outcome(columns),
    }


@case("1.8 inside record")
def inside_record(mx):
    def run():
        parameter = filled(mx)
        with mx.autograd.record():
            parameter.cast("float16")
            recording = mx.autograd.is_recording()
        return [bool(recording), parameter.list_data(), parameter.list_grad()]

    return {"cast": outcome(run)}


@case(
    "1.8 refused casts",
    fix="an impossible dtype is refused before anything changes (defect 13); None is float32",
    fixed={
        "unknown text": any_of(raises("TypeError"), raises("ValueError")),
        "unknown text, uninitialised": any_of(raises("TypeError"), raises("ValueError")),
        "complex": any_of(raises("TypeError"), raises("ValueError")),
        "after unknown text": {"value": ["float32", dense([1.5, -2.5])]},
        "after complex": {"value": ["float32", dense([1.5, -2.5])]},
        "None": any_of(gives(["float32", "float32"]), gives(["None", "float32"]), refused),
    },
)
def refused_casts(mx):
    def to(dtype):
        return outcome(lambda: filled(mx).cast(dtype))

    def after(dtype):
        parameter = filled(mx)
        if "raises" not in outcome(lambda: parameter.cast(dtype)):
            return "accepted"
        return [str(np.dtype(parameter.dtype)), parameter.data(mx.cpu(0))]

    def none():
        parameter = filled(mx)
        parameter.cast(None)
        dtype = parameter.dtype
        shown = "None" if dtype is None else np.dtype(dtype).name
        return [shown, np.dtype(parameter.data(mx.cpu(0)).dtype).name]

    return {
        "unknown text": to("foo"),
        "unknown text, uninitialised": outcome(
            lambda: mx.gluon.Parameter("w", shape=(2,)).cast("foo")
        ),
        "complex": to("complex64"),
        "after unknown text": outcome(lambda: after("foo")),
        "after complex": outcome(lambda: after("complex64")),
        "None": outcome(none),
    }


@case(
    "1.8 the variable after a cast",
    fix="var() may follow changes of dtype and shape; MXNet keeps the first variable",
    fixed={
        "dtype": any_of(gives("0"), gives("2")),
        "shape": any_of(gives("(0, 2)"), gives("(3, 2)")),
    },
)
def stale_variable(mx):
    def dtype():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.var()
        parameter.cast("float16")
        return parameter.var().attr("__dtype__")

    def shape():
        parameter = mx.gluon.Parameter("w", shape=(0, 2))
        parameter.var()
        parameter.shape = (3, 2)
        return parameter.var().attr("__shape__")

    return {"dtype": outcome(dtype), "shape": outcome(shape)}
