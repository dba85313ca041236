"""Deferred initialization: what is kept until the shape is known, and what is refused."""

from harness import case, gives, outcome


@case("1.5 deferral")
def deferral(mx):
    def new(**keywords):
        return mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True, **keywords)

    def state(parameter):
        init, ctx, default, data = parameter._deferred_init
        return [init, ctx, default, data, parameter._data, parameter.list_ctx()]

    def deferred(**at):
        def run():
            parameter = new()
            parameter.initialize(**at)
            return state(parameter)

        return outcome(run)

    def again():
        parameter = new()
        parameter.initialize("ones", ctx=mx.cpu(0))
        parameter.initialize("zeros", ctx=[mx.cpu(1)])
        return state(parameter)

    def known():
        parameter = mx.gluon.Parameter("w", shape=(3, 2), allow_deferred_init=True)
        parameter.initialize("ones")
        return [parameter._deferred_init, parameter.data()]

    def not_allowed(shape):
        return outcome(lambda: mx.gluon.Parameter("w", shape=shape).initialize("ones"))

    def no_shape():
        parameter = mx.gluon.Parameter("w", allow_deferred_init=True)
        parameter.initialize("ones")
        parameter.shape = (2,)
        parameter._finish_deferred_init()
        return parameter.data()

    return {
        "one context": deferred(init="ones", ctx=mx.cpu(1)),
        "several": deferred(init="ones", ctx=[mx.cpu(1), mx.cpu(0)], default_init="zeros"),
        "own init": outcome(lambda: state_of_own(new, state)),
        "again": outcome(again),
        "known shape is not deferred": outcome(known),
        "not allowed, unknown": not_allowed((0, 2)),
        "not allowed, none": not_allowed(None),
        "not allowed, empty": not_allowed(()),
        "not allowed, zero": not_allowed((0,)),
        "no shape at all": outcome(no_shape),
    }


def state_of_own(new, state):
    parameter = new(init="ones")
    parameter.initialize(default_init="zeros")
    return state(parameter)


@case("1.5 access while deferred")
def access_while_deferred(mx):
    parameter = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
    parameter.initialize("ones", ctx=[mx.cpu(1)])
    members = ("data", "list_data", "grad", "list_grad", "list_ctx", "zero_grad", "_reduce")
    return {name: outcome(getattr(parameter, name)) for name in members}


@case("1.5 deferral of shapes with -1")
def deferral_with_minus_one(mx):
    """Unknown with np_shape; without, numparam takes -1 as unknown too (see the fix of 1.4)."""

    def run():
        with mx.util.np_shape(True):
            parameter = mx.gluon.Parameter("w", shape=(-1, 2), allow_deferred_init=True)
            parameter.initialize("ones")
            deferred = bool(parameter._deferred_init)
            parameter.shape = (3, 2)
            parameter._finish_deferred_init()
        return [deferred, parameter.data()]

    return {"np_shape": outcome(run)}


@case(
    "1.5 the deferred list of contexts",
    fix="the caller's list is copied",
    fixed={"appended later": gives(1)},
)
def deferred_contexts_copied(mx):
    def run():
        parameter = mx.gluon.Parameter("w", shape=(0, 2), allow_deferred_init=True)
        where = [mx.cpu(0)]
        parameter.initialize("ones", ctx=where)
        where.append(mx.cpu(1))
        return len(parameter.list_ctx())

    return {"appended later": outcome(run)}
