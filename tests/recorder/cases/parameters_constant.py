"""Constant, and ParameterDict.get_constant."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, raises, refused

#: MXNet registers an initializer for each constant under its name and address, and warns when the
#: address was used before (defect 14). Constants that live on do not share addresses.
ALIVE = []


def kept(thing):
    ALIVE.append(thing)
    return thing


def constant(mx, value=None, name="c"):
    """A constant [[1, 2], [3, 4]], or of `value`."""
    value = mx.nd.array([[1, 2], [3, 4]]) if value is None else value
    return kept(mx.gluon.Constant(name, value))


@case("1.14 values")
def values(mx):
    def made(make):
        def run():
            parameter = kept(mx.gluon.Constant("c", make()))
            before = [parameter.shape, parameter.dtype, parameter._data, parameter.grad_req]
            parameter.initialize()
            return [before, parameter.value, parameter.data(), parameter._grad]

        return outcome(run)

    return {
        "NDArray": made(lambda: mx.nd.array([[1, 2], [3, 4]])),
        "NDArray int32": made(lambda: mx.nd.array([1, 2], dtype="int32")),
        "NDArray float64": made(lambda: mx.nd.array([1, 2], dtype="float64")),
        "list": made(lambda: [[1, 2], [3, 4]]),
        "NumPy float64": made(lambda: np.array([1.5, 2.5])),
        "NumPy int": made(lambda: np.array([1, 2])),
    }


@case("1.14 grad_req")
def grad_req(mx):
    def assign(value):
        def run():
            parameter = constant(mx)
            parameter.grad_req = value
            return [parameter.grad_req, parameter._grad_req]

        return outcome(run)

    def assign_after_initialize():
        parameter = constant(mx)
        parameter.initialize()
        parameter.grad_req = "null"
        return [parameter.grad_req, parameter._grad, parameter.data()]

    return {
        "at first": outcome(lambda: constant(mx).grad_req),
        "null": assign("null"),
        "write": assign("write"),
        "add": assign("add"),
        "unknown": assign("bogus"),
        "initialised": outcome(assign_after_initialize),
        "setattr of a dictionary": outcome(lambda: through_dictionary(mx)),
        "zero_grad": outcome(lambda: zeroed(mx)),
        "not differentiable": outcome(lambda: constant(mx)._differentiable),
    }


def through_dictionary(mx):
    parameters = kept(mx.gluon.ParameterDict())
    parameters.get("w", shape=(2,))
    parameters.get_constant("c", mx.nd.ones((2,)))
    parameters.setattr("grad_req", "add")
    return [parameter.grad_req for parameter in parameters.values()]


def zeroed(mx):
    parameter = constant(mx)
    parameter.initialize()
    parameter.zero_grad()
    return parameter.data()


@case("1.14 initialize")
def initialize(mx):
    def run(**arguments):
        def make():
            parameter = constant(mx)
            parameter.initialize(**arguments)
            return [parameter.list_data(), parameter.value]

        return outcome(make)

    def reinitialised():
        parameter = constant(mx)
        parameter.initialize()
        parameter.set_data(mx.nd.zeros((2, 2)))
        changed = [parameter.data().asnumpy().tolist(), parameter.value.asnumpy().tolist()]
        parameter.initialize(force_reinit=True)
        return [changed, parameter.data()]

    def through_dictionary(init):
        parameters = kept(mx.gluon.ParameterDict())
        parameters.get_constant("c", mx.nd.array([1, 2]))
        parameters.get("w", shape=(2,))
        parameters.initialize(init)
        return [parameter.data() for parameter in parameters.values()]

    return {
        "plain": run(),
        "contexts": run(ctx=[mx.cpu(0), mx.cpu(2)]),
        "init wins": run(init="zeros"),
        "default_init does not": run(default_init="zeros"),
        "data before": outcome(lambda: constant(mx).data()),
        "list_ctx before": outcome(lambda: constant(mx).list_ctx()),
        "again after set_data": outcome(reinitialised),
        "through a dictionary": outcome(lambda: through_dictionary(mx.init.Constant(5))),
        "a name that ends in bias": outcome(lambda: named(mx, "c_bias")),
    }


def named(mx, name):
    parameter = constant(mx, name=name)
    parameter.initialize()
    return parameter.data()


@case("1.14 other members")
def other_members(mx):
    def cast():
        parameter = constant(mx)
        parameter.initialize()
        parameter.cast("float16")
        return [parameter.data(), parameter.value, parameter.dtype]

    def cast_before():
        parameter = constant(mx)
        parameter.cast("float64")
        parameter.initialize()
        return [parameter.data(), parameter.value]

    def moved():
        parameter = constant(mx)
        parameter.initialize()
        parameter.reset_ctx([mx.cpu(1)])
        return parameter.list_data()

    def loaded():
        parameter = constant(mx)
        parameter._load_init(mx.nd.array([[5, 6], [7, 8]]), None)
        return [parameter.data(), parameter.value]

    def other_shape():
        parameter = constant(mx)
        parameter.shape = (2, 3)

    return {
        "cast": outcome(cast),
        "cast before": outcome(cast_before),
        "reset_ctx": outcome(moved),
        "_load_init": outcome(loaded),
        "other shape": outcome(other_shape),
        "multipliers": outcome(lambda: [constant(mx).lr_mult, constant(mx).wd_mult]),
        "stype": outcome(lambda: [constant(mx)._stype, constant(mx)._grad_stype]),
        "grad": outcome(lambda: grad(mx)),
        "inside record": outcome(lambda: recorded(mx)),
    }


def grad(mx):
    parameter = constant(mx)
    parameter.initialize()
    return parameter.grad()


def recorded(mx):
    parameter = constant(mx)
    with mx.autograd.record():
        parameter.initialize()
    return parameter.data()


@case(
    "1.14 a constant of its own",
    fix="the value is copied, and its initializer is private to it (defect 14)",
    fixed={
        "changed source": {"value": dense([1, 2])},
        "no trace in the registry": gives(True),
        "row_sparse value": lambda encoding: encoding.get("value", {}).get("data") == "1.0 1.0",
    },
)
def own_value(mx):
    def changed_source():
        source = mx.nd.array([1, 2])
        parameter = kept(mx.gluon.Constant("c", source))
        source[:] = 9
        parameter.initialize()
        return parameter.data()

    def two():
        pair = [kept(mx.gluon.Constant("c", mx.nd.array([value]))) for value in (1, 2)]
        for parameter in pair:
            parameter.initialize()
        return [parameter.data().asnumpy().tolist() for parameter in pair]

    def registry():
        parameter = kept(mx.gluon.Constant("c_of_registry", mx.nd.ones((2,))))
        parameter.initialize()
        name = f"Constant_c_of_registry_{id(parameter)}"
        return "raises" in outcome(lambda: mx.init.create(name))

    def sparse():
        value = mx.nd.ones((2, 1)).tostype("row_sparse")
        parameter = kept(mx.gluon.Constant("c", value))
        parameter.initialize()
        return parameter.data()

    return {
        "changed source": outcome(changed_source),
        "two of one name": outcome(two),
        "no trace in the registry": outcome(registry),
        "row_sparse value": outcome(sparse),
    }


@case("1.14 refused values")
def refused_values(mx):
    return {
        "no value": outcome(lambda: mx.gluon.Constant("c")),
        "text": "raises" in outcome(lambda: mx.gluon.Constant("c", "text")),
    }


@case("1.14 scalars and empty values with np_shape")
def small_values(mx):
    def run(value):
        with mx.util.np_shape(True):
            parameter = kept(mx.gluon.Constant("c", mx.nd.array(value)))
            parameter.initialize()
            return [parameter.shape, parameter.data()]

    return {"scalar": outcome(lambda: run(3.5))}


@case(
    "1.14 scalars without np_shape",
    fix="a scalar constant works in every mode, or is refused with a reason",
    fixed={"scalar": any_of(gives(3.5), refused), "no rows": any_of(gives(0), refused)},
)
def small_values_classic(mx):
    def scalar():
        parameter = kept(mx.gluon.Constant("c", mx.nd.array(3.5)))
        parameter.initialize()
        return float(parameter.data().asnumpy())

    def no_rows():
        parameter = kept(mx.gluon.Constant("c", mx.nd.array(np.zeros((0, 3)))))
        parameter.initialize()
        return int(parameter.data().asnumpy().size)

    return {"scalar": outcome(scalar), "no rows": outcome(no_rows)}


@case("1.14 with np_array")
def numpy_mode(mx):
    def run(value):
        with mx.util.np_shape(True), mx.util.np_array(True):
            parameter = kept(mx.gluon.Constant("c", value))
            parameter.initialize()
            return [parameter.value, parameter.data(), parameter.dtype]

    return {
        "NumPy float64": outcome(lambda: run(np.array([1.5, 2.5]))),
        "NumPy float32": outcome(lambda: run(np.array([1.5], dtype="float32"))),
        "list": outcome(lambda: run([1, 2])),
    }


@case("1.15 get_constant")
def get_constant(mx):
    def dictionary():
        parameters = kept(mx.gluon.ParameterDict("net_"))
        parameters.get_constant("c", mx.nd.array([1, 2]))
        parameters.get("w", shape=(2,))
        return parameters

    def again(value, name="c"):
        parameters = dictionary()
        return parameters.get_constant(name, value) is parameters[f"net_{name}"]

    def shared():
        parent = dictionary()
        child = kept(mx.gluon.ParameterDict("net_", shared=parent))
        return [child.get_constant("c") is parent["net_c"], list(child.keys())]

    def missing_message():
        try:
            dictionary().get_constant("absent")
        except KeyError as error:
            return "net_absent" in str(error)
        return "no error"

    return {
        "new": outcome(lambda: repr(dictionary()["net_c"])),
        "missing, no value": outcome(lambda: dictionary().get_constant("absent")),
        "missing, the message names it": outcome(missing_message),
        "existing, no value": outcome(lambda: again(None)),
        "existing, equal NDArray": outcome(lambda: again(mx.nd.array([1, 2]))),
        "existing, equal NumPy": outcome(lambda: again(np.array([1, 2]))),
        "existing, equal, other dtype": outcome(lambda: again(np.array([1, 2], dtype="int8"))),
        "existing, other value": outcome(lambda: again(mx.nd.array([1, 3]))),
        "existing, other shape": outcome(lambda: again(mx.nd.array([1, 2, 3]))),
        "existing, would broadcast": outcome(lambda: again(mx.nd.array([1]))),
        "existing parameter, value": outcome(lambda: again(mx.nd.array([1, 2]), "w")),
        "existing parameter, no value": outcome(lambda: again(None, "w")),
        "shared": outcome(shared),
        "get finds a constant": outcome(lambda: type(dictionary().get("c")).__name__),
        "get with a shape": outcome(lambda: type(dictionary().get("c", shape=(2,))).__name__),
        "get with another shape": outcome(lambda: dictionary().get("c", shape=(3,))),
        "saved and loaded": outcome(lambda: load_constant(mx, dictionary())),
    }


def load_constant(mx, parameters):
    parameters.initialize("zeros")
    parameters.load_dict({"net_c": mx.nd.array([7, 8]), "net_w": mx.nd.array([1, 1])})
    return [parameters["net_c"].data(), parameters["net_c"].value]


@case(
    "1.15 get_constant of an existing one",
    fix="a list compares like an array; an equal NaN is equal; what rounds to it is equal",
    fixed={
        "equal before it was rounded": gives(True),
        "equal list": any_of(gives(True), raises("AssertionError")),
        "other list": raises("AssertionError"),
        "NaN": any_of(gives(True), raises("AssertionError")),
    },
)
def get_constant_list(mx):
    def again(first, second):
        parameters = kept(mx.gluon.ParameterDict())
        constant = parameters.get_constant("c", first)
        return parameters.get_constant("c", second) is constant

    nan = np.array([float("nan")])
    return {
        "equal list": outcome(lambda: again([1, 2], [1, 2])),
        "other list": outcome(lambda: again([1, 2], [1, 3])),
        "NaN": outcome(lambda: again(nan, nan)),
        "equal before it was rounded": outcome(lambda: again(np.array([0.1]), np.array([0.1]))),
    }
