"""grad_req and its changes, and gradient arrays."""

import numpy as np
from harness import case, outcome


def ones(mx, **keywords):
    """An initialised parameter w of shape (2, 2) whose gradient is all 5."""
    parameter = mx.gluon.Parameter("w", shape=(2, 2), **keywords)
    parameter.initialize(init="ones", ctx=[mx.cpu(0), mx.cpu(1)])
    if parameter.grad_req != "null":
        for gradient in parameter.list_grad():
            gradient[:] = 5
    return parameter


@case("1.3 the same value again")
def same_value(mx):
    def again(value):
        parameter = ones(mx, grad_req=value)
        data = parameter.data(mx.cpu(0))
        gradient = None if value == "null" else parameter.grad(mx.cpu(0))
        parameter.grad_req = value
        same_gradient = value == "null" or parameter.grad(mx.cpu(0)) is gradient
        return [parameter.data(mx.cpu(0)) is data, same_gradient, parameter._grad]

    return {value: outcome(lambda value=value: again(value)) for value in ("write", "add", "null")}


@case("1.3 write to add and back")
def write_and_add(mx):
    def change(first, second):
        parameter = ones(mx, grad_req=first)
        data, gradient = parameter.data(mx.cpu(1)), parameter.grad(mx.cpu(1))
        parameter.grad_req = second
        return [
            parameter.grad_req,
            parameter.data(mx.cpu(1)) is data,
            parameter.grad(mx.cpu(1)) is gradient,
            gradient,
            parameter.list_grad(),
            parameter.list_data(),
            parameter.data(mx.cpu(1)).grad,
        ]

    return {
        "write to add": outcome(lambda: change("write", "add")),
        "add to write": outcome(lambda: change("add", "write")),
    }


@case("1.3 to null and back")
def to_null(mx):
    def drop(first):
        parameter = ones(mx, grad_req=first)
        old_data = parameter.data(mx.cpu(0))
        parameter.grad_req = "null"
        old_data[:] = 7
        new_data = parameter.data(mx.cpu(0))
        return [
            parameter._grad,
            new_data is old_data,
            "the memory is shared" if new_data.asnumpy()[0, 0] == 7 else "a copy",
            new_data.grad,
            old_data.grad,
        ]

    def back(second):
        parameter = ones(mx, grad_req="null")
        parameter.grad_req = second
        return [parameter.list_grad(), parameter.data(mx.cpu(0)).grad, parameter.list_data()]

    def round_trip():
        parameter = ones(mx)
        for value in ("null", "write", "null", "add", "write"):
            parameter.grad_req = value
        return [parameter.grad_req, parameter.list_grad(), parameter.list_data()]

    return {
        "from write": outcome(lambda: drop("write")),
        "from add": outcome(lambda: drop("add")),
        "to write": outcome(lambda: back("write")),
        "to add": outcome(lambda: back("add")),
        "several changes": outcome(round_trip),
    }


@case("1.3 uninitialised")
def uninitialised(mx):
    def change(value):
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.grad_req = value
        return [parameter.grad_req, parameter._data, parameter._grad]

    def then_initialise(value):
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.grad_req = value
        parameter.initialize(init="ones")
        return [parameter.data(), parameter._grad]

    def deferred(value):
        parameter = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
        parameter.initialize(init="ones")
        parameter.grad_req = value
        parameter.shape = (1, 2)
        parameter._finish_deferred_init()
        return [parameter.data(), parameter._grad]

    return {
        **{value: outcome(lambda value=value: change(value)) for value in ("add", "null")},
        "initialised as null": outcome(lambda: then_initialise("null")),
        "initialised as add": outcome(lambda: then_initialise("add")),
        "deferred as null": outcome(lambda: deferred("null")),
        "deferred as add": outcome(lambda: deferred("add")),
    }


@case("1.3 refused values")
def refused_values(mx):
    def assign(value):
        def run():
            parameter = ones(mx)
            parameter.grad_req = value

        return outcome(run)

    def unchanged():
        parameter = ones(mx)
        try:
            parameter.grad_req = "bogus"
        except AssertionError:
            return [parameter.grad_req, parameter.list_grad()]
        return "accepted"

    return {
        "text": assign("bogus"),
        "upper case": assign("Write"),
        "none": assign(None),
        "int": assign(1),
        "nothing changed": outcome(unchanged),
    }


@case("1.3 inside record")
def inside_record(mx):
    def change(first, second):
        parameter = ones(mx, grad_req=first)
        with mx.autograd.record():
            parameter.grad_req = second
        return [parameter.grad_req, parameter._grad]

    pairs = [("write", "null"), ("write", "add"), ("null", "write")]
    return {
        f"{first} to {second}": outcome(lambda first=first, second=second: change(first, second))
        for first, second in pairs
    }


@case("1.3 grad without a gradient")
def no_gradient(mx):
    null = mx.gluon.Parameter("w", shape=(2,), grad_req="null")
    null.initialize(init="ones")
    new = mx.gluon.Parameter("w", shape=(2,))
    deferred = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
    deferred.initialize()
    new_null = mx.gluon.Parameter("w", shape=(2,), grad_req="null")
    return {
        "null grad": outcome(lambda: null.grad()),
        "null list_grad": outcome(lambda: null.list_grad()),
        "null grad elsewhere": outcome(lambda: null.grad(mx.cpu(3))),
        "uninitialised grad": outcome(lambda: new.grad()),
        "uninitialised list_grad": outcome(lambda: new.list_grad()),
        "uninitialised null": outcome(lambda: new_null.grad()),
        "deferred grad": outcome(lambda: deferred.grad()),
        "deferred list_grad": outcome(lambda: deferred.list_grad()),
    }


@case("1.2 gradients take shape, dtype and their own storage")
def gradient_storage(mx):
    def make(stype, grad_stype, **keywords):
        def run():
            parameter = mx.gluon.Parameter(
                "w", shape=(3, 2), stype=stype, grad_stype=grad_stype, **keywords
            )
            parameter.initialize(init="ones")
            return [parameter._data, parameter._grad, parameter.grad(), parameter._grad[0].stype]

        return outcome(run)

    return {
        "dense and row_sparse": make("default", "row_sparse"),
        "dense and row_sparse, float64": make("default", "row_sparse", dtype="float64"),
        "dense and csr": make("default", "csr"),
        "row_sparse and dense": make("row_sparse", "default"),
        "row_sparse and row_sparse": make("row_sparse", "row_sparse"),
        "row_sparse and row_sparse, add": make("row_sparse", "row_sparse", grad_req="add"),
        "row_sparse, null": outcome(
            lambda: mx.gluon.Parameter(
                "w", shape=(3, 2), stype="row_sparse", grad_req="null"
            ).initialize(init="ones")
        ),
    }


@case("1.6 gradients by context")
def gradients_by_context(mx):
    parameter = mx.gluon.Parameter("w", shape=(2,))
    parameter.initialize(init="ones", ctx=[mx.cpu(0), mx.cpu(1)])
    parameter.grad(mx.cpu(1))[:] = np.float32(2)
    data = parameter.data(mx.cpu(1))
    return {
        "grad(cpu(1))": outcome(lambda: parameter.grad(mx.cpu(1))),
        "grad(cpu(0))": outcome(lambda: parameter.grad(mx.cpu(0))),
        "grad() takes the current context": outcome(lambda: parameter.grad()),
        "grad(cpu(2))": outcome(lambda: parameter.grad(mx.cpu(2))),
        "the same object each time": parameter.grad(mx.cpu(1)) is parameter.grad(mx.cpu(1)),
        "data.grad shows the same values": outcome(lambda: data.grad),
        "_grad is the list": parameter._grad[1] is parameter.grad(mx.cpu(1)),
    }


@case(
    "1.6 grad of data",
    fix="data.grad may be the very object that grad() gives",
    fixed={"data.grad is grad()": lambda encoding: "value" in encoding},
)
def gradient_identity(mx):
    parameter = mx.gluon.Parameter("w", shape=(2,))
    parameter.initialize(init="ones")
    return {"data.grad is grad()": outcome(lambda: parameter.data().grad is parameter.grad())}
