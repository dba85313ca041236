"""ParameterDict as a mapping: text, members, prefix, update, and calls for all parameters."""

import logging

import numpy as np
from harness import any_of, case, gives, outcome, raises, refused


def pair(mx, prefix="net_", **keywords):
    """net_weight (2, 2) and net_bias (2,), initialised to 1 and 2 unless told otherwise."""
    parameters = mx.gluon.ParameterDict(prefix)
    parameters.get("weight", shape=(2, 2), init="ones", **keywords)
    parameters.get("bias", shape=(2,), init=mx.init.Constant(2), **keywords)
    return parameters


@case("1.15 text")
def text(mx):
    def nested():
        parameters = mx.gluon.ParameterDict("a_")
        parameters.get("two\nlines", shape=(1,))
        return repr(parameters)

    return {
        "prefix": outcome(lambda: repr(pair(mx))),
        "str": outcome(lambda: str(pair(mx))),
        "no prefix": outcome(lambda: repr(pair(mx, ""))),
        "empty": outcome(lambda: repr(mx.gluon.ParameterDict())),
        "empty with prefix": outcome(lambda: repr(mx.gluon.ParameterDict("net_"))),
        "lines are indented": outcome(nested),
    }


@case("1.15 mapping")
def mapping(mx):
    parameters = pair(mx)

    def assign():
        parameters["net_x"] = mx.gluon.Parameter("net_x")

    def delete():
        del parameters["net_bias"]

    def rename():
        parameters.prefix = "other_"

    return {
        "index": outcome(lambda: parameters["net_weight"].name),
        "index without prefix": outcome(lambda: parameters["weight"]),
        "index, absent": outcome(lambda: parameters["net_absent"]),
        "index by number": outcome(lambda: parameters[0]),
        "iteration": outcome(lambda: list(parameters)),
        "keys": outcome(lambda: list(parameters.keys())),
        "values": outcome(lambda: [parameter.name for parameter in parameters.values()]),
        "items": outcome(lambda: [[k, v.name] for k, v in parameters.items()]),
        "in": outcome(lambda: ["net_weight" in parameters, "weight" in parameters]),
        "bool": outcome(lambda: [bool(parameters), bool(mx.gluon.ParameterDict())]),
        "assign": outcome(assign),
        "delete": outcome(delete),
        "pop": outcome(lambda: parameters.pop("net_weight")),
        "prefix": outcome(lambda: [parameters.prefix, parameters._prefix]),
        "prefix is read-only": outcome(rename),
        "default prefix": outcome(lambda: mx.gluon.ParameterDict().prefix),
        "insertion order": outcome(lambda: ordered(mx)),
        "keys are live": outcome(lambda: live_keys(mx)),
        "_params": outcome(lambda: list(parameters._params)),
    }


def ordered(mx):
    parameters = mx.gluon.ParameterDict()
    for name in ("z", "a", "m"):
        parameters.get(name, shape=(1,))
    parameters.get("z")
    return list(parameters)


def live_keys(mx):
    parameters = mx.gluon.ParameterDict()
    keys = parameters.keys()
    parameters.get("a")
    return list(keys)


@case(
    "1.15 length",
    fix="there is a length; an empty dictionary is still true",
    fixed={"length": gives(2)},
)
def length(mx):
    return {
        "length": outcome(lambda: len(pair(mx))),
        "empty is true": outcome(lambda: bool(mx.gluon.ParameterDict())),
    }


@case("1.15 update")
def update(mx):
    def merged():
        first, second = pair(mx, "a_"), pair(mx, "b_")
        first.update(second)
        return [list(first), list(second), first["b_bias"] is second["b_bias"]]

    def same_objects():
        first, second = pair(mx), mx.gluon.ParameterDict("other_")
        second.update(first)
        second.update(first)
        return list(second)

    def conflict():
        first = pair(mx)
        second = mx.gluon.ParameterDict("net_")
        second.get("extra", shape=(1,))
        second.get("bias", shape=(2,))
        return first, second

    def after_conflict():
        first, second = conflict()
        if "raises" not in outcome(lambda: first.update(second)):
            return "accepted"
        return list(first)

    def refuse():
        first, second = conflict()
        first.update(second)

    def mapping():
        first = pair(mx)
        parameter = mx.gluon.Parameter("p", shape=(1,))
        first.update({"key": parameter})
        return [list(first), first["key"] is parameter]

    return {
        "merged": outcome(merged),
        "same objects": outcome(same_objects),
        "conflict": outcome(refuse),
        "nothing inserted after a conflict": outcome(after_conflict),
        "a dict": outcome(mapping),
        "a list": "raises" in outcome(lambda: pair(mx).update([1])),
        "itself": outcome(lambda: itself(mx)),
    }


def itself(mx):
    parameters = pair(mx)
    parameters.update(parameters)
    return list(parameters)


@case("1.15 initialize")
def initialize(mx):
    def shown(parameters):
        return [parameter._data for parameter in parameters.values()]

    def run(*arguments, **keywords):
        def make():
            parameters = pair(mx)
            parameters.get("plain", shape=(2,))
            parameters.initialize(*arguments, **keywords)
            return shown(parameters)

        return outcome(make)

    def random_bound():
        parameters = mx.gluon.ParameterDict()
        parameters.get("plain", shape=(50,))
        parameters.initialize()
        return bool(abs(parameters["plain"].data().asnumpy()).max() <= 0.07)

    def again():
        parameters = pair(mx)
        parameters.initialize()
        parameters["net_weight"].data()[:] = 9
        parameters.initialize()
        return shown(parameters)

    def forced():
        parameters = pair(mx)
        parameters.initialize()
        parameters["net_weight"].data()[:] = 9
        parameters.initialize(ctx=mx.cpu(1), force_reinit=True)
        return shown(parameters)

    return {
        "own init first": run("zeros"),
        "object": run(mx.init.Constant(7)),
        "JSON": run('["constant", {"value": 6}]'),
        "contexts": run("zeros", [mx.cpu(0), mx.cpu(1)]),
        "default": outcome(random_bound),
        "again": outcome(again),
        "forced": outcome(forced),
        "empty": outcome(lambda: mx.gluon.ParameterDict().initialize()),
        "unknown": run("no_such_initializer"),
        "unknown shape": outcome(lambda: with_unknown_shape(mx).initialize()),
    }


def with_unknown_shape(mx):
    parameters = pair(mx)
    parameters.get("later", shape=(0, 2))
    return parameters


@case(
    "1.15 initialize with other initializers",
    fix="Mixed, Load and callables choose by name (defect 10)",
    fixed={
        "Mixed": gives([[3.0], [0.0]]),
        "Load": gives([[5.0], [6.0]]),
        "callable": gives([[8.0], [6.0]]),
        "verbose with text": gives([[1.0], [1.0]]),
    },
)
def other_initializers(mx):
    def values(init, **keywords):
        def run():
            parameters = mx.gluon.ParameterDict("fc_")
            parameters.get("weight", shape=(1,))
            parameters.get("bias", shape=(1,))
            parameters.initialize(init, **keywords)
            return [parameter.data().asnumpy().tolist() for parameter in parameters.values()]

        return outcome(run)

    def by_length(name, array):
        array[:] = len(str(name)) - 1

    loaded = {"fc_weight": mx.nd.array([5]), "arg:fc_bias": mx.nd.array([6])}
    return {
        "Mixed": values(mx.init.Mixed([".*bias", ".*"], [mx.init.Zero(), mx.init.Constant(3)])),
        "Load": values(mx.init.Load(loaded)),
        "callable": values(by_length),
        "verbose with text": values("ones", verbose=True),
    }


class Records(logging.Handler):
    """Keeps the texts of all records."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def logged(call):
    """What `call` logs at INFO."""
    root, handler = logging.getLogger(), Records()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        call()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return handler.texts


@case("1.5 verbose")
def verbose(mx):
    def parameters():
        return pair(mx)

    def named():
        texts = logged(lambda: parameters().initialize(mx.init.Zero(), verbose=True))
        return [len(texts), ["net_weight" in texts[0], "net_bias" in texts[1]]]

    def statistic():
        made = mx.gluon.ParameterDict()
        made.get("w", shape=(2, 2))
        texts = logged(lambda: made.initialize(mx.init.Constant(3), verbose=True))
        return [len(texts), "w" in texts[0], "3.0" in texts[0]]

    def own_function():
        made = mx.gluon.ParameterDict()
        made.get("w", shape=(2, 2))
        init = mx.init.Constant(3)
        init.set_verbosity(True, lambda array: f"first is {float(array.asnumpy()[0, 0])}")
        return ["first is 3.0" in text for text in logged(lambda: made.initialize(init))]

    return {
        "one line each": outcome(named),
        "statistic": outcome(statistic),
        "own function": outcome(own_function),
        "quiet": outcome(lambda: logged(lambda: parameters().initialize(mx.init.Zero()))),
    }


@case("1.15 setattr")
def setattr_of_all(mx):
    def grad_req():
        parameters = pair(mx)
        parameters.initialize()
        parameters.setattr("grad_req", "null")
        return [[p.grad_req, p._grad] for p in parameters.values()]

    def multiplier():
        parameters = pair(mx)
        parameters.setattr("lr_mult", 0.5)
        return [p.lr_mult for p in parameters.values()]

    def dtype():
        parameters = pair(mx)
        parameters.initialize()
        parameters.setattr("dtype", "float16")
        return [p.data() for p in parameters.values()]

    return {
        "grad_req": outcome(grad_req),
        "lr_mult": outcome(multiplier),
        "dtype": outcome(dtype),
        "unknown value": outcome(lambda: pair(mx).setattr("grad_req", "bogus")),
        "empty": outcome(lambda: mx.gluon.ParameterDict().setattr("grad_req", "null")),
    }


@case("1.15 contexts of all")
def contexts(mx):
    def listed():
        parameters = pair(mx)
        parameters["net_weight"].initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        parameters["net_bias"].initialize(ctx=[mx.cpu(1), mx.cpu(2)])
        return sorted(str(context) for context in parameters.list_ctx())

    def moved():
        parameters = pair(mx)
        parameters.initialize()
        parameters.reset_ctx([mx.cpu(1), mx.cpu(2)])
        return [p.list_data() for p in parameters.values()]

    return {
        "list_ctx": outcome(listed),
        "list_ctx, uninitialised": outcome(lambda: pair(mx).list_ctx()),
        "list_ctx, empty": outcome(lambda: mx.gluon.ParameterDict().list_ctx()),
        "reset_ctx": outcome(moved),
        "reset_ctx, uninitialised": outcome(lambda: pair(mx).reset_ctx(mx.cpu(1))),
        "reset_ctx, empty": outcome(lambda: mx.gluon.ParameterDict().reset_ctx(mx.cpu(1))),
    }


@case(
    "1.15 an unknown attribute for all",
    fix="setattr may refuse names that no parameter has",
    fixed={"typo": any_of(gives([0.5, 0.5]), raises("AttributeError"), refused)},
)
def setattr_typo(mx):
    def run():
        parameters = pair(mx)
        parameters.setattr("learning_rate_mult", np.float64(0.5).item())
        return [p.learning_rate_mult for p in parameters.values()]

    return {"typo": outcome(run)}


@case(
    "1.5 verbosity does not stick",
    fix="verbose=True concerns one call (defect 11)",
    fixed={"the next default": gives(0), "the same initializer later": any_of(gives(0), gives(1))},
)
def verbosity_does_not_stick(mx):
    def next_default():
        first, second = (mx.gluon.ParameterDict(name) for name in ("a_", "b_"))
        for parameters in (first, second):
            parameters.get("w", shape=(2,))
        logged(lambda: first.initialize(verbose=True))
        return len(logged(second.initialize))

    def same_object():
        init = mx.init.One()
        first, second = (mx.gluon.ParameterDict(name) for name in ("a_", "b_"))
        for parameters in (first, second):
            parameters.get("w", shape=(2,))
        logged(lambda: first.initialize(init, verbose=True))
        return len(logged(lambda: second.initialize(init)))

    return {
        "the next default": outcome(next_default),
        "the same initializer later": outcome(same_object),
    }
