"""zero_grad of one parameter and of a dictionary."""

from harness import case, dense, gives, outcome, row_sparse


def ones(mx, **keywords):
    """An initialised parameter w of shape (2, 2) whose gradient is all 5."""
    parameter = mx.gluon.Parameter("w", shape=(2, 2), **keywords)
    parameter.initialize(init="ones", ctx=[mx.cpu(0), mx.cpu(1)])
    if parameter.grad_req != "null":
        for gradient in parameter.list_grad():
            gradient[:] = 5
    return parameter


@case("1.10 Parameter.zero_grad")
def zero_grad(mx):
    def cleared(**keywords):
        parameter = ones(mx, **keywords)
        gradients = list(parameter.list_grad())
        parameter.zero_grad()
        same = [one is other for one, other in zip(gradients, parameter.list_grad(), strict=True)]
        return [same, parameter.list_grad(), parameter.list_data()]

    def row_sparse_gradient():
        parameter = mx.gluon.Parameter("w", shape=(3, 2), grad_stype="row_sparse")
        parameter.initialize(init="ones")
        gradient = parameter.grad()
        gradient[:] = mx.nd.ones((3, 2)).tostype("row_sparse")
        before = gradient.indices.asnumpy().tolist()
        parameter.zero_grad()
        return [before, parameter.grad() is gradient, gradient]

    def csr_gradient():
        parameter = mx.gluon.Parameter("w", shape=(2, 3), grad_stype="csr")
        parameter.initialize(init="ones")
        parameter.grad()[:] = mx.nd.ones((2, 3)).tostype("csr")
        parameter.zero_grad()
        return parameter.grad()

    def nan():
        parameter = ones(mx)
        parameter.grad(mx.cpu(0))[:] = float("nan")
        parameter.grad(mx.cpu(1))[:] = float("inf")
        parameter.zero_grad()
        return parameter.list_grad()

    def without(**keywords):
        parameter = mx.gluon.Parameter("w", shape=(2,), **keywords)
        first = parameter.zero_grad()
        parameter.initialize(init="ones")
        return [first, parameter.zero_grad(), parameter.data()]

    def fresh_flag(value):
        parameter = ones(mx)
        parameter.data(mx.cpu(0))._fresh_grad = value
        parameter.zero_grad()
        return bool(parameter.data(mx.cpu(0))._fresh_grad)

    return {
        "write": outcome(cleared),
        "add": outcome(lambda: cleared(grad_req="add")),
        "int32": outcome(lambda: cleared(dtype="int32")),
        "float16": outcome(lambda: cleared(dtype="float16")),
        "row_sparse": outcome(row_sparse_gradient),
        "csr": outcome(csr_gradient),
        "NaN and infinity": outcome(nan),
        "null": outcome(lambda: without(grad_req="null")),
        "uninitialised": outcome(lambda: without()),
        "the fresh flag set": outcome(lambda: fresh_flag(True)),
        "the fresh flag unset": outcome(lambda: fresh_flag(False)),
    }


@case("1.10 ParameterDict.zero_grad")
def zero_grad_of_all(mx):
    def mixed():
        parameters = mx.gluon.ParameterDict("net_")
        both = [mx.cpu(0), mx.cpu(1)]
        parameters.get("weight", shape=(2, 2)).initialize("ones", ctx=both)
        parameters.get("bias", shape=(3,), dtype="float16").initialize("ones", ctx=both)
        parameters.get("wide", shape=(2,), dtype="float64").initialize("ones", ctx=mx.cpu(1))
        parameters.get("fixed", shape=(2,), grad_req="null").initialize("ones", ctx=both)
        parameters.get("table", shape=(3, 2), grad_stype="row_sparse").initialize("ones")
        parameters.get("later", shape=(0,), allow_deferred_init=True).initialize("ones")
        parameters.get("never", shape=(2,))
        parameters.get_constant("constant", mx.nd.ones((2,))).initialize()
        gradients = [
            gradient for parameter in parameters.values() for gradient in parameter._grad or []
        ]
        for gradient in gradients:
            full = mx.nd.ones(gradient.shape).tostype(gradient.stype)
            gradient[:] = full if gradient.stype != "default" else 3
        parameters.zero_grad()
        after = [
            gradient for parameter in parameters.values() for gradient in parameter._grad or []
        ]
        same = [one is other for one, other in zip(gradients, after, strict=True)]
        return [same, after, [p._data for p in parameters.values()]]

    def nothing_to_do():
        parameters = mx.gluon.ParameterDict()
        first = parameters.zero_grad()
        parameters.get("fixed", shape=(2,), grad_req="null").initialize()
        parameters.get("new", shape=(2,))
        return [first, parameters.zero_grad()]

    def shared_parameter():
        parameters = mx.gluon.ParameterDict("a_")
        other = mx.gluon.ParameterDict("b_")
        weight = parameters.get("weight", shape=(2,))
        weight.initialize("ones")
        other.update(parameters)
        weight.grad()[:] = 4
        other.zero_grad()
        return weight.grad()

    return {
        "mixed": outcome(mixed),
        "nothing to do": outcome(nothing_to_do),
        "through another dictionary": outcome(shared_parameter),
    }


@case(
    "1.10 ParameterDict.zero_grad of integers",
    fix="gradients of every dtype are zeroed; MXNet refuses all but floating point",
    fixed={
        dtype: {"value": [dense([0, 0], dtype), dense([0, 0])]}
        for dtype in ("int32", "int64", "int8", "uint8", "bool")
    },
)
def zero_grad_of_integers(mx):
    def zero(dtype):
        parameters = mx.gluon.ParameterDict()
        parameters.get("count", shape=(2,), dtype=dtype).initialize("ones")
        parameters.get("weight", shape=(2,)).initialize("ones")
        for parameter in parameters.values():
            parameter.grad()[:] = 1
        parameters.zero_grad()
        return [parameter.grad() for parameter in parameters.values()]

    return {
        dtype: outcome(lambda dtype=dtype: zero(dtype))
        for dtype in ("int32", "int64", "int8", "uint8", "bool")
    }


@case(
    "1.10 zero_grad inside record",
    fix="Parameter.zero_grad works inside record() (defect 18)",
    fixed={
        "dense": gives([0.0, 0.0]),
        "row_sparse": {"value": row_sparse((3, 2), [], [])},
    },
)
def zero_grad_inside_record(mx):
    def one():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.initialize(init="ones")
        parameter.grad()[:] = 3
        with mx.autograd.record():
            parameter.zero_grad()
        return parameter.grad().asnumpy().tolist()

    def sparse():
        parameter = mx.gluon.Parameter("w", shape=(3, 2), grad_stype="row_sparse")
        parameter.initialize(init="ones")
        with mx.autograd.record():
            parameter.zero_grad()
        return parameter.grad()

    return {"dense": outcome(one), "row_sparse": outcome(sparse)}


@case(
    "1.10 ParameterDict.zero_grad inside record",
    crashes="segmentation fault",
    fix="it works, paused (defect 18)",
    fixed={"zeroed": gives([0.0, 0.0]), "still recording": gives(True)},
)
def zero_grad_of_all_inside_record(mx):
    parameters = mx.gluon.ParameterDict()
    weight = parameters.get("weight", shape=(2,))
    weight.initialize("ones")
    weight.grad()[:] = 3
    with mx.autograd.record():
        parameters.zero_grad()
        recording = mx.autograd.is_recording()
    return {
        "zeroed": outcome(lambda: weight.grad().asnumpy().tolist()),
        "still recording": outcome(lambda: bool(recording)),
    }
