"""The constructor of Parameter: every argument, what it keeps, and what it refuses."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, raises, refused

DTYPES = ("float16", "float32", "float64", "uint8", "int8", "int32", "int64", "bool")


@case("1.2 repr")
def representation(mx):
    Parameter = mx.gluon.Parameter
    return {
        "default dtype": outcome(lambda: repr(Parameter("w", shape=(2, 3)))),
        "str": outcome(lambda: str(Parameter("w", shape=(2, 3)))),
        "dtype as text": outcome(lambda: repr(Parameter("w", shape=(2,), dtype="float16"))),
        "dtype as type": outcome(lambda: repr(Parameter("w", shape=(2,), dtype=np.int32))),
        "no shape": outcome(lambda: repr(Parameter("w"))),
        "int shape": outcome(lambda: repr(Parameter("w", shape=5))),
        "unknown dimension": outcome(
            lambda: repr(Parameter("w", shape=(10, 0), allow_deferred_init=True))
        ),
        "storage type not shown": outcome(
            lambda: repr(Parameter("w", shape=(4, 2), stype="row_sparse"))
        ),
        "constant": outcome(lambda: repr(mx.gluon.Constant("c", mx.nd.ones((2, 2))))),
        "names float32": "float32" in repr(Parameter("w", shape=(2,))),
    }


@case("1.2 defaults and plain attributes")
def attributes(mx):
    parameter = mx.gluon.Parameter("w", shape=(2, 3))
    custom = mx.gluon.Parameter(
        "v", "add", (4,), "float16", 2.0, 0.5, "ones", True, True, "default", "row_sparse"
    )

    def rename():
        parameter.name = "other"
        parameter.lr_mult = 0.1
        parameter.wd_mult = 3
        parameter.init = "zeros"
        return [parameter.name, parameter.lr_mult, parameter.wd_mult, parameter.init]

    return {
        "defaults": outcome(
            lambda: [
                parameter.name,
                parameter.grad_req,
                parameter.shape,
                parameter.dtype,
                parameter.lr_mult,
                parameter.wd_mult,
                parameter.init,
            ]
        ),
        "private defaults": outcome(
            lambda: [
                parameter._stype,
                parameter._grad_stype,
                parameter._deferred_init,
                parameter._allow_deferred_init,
                parameter._differentiable,
            ]
        ),
        "by position": outcome(
            lambda: [
                custom.name,
                custom.grad_req,
                custom.shape,
                custom.dtype,
                custom.lr_mult,
                custom.wd_mult,
                custom.init,
                custom._allow_deferred_init,
                custom._differentiable,
                custom._stype,
                custom._grad_stype,
            ]
        ),
        "plain attributes can be set": outcome(rename),
        "stype is not public": outcome(lambda: parameter.stype),
        "grad_stype is not public": outcome(lambda: parameter.grad_stype),
        "no name": outcome(lambda: mx.gluon.Parameter()),
        "unknown keyword": outcome(lambda: mx.gluon.Parameter("w", unknown=1)),
        "name cannot be missing from errors": outcome(lambda: parameter.data()),
    }


@case("1.2 shape")
def shape_forms(mx):
    def shape(value):
        return outcome(lambda: mx.gluon.Parameter("w", shape=value).shape)

    return {
        "none": shape(None),
        "tuple": shape((2, 3)),
        "int": shape(7),
        "empty": shape(()),
        "zero is unknown": shape((0, 3)),
        "minus one": shape((-1, 3)),
        "zero int": shape(0),
    }


@case(
    "1.2 shape",
    fix="a shape is a tuple of int",
    fixed={
        "list": gives((2, 3)),
        "list reaches the symbol": gives("(2, 3)"),
        "NumPy integer": gives((4,)),
        "initialize from a NumPy integer": {"value": dense([0, 0, 0, 0])},
        "bool": any_of({"value": {"tuple": [1]}}, raises("TypeError")),
    },
)
def shape_normalised(mx):
    def shape(value):
        return outcome(lambda: mx.gluon.Parameter("w", shape=value).shape)

    def from_numpy_integer():
        parameter = mx.gluon.Parameter("w", shape=np.int64(4))
        parameter.initialize(init="zeros")
        return parameter.data()

    return {
        "list": shape([2, 3]),
        "list reaches the symbol": outcome(
            lambda: mx.gluon.Parameter("w", shape=[2, 3]).var().attr("__shape__")
        ),
        "NumPy integer": shape(np.int64(4)),
        "NumPy integers": outcome(
            lambda: tuple(
                int(size)
                for size in mx.gluon.Parameter("w", shape=(np.int64(2), np.int32(3))).shape
            )
        ),
        "initialize from a NumPy integer": outcome(from_numpy_integer),
        "bool": shape(True),
    }


@case("1.2 dtype")
def dtypes(mx):
    def made(dtype):
        def make():
            parameter = mx.gluon.Parameter("w", shape=(2,), dtype=dtype)
            stored = parameter.dtype
            parameter.initialize(init="ones")
            return [stored, parameter.data(), parameter.grad(), parameter.dtype]

        return outcome(make)

    return {
        **{f"text {name}": made(name) for name in DTYPES},
        **{f"type {name}": made(np.dtype(name).type) for name in DTYPES},
        "NumPy dtype": made(np.dtype("float64")),
        "none": made(None),
        "float": made(float),
        "int": made(int),
    }


@case("1.2 dtype bfloat16")
def bfloat16_type(mx):
    """numparam takes MXNet's structured dtype, and shows bfloat16 in every form as one dtype."""

    def make():
        parameter = mx.gluon.Parameter("w", shape=(3,), dtype=np.dtype([("bfloat16", np.uint16)]))
        parameter.initialize(init="ones")
        return [parameter.data(), parameter.grad()]

    return {"structured dtype": outcome(make)}


@case(
    "1.2 dtype",
    fix="'bfloat16' is a name like the others; an impossible dtype is refused at once",
    fixed={
        "bfloat16 by name": gives("bfloat16"),
        "uint16 at construction": any_of(gives("made"), raises("TypeError"), raises("ValueError")),
        "unknown text": any_of(raises("TypeError"), raises("ValueError")),
        "complex": any_of(raises("TypeError"), raises("ValueError")),
        "object": any_of(raises("TypeError"), raises("ValueError")),
        "datetime": any_of(raises("TypeError"), raises("ValueError")),
    },
)
def dtypes_refused(mx):
    def construct(dtype):
        def make():
            mx.gluon.Parameter("w", shape=(2,), dtype=dtype)
            return "made"

        return outcome(make)

    def bfloat16():
        parameter = mx.gluon.Parameter("w", shape=(2,), dtype="bfloat16")
        parameter.initialize(init="ones")
        dtype = np.dtype(parameter.data().dtype)
        return "bfloat16" if dtype.names == ("bfloat16",) else dtype.name

    return {
        "bfloat16 by name": outcome(bfloat16),
        "uint16 at construction": construct("uint16"),
        "unknown text": construct("foo"),
        "complex": construct("complex64"),
        "object": construct(object),
        "datetime": construct("datetime64[s]"),
    }


@case("1.2 dtypes that arrays cannot have")
def dtype_refused_at_last(mx):
    """Refused at construction or at initialization, catchable under what each raised."""

    def initialize(dtype):
        parameter = mx.gluon.Parameter("w", shape=(2,), dtype=dtype)
        parameter.initialize(init="ones")
        return parameter.data()

    def refused_type(dtype):
        return "raises" in outcome(lambda: initialize(dtype))

    return {name: refused_type(name) for name in ("complex64", "foo", "object", "S3")}


@case("1.2 grad_req, stype, grad_stype")
def refusals(mx):
    def make(**keywords):
        return outcome(lambda: mx.gluon.Parameter("w", shape=(2, 3), **keywords)._grad_req)

    return {
        "write": make(grad_req="write"),
        "add": make(grad_req="add"),
        "null": make(grad_req="null"),
        "unknown grad_req": make(grad_req="bogus"),
        "no grad_req": make(grad_req=None),
        "int grad_req": make(grad_req=1),
        "not differentiable": make(differentiable=False),
        "not differentiable, add": make(differentiable=False, grad_req="add"),
        "not differentiable, unknown": make(differentiable=False, grad_req="bogus"),
        "invalid stype": make(stype="invalid"),
        "invalid grad_stype": make(grad_stype="invalid"),
        "no stype": make(stype=None),
        "both sparse": make(stype="row_sparse", grad_stype="row_sparse"),
        "csr": make(stype="csr"),
        "csr gradient": make(grad_stype="csr"),
    }


@case("1.2 differentiable")
def not_differentiable(mx):
    def assign(value):
        def run():
            parameter = mx.gluon.Parameter("w", shape=(2,), differentiable=False)
            parameter.grad_req = value
            return parameter.grad_req

        return outcome(run)

    def after_initialize():
        parameter = mx.gluon.Parameter("w", shape=(2,), differentiable=False)
        parameter.initialize(init="ones")
        parameter.grad_req = "write"
        return [parameter.grad_req, parameter._grad, parameter.data()]

    return {
        "write later": assign("write"),
        "add later": assign("add"),
        "unknown later": assign("bogus"),
        "initialised": outcome(after_initialize),
    }


@case("1.2 init is checked by initialize at the latest")
def init_refused(mx):
    """Refused at construction or at initialization; the exception is an AssertionError."""

    def initialize(init):
        def run():
            parameter = mx.gluon.Parameter("w", shape=(2,), init=init)
            parameter.initialize()
            return "initialised"

        return outcome(run)

    return {
        "number": initialize(3.5),
        "class": initialize(mx.init.One),
        "object": initialize(object()),
        "unknown name": initialize("no_such_initializer"),
    }


@case(
    "1.2 name",
    fix="a name is text",
    fixed={"int": refused, "none": refused},
)
def name_is_text(mx):
    return {
        "int": outcome(lambda: mx.gluon.Parameter(3, shape=(2,)).name),
        "none": outcome(lambda: mx.gluon.Parameter(None, shape=(2,)).name),
    }
