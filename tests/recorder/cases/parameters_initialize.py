"""Parameter.initialize: precedence, contexts, dtypes, storage types, refusals."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, raises, refused


def made(mx, init=None, shape=(2, 2), **keywords):
    """A parameter right after `initialize`; `at` holds the arguments of the call."""
    at = keywords.pop("at", {})
    parameter = mx.gluon.Parameter("w", shape=shape, init=init, **keywords)
    parameter.initialize(**at)
    return parameter


@case("1.5 precedence")
def precedence(mx):
    def values(own, **at):
        return outcome(lambda: made(mx, own, at=at).data().asnumpy().ravel().tolist())

    def positional():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.initialize(constant(2), [mx.cpu(1)], "zeros", False)
        return parameter.list_data()

    constant = mx.init.Constant
    return {
        "argument over own": values("zeros", init=constant(2)),
        "argument over own and default": values("zeros", init=constant(2), default_init="ones"),
        "own over default": values(constant(3), default_init="ones"),
        "default last": values(None, default_init=constant(4)),
        "argument by name": values(None, init="ones"),
        "own by name": values("ones"),
        "by position": outcome(positional),
    }


@case("1.5 the default is Uniform of scale 0.07")
def default_uniform(mx):
    values = made(mx, shape=(40, 50)).data().asnumpy()
    return {
        "within": bool(abs(values).max() <= 0.07),
        "reaches": bool(abs(values).max() > 0.069),
        "both signs": bool(values.min() < -0.069 and values.max() > 0.069),
        "mean": bool(abs(values.mean()) < 0.005),
        "all different": len(set(values.ravel().tolist())) > 1900,
    }


@case("1.5 twice")
def twice(mx):
    def again(**keywords):
        parameter = made(mx, "ones")
        data = parameter.data()
        again = outcome(lambda: parameter.initialize(init="zeros", **keywords))
        return [
            again.get("warns"),
            parameter.data() is data,
            parameter.data(),
            parameter.list_ctx(),
        ]

    def forced(**keywords):
        parameter = made(mx, "ones")
        data, gradient = parameter.data(), parameter.grad()
        gradient[:] = 5
        parameter.initialize(init="zeros", force_reinit=True, **keywords)
        same = [parameter.list_data()[0] is data, parameter.list_grad()[0] is gradient]
        return [same, parameter.list_data(), parameter.list_grad(), parameter.list_ctx()]

    return {
        "ignored": outcome(lambda: again()),
        "ignored, other context": outcome(lambda: again(ctx=mx.cpu(1))),
        "forced": outcome(lambda: forced()),
        "forced elsewhere": outcome(lambda: forced(ctx=[mx.cpu(2), mx.cpu(1)])),
        "forced at first": outcome(lambda: made(mx, "ones", at={"force_reinit": True}).data()),
    }


@case("1.5 contexts")
def contexts(mx):
    def on(ctx, **keywords):
        def run():
            parameter = made(mx, "ones", at={"ctx": ctx}, **keywords)
            return [parameter.list_ctx(), parameter.list_data(), parameter.list_grad()]

        return outcome(run)

    def current():
        with mx.cpu(3):
            return made(mx, "ones").list_data()

    return {
        "one": on(mx.cpu(1)),
        "list": on([mx.cpu(0), mx.cpu(1)]),
        "order is kept": on([mx.cpu(2), mx.cpu(0)]),
        "tuple": on((mx.cpu(0), mx.cpu(1))),
        "iterator": on(iter([mx.cpu(0), mx.cpu(1)])),
        "keys": on({mx.cpu(1): None}.keys()),
        "current": outcome(current),
    }


@case("1.5 copies are identical")
def identical_copies(mx):
    def run(init, **keywords):
        parameter = made(
            mx, init, shape=(6, 5), at={"ctx": [mx.cpu(0), mx.cpu(1), mx.cpu(2)]}, **keywords
        )
        hosts = [array.asnumpy() for array in parameter.list_data()]
        return [bool((hosts[0] == host).all()) for host in hosts[1:]]

    inits = {
        "uniform": mx.init.Uniform(1),
        "normal": mx.init.Normal(1),
        "orthogonal": mx.init.Orthogonal(),
        "xavier": mx.init.Xavier(),
    }
    return {
        **{name: outcome(lambda init=init: run(init)) for name, init in inits.items()},
        "float64": outcome(lambda: run(mx.init.Uniform(1), dtype="float64")),
        "float16": outcome(lambda: run(mx.init.Normal(1), dtype="float16")),
    }


@case("1.5 separate memory on every context")
def separate_copies(mx):
    def run():
        parameter = made(mx, "ones", at={"ctx": [mx.cpu(0), mx.cpu(1)]})
        parameter.data(mx.cpu(0))[:] = 5
        return parameter.list_data()

    return {"write to the first": outcome(run)}


@case(
    "1.5 contexts: odd lists",
    fix="each context once; no negative device; an empty list may be refused",
    fixed={
        "twice the same": any_of(gives(1), refused),
        "negative device": refused,
        "text": refused,
        "empty list": any_of(gives("RuntimeError"), refused),
    },
)
def odd_contexts(mx):
    def copies(ctx):
        return len(made(mx, "ones", at={"ctx": ctx}).list_data())

    def empty():
        parameter = made(mx, "ones", at={"ctx": []})
        try:
            return parameter.data()
        except RuntimeError:
            return "RuntimeError"

    return {
        "twice the same": outcome(lambda: copies([mx.cpu(1), mx.cpu(1)])),
        "negative device": outcome(lambda: copies(mx.cpu(-1))),
        "text": outcome(lambda: copies("cpu")),
        "empty list": outcome(empty),
    }


@case("1.5 inside record")
def inside_record(mx):
    def run(shape):
        parameter = mx.gluon.Parameter("w", shape=shape, allow_deferred_init=True)
        with mx.autograd.record():
            parameter.initialize("ones")
            parameter.shape = (2, 2)
            parameter._finish_deferred_init()
            recording = mx.autograd.is_recording()
        return [bool(recording), parameter.data(), parameter.grad()]

    return {"known": outcome(lambda: run((2, 2))), "deferred": outcome(lambda: run((0, 2)))}


@case("1.5 forms of init")
def forms_of_init(mx):
    def values(init):
        return outcome(lambda: made(mx, at={"init": init}).data().asnumpy().ravel().tolist())

    return {
        "object": values(mx.init.Constant(2.5)),
        "name": values("ones"),
        "name, upper case": values("ONES"),
        "name of the class": values("One"),
        "JSON list": values('["constant", {"value": 3.5}]'),
        "JSON list, upper case": values('["Constant", {"value": 3.5}]'),
        "JSON object": values('{"initializer": "constant", "value": 1.5}'),
        "unknown name": values("no_such_initializer"),
        "broken JSON": values('["constant", '),
        "unknown keyword in JSON": values('["constant", {"amount": 3}]'),
        "class": values(mx.init.One),
        "number": values(3.5),
    }


@case("1.5 forms of init: dict")
def init_as_dict(mx):
    def values(init):
        return outcome(lambda: made(mx, at={"init": init}).data().asnumpy().ravel().tolist())

    return {
        "dict": values({"initializer": "constant", "value": 1.25}),
        "empty text takes the default's rule for the name": outcome(
            lambda: empty_text(mx, "fc_bias")
        ),
        "empty text, weight": outcome(lambda: empty_text(mx, "fc_weight")),
    }


def empty_text(mx, name):
    parameter = mx.gluon.Parameter(name, shape=(2,))
    parameter.initialize(init="", default_init="ones")
    return parameter.data()


@case(
    "1.5 forms of init that MXNet refuses",
    fix="Mixed, Load and plain callables initialise (defect 10); 'init' still names one rule",
    fixed={
        "Mixed": gives([[3.0, 3.0]]),
        "Load": gives([[5.0, 6.0]]),
        "callable": gives([[7.0, 7.0]]),
    },
)
def default_init_objects(mx):
    def values(default_init):
        def run():
            parameter = mx.gluon.Parameter("fc_weight", shape=(1, 2))
            parameter.initialize(default_init=default_init)
            return parameter.data().asnumpy().tolist()

        return outcome(run)

    def sevens(name, array):
        array[:] = 7

    return {
        "Mixed": values(mx.init.Mixed([".*bias", ".*"], [mx.init.Zero(), mx.init.Constant(3)])),
        "Load": values(mx.init.Load({"fc_weight": mx.nd.array([[5, 6]])})),
        "callable": values(sevens),
        "class": values(mx.init.One),
        "number": values(3),
    }


@case(
    "1.5 default_init=None",
    fix="no default_init means the default one, as for a missing argument",
    fixed={"None": any_of(gives(True), raises("AssertionError"))},
)
def default_init_none(mx):
    def run():
        parameter = mx.gluon.Parameter("w", shape=(2, 2))
        parameter.initialize(default_init=None)
        return bool(abs(parameter.data().asnumpy()).max() <= 0.07)

    return {"None": outcome(run)}


@case("1.5 dtypes")
def dtypes(mx):
    names = ("float16", "float64", "uint8", "int8", "int32", "int64", "bool")

    def constant(init, dtype):
        return outcome(lambda: made(mx, init, shape=(3,), dtype=dtype).data())

    def random(init, dtype):
        return outcome(lambda: made(mx, init, shape=(4, 4), dtype=dtype).data().shape)

    return {
        **{f"zeros {name}": constant("zeros", name) for name in names},
        **{f"ones {name}": constant("ones", name) for name in names},
        **{f"constant {name}": constant(mx.init.Constant(2), name) for name in names},
        "constant 1.7 int32": constant(mx.init.Constant(1.7), "int32"),
        "constant -1.7 int8": constant(mx.init.Constant(-1.7), "int8"),
        **{f"uniform {name}": random("uniform", name) for name in ("int32", "uint8", "int64")},
        **{f"normal {name}": random("normal", name) for name in ("int32", "int8")},
        **{
            f"{init} {name}": random(init, name)
            for init in ("uniform", "normal", "xavier", "msraprelu")
            for name in ("float16", "float64")
        },
        "zeros bfloat16": constant("zeros", np.dtype([("bfloat16", np.uint16)])),
        "constant bfloat16": constant(mx.init.Constant(1.5), np.dtype([("bfloat16", np.uint16)])),
    }


@case("1.5 a failure leaves an initialised parameter alone")
def reinitialise_refused(mx):
    def run(**at):
        parameter = made(mx, "ones")
        return outcome(lambda: parameter.initialize(force_reinit=True, **at))

    return {
        "unknown name": run(init="no_such_initializer"),
        "1-D xavier": outcome(
            lambda: made(mx, "ones", shape=(3,)).initialize("xavier", force_reinit=True)
        ),
    }


@case(
    "1.5 force_reinit checks first",
    fix="a refused initialize changes nothing (defect 12)",
    fixed={
        "unknown name": {"value": dense([[1, 1], [1, 1]])},
        "1-D xavier": {"value": dense([1, 1])},
    },
)
def reinitialise_keeps_values(mx):
    def run(shape, init):
        parameter = made(mx, "ones", shape=shape)
        if "raises" not in outcome(lambda: parameter.initialize(init, force_reinit=True)):
            return "accepted"
        return parameter.data()

    return {
        "unknown name": outcome(lambda: run((2, 2), "no_such_initializer")),
        "1-D xavier": outcome(lambda: run((2,), "xavier")),
    }


@case("1.5 gpu without CUDA", cpu_only="about machines without a GPU")
def gpu_refused(mx):
    if mx.context.num_gpus():
        return {"refused": ["MXNetError", "RuntimeError"], "then data": ["RuntimeError"]}
    parameter = mx.gluon.Parameter("w", shape=(2, 2))
    first = outcome(lambda: parameter.initialize("ones", ctx=mx.gpu(0)))
    return {
        "refused": [n for n in first["raises"] if n in ("MXNetError", "RuntimeError")],
        "then data": outcome(parameter.data)["raises"],
    }


@case(
    "1.5 gpu without CUDA: nothing changed",
    fix="a refused context leaves the parameter as it was (defect 12)",
    fixed={"contexts": gives(None)},
    cpu_only="about machines without a GPU",
)
def gpu_leaves_no_trace(mx):
    if mx.context.num_gpus():
        return {"contexts": gives(None)}
    parameter = mx.gluon.Parameter("w", shape=(2, 2))
    outcome(lambda: parameter.initialize("ones", ctx=mx.gpu(0)))
    return {"contexts": outcome(lambda: parameter._ctx_list)}
