"""copy, deepcopy and pickle of parameters and dictionaries."""

import copy
import pickle

from harness import case, gives, outcome


def filled(mx, **keywords):
    """w on cpu(0) and cpu(1): data [1, 2], gradient [5, 5]."""
    parameter = mx.gluon.Parameter("w", shape=(2,), lr_mult=2.0, init="ones", **keywords)
    parameter.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    parameter.set_data(mx.nd.array([1, 2]))
    for gradient in parameter._grad or []:
        gradient[:] = 5
    return parameter


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


COPIES = {"deepcopy": copy.deepcopy, "pickle": pickled}


def each(call):
    """One row for each way to copy."""
    return {
        name: outcome(lambda function=function: call(function)) for name, function in COPIES.items()
    }


def numbers(arrays):
    return [array.asnumpy().tolist() for array in arrays]


@case("0 row 36, values of a copy")
def values(mx):
    def run(function):
        original = filled(mx)
        other = function(original)
        return [
            repr(other),
            other.lr_mult,
            other.init,
            other.grad_req,
            other.list_ctx(),
            numbers(other.list_data()),
            numbers(other.list_grad()),
        ]

    return each(run)


@case(
    "0 row 36, contexts of a copy",
    fix="copied arrays stay on their contexts; MXNet moves all of them to cpu(0)",
    fixed={name: gives(["cpu(0)", "cpu(1)", "cpu(0)", "cpu(1)"]) for name in COPIES},
)
def contexts(mx):
    def run(function):
        other = function(filled(mx))
        return [str(array.context) for array in other.list_data() + other.list_grad()]

    return each(run)


@case("0 row 36, a copy has its own memory")
def independence(mx):
    def run(function):
        original = filled(mx)
        other = function(original)
        other.data(mx.cpu(0))[:] = 9
        other.grad(mx.cpu(0))[:] = 9
        original.data(mx.cpu(1))[:] = 7
        return [
            original.list_data(),
            original.list_grad(),
            numbers(other.list_data()),
        ]

    return each(run)


@case("0 row 36, copy.copy shares memory")
def shallow(mx):
    def run():
        original = filled(mx)
        other = copy.copy(original)
        other.data(mx.cpu(0))[:] = 9
        return [other is original, original.list_data(), other.data(mx.cpu(0)).grad]

    return {"copy": outcome(run)}


@case(
    "0 row 36, copies stay marked",
    fix="the data of a copy is marked with the copy's gradient (defect 36)",
    fixed={name: gives([[5.0, 5.0], [5.0, 5.0]]) for name in COPIES},
)
def marks(mx):
    def run(function):
        other = function(filled(mx))
        return [array.grad.asnumpy().tolist() for array in other.list_data()]

    return each(run)


@case("0 row 36, marked again by grad_req")
def marked_again(mx):
    def run(function):
        other = function(filled(mx))
        other.grad_req = "null"
        other.grad_req = "write"
        return numbers(array.grad for array in other.list_data())

    return each(run)


@case("0 row 36, other states")
def other_states(mx):
    def new(function):
        other = function(mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True))
        return [repr(other), other._data, other._deferred_init, other._allow_deferred_init]

    def deferred(function):
        parameter = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
        parameter.initialize("ones", ctx=[mx.cpu(1)])
        other = function(parameter)
        other.shape = (1, 2)
        other._finish_deferred_init()
        return [other.list_data(), bool(parameter._deferred_init)]

    def null(function):
        other = function(filled(mx, grad_req="null"))
        return [other.grad_req, other._grad, numbers(other.list_data())]

    def row_sparse(function):
        parameter = mx.gluon.Parameter("w", shape=(3, 2), stype="row_sparse")
        parameter.initialize("ones")
        other = function(parameter)
        return [other._data, other._grad]

    def variable(function):
        parameter = filled(mx)
        parameter.var()
        return function(parameter).var().attr("__shape__")

    result = {}
    for call in (new, deferred, null, row_sparse, variable):
        for name, function in COPIES.items():
            result[f"{call.__name__}, {name}"] = outcome(
                lambda call=call, function=function: call(function)
            )
    return result


@case("0 row 36, dictionaries")
def dictionaries(mx):
    def run(function):
        parameters = mx.gluon.ParameterDict("net_")
        parameters.get("w", shape=(2,))
        parameters.get("b", shape=(1,))
        parameters.initialize("ones")
        other = function(parameters)
        other["net_w"].data()[:] = 9
        return [repr(other), list(other), other.prefix, parameters["net_w"].data()]

    def one_parameter_twice(function):
        parameter = filled(mx)
        first, second = function([parameter, parameter])
        return first is second

    return {**each(run), **{f"shared, {k}": v for k, v in each(one_parameter_twice).items()}}


@case("0 row 14, a copied constant")
def constants(mx):
    kept = mx.gluon.Constant("c", mx.nd.array([1, 2]))

    def run(function):
        other = function(kept)
        other.initialize()
        return other.data().asnumpy().tolist()

    return each(run)
