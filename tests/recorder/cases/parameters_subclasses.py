"""Subclasses of Parameter that do a step in their own way, as Gluon-era code does."""

from types import MethodType

from harness import case, outcome

HOOKS = ("_init_impl", "_init_grad", "_finish_deferred_init", "_check_and_get", "set_data", "cast")


def own(mx, **methods):
    """A subclass of Parameter with these methods, which functions of the class make."""
    cls = type("Own", (mx.gluon.Parameter,), {})
    for name, function in methods.items():
        setattr(cls, name, function(cls))
    return cls


def counting(mx):
    """A subclass that notes which of its steps are taken, and takes them as Parameter does."""

    def noting(name):
        def function(cls):
            def method(self, *arguments, **keywords):
                self.steps.append(name)
                return getattr(super(cls, self), name)(*arguments, **keywords)

            return method

        return function

    return own(mx, **{name: noting(name) for name in HOOKS})


def steps_of(mx, action, shape=(2, 2), initialized=True):
    """The steps that an action takes, each once, in alphabetical order."""
    parameter = counting(mx)("w", shape=shape, allow_deferred_init=True)
    parameter.steps = []
    if initialized:
        parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    parameter.steps = []
    action(parameter)
    return sorted(set(parameter.steps))


@case("1.5 steps that a subclass replaces are taken")
def steps(mx):
    ones = mx.nd.ones((2, 2))

    def finish(parameter):
        parameter.shape = (2, 2)
        parameter._finish_deferred_init()

    def ask(parameter):
        parameter.data(mx.cpu(1))
        parameter.data(mx.cpu(1))

    def load_another_dtype(parameter):
        parameter._load_init(ones.astype("float16"), None, cast_dtype=True, dtype_source="saved")

    def assign(name, value):
        return lambda parameter: setattr(parameter, name, value)

    def among(*names, **keywords):
        """Only these steps; which helper of its own a library uses is its affair."""
        return outcome(lambda: [step for step in steps_of(mx, **keywords) if step in names])

    made = ("_init_impl", "_init_grad", "_finish_deferred_init")
    loaded = (*made[:2], "set_data", "cast")
    return {
        "initialize": among(*made, action=lambda p: p.initialize("ones"), initialized=False),
        "initialize again": among(*made, action=lambda p: p.initialize("zeros", force_reinit=True)),
        "deferred": among(*made, action=finish, shape=(0, 2)),
        "still deferred": among(
            *made, action=lambda p: p.initialize("ones"), shape=(0, 2), initialized=False
        ),
        "reset_ctx": among(*made, action=lambda p: p.reset_ctx(mx.cpu(2))),
        "grad_req add": among(*made, action=assign("grad_req", "add")),
        "grad_req null": among(*made, action=assign("grad_req", "null")),
        "load, new": among(*loaded, action=lambda p: p._load_init(ones, None), initialized=False),
        "load, initialised": among(*loaded, action=lambda p: p._load_init(ones, None)),
        "load, saved dtype": among(*loaded, action=load_another_dtype),
        "load, new, saved dtype": among(*loaded, action=load_another_dtype, initialized=False),
        "dtype": among(*loaded, action=assign("dtype", "float16")),
        "data": among("_check_and_get", action=ask),
        "grad": among("_check_and_get", action=lambda p: p.grad(mx.cpu(0))),
        "list_data": among("_check_and_get", action=lambda p: p.list_data()),
        "list_grad": among("_check_and_get", action=lambda p: p.list_grad()),
    }


@case("1.5 what a replaced step does counts")
def replaced(mx):
    def tripled(cls):
        def method(self, data, ctx_list):
            super(cls, self)._init_impl(data * 3, ctx_list)

        return method

    def filled(cls):
        def method(self):
            super(cls, self)._init_grad()
            for gradient in self._grad:
                gradient[:] = 5

        return method

    def halved(cls):
        return lambda self, data: super(cls, self).set_data(data / 2)

    def first_for_others(cls):
        def method(self, arr_list, ctx):
            if isinstance(ctx, mx.Context) and ctx not in self._ctx_list:
                ctx = self._ctx_list[0]
            return super(cls, self)._check_and_get(arr_list, ctx)

        return method

    def by_hand(cls):
        """All that a subclass without `super` does."""

        def method(self, data, ctx_list):
            self._ctx_list = list(ctx_list)
            self._ctx_map = [[], []]
            for position, context in enumerate(self._ctx_list):
                row = self._ctx_map[context.device_typeid & 1]
                while len(row) <= context.device_id:
                    row.append(None)
                row[context.device_id] = position
            self._data = [data.copyto(context) for context in self._ctx_list]
            self._init_grad()

        return method

    def made(**methods):
        parameter = own(mx, **methods)("w", shape=(2,))
        parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(2)])
        return parameter

    def loaded(**methods):
        parameter = made(**methods)
        parameters = mx.gluon.ParameterDict()
        parameters.update({"w": parameter})
        parameters.load_dict({"w": mx.nd.array([4, 6])})
        return parameter

    def half(cls):
        return property(lambda self: "float16", lambda self, dtype: None)

    return {
        "_init_impl": outcome(lambda: made(_init_impl=tripled).list_data()),
        "_init_impl by hand": outcome(lambda: made(_init_impl=by_hand).data(mx.cpu(2))),
        "_init_impl by hand, gradients": outcome(lambda: made(_init_impl=by_hand).list_grad()),
        "_init_grad": outcome(lambda: made(_init_grad=filled).list_grad()),
        "set_data": outcome(lambda: loaded(set_data=halved).list_data()),
        "_check_and_get": outcome(
            lambda: made(_check_and_get=first_for_others).data(mx.cpu(1)).context
        ),
        "dtype": outcome(lambda: made(dtype=half).data(mx.cpu(0))),
    }


@case("1.5 steps that one parameter replaces are taken")
def replaced_on_one(mx):
    """As distributed training does, which waits for deferred parameters to send their values."""

    def sent(shape, finish):
        parameters = mx.gluon.ParameterDict()
        parameter = parameters.get("w", shape=shape, allow_deferred_init=True)
        take, seen = parameter._init_impl, []

        def take_and_send(self, *arguments):
            take(*arguments)
            seen.append(self.data().asnumpy())

        parameter._init_impl = MethodType(take_and_send, parameter)
        parameters.initialize("ones")
        finish(parameters, parameter)
        return seen

    def complete(parameters, parameter):
        parameter.shape = (2,)
        parameter._finish_deferred_init()

    def load(parameters, parameter):
        parameters.load_dict({"w": mx.nd.array([3, 4])})

    def zeroed():
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter._reduce = lambda: parameter.data() * 0
        parameter.initialize("ones")
        parameter.reset_ctx(mx.cpu(1))
        return parameter.data()

    return {
        "initialize": outcome(lambda: sent((2,), lambda *_: None)),
        "deferred": outcome(lambda: sent((0,), complete)),
        "deferred, then loaded": outcome(lambda: sent((0,), load)),
        "moved": outcome(lambda: sent((2,), lambda parameters, _: parameters.reset_ctx(mx.cpu(1)))),
        "_reduce": outcome(zeroed),
    }


@case("1.9 reset_ctx copies what _reduce gives")
def reduced_is_copied(mx):
    cls = own(mx, _reduce=lambda cls: lambda self: self._data[0])
    parameter = cls("w", shape=(2,))
    parameter.initialize("ones")
    before = parameter.data()
    parameter.reset_ctx(mx.cpu(0))
    before[:] = 7
    return {"moved": outcome(parameter.data), "is the old array": parameter.data() is before}


@case("1.6 positions by context")
def positions(mx):
    parameter = mx.gluon.Parameter("w", shape=(2,))
    before = parameter._ctx_map
    parameter.initialize("ones", ctx=[mx.cpu(2), mx.cpu(0)])
    return {
        "uninitialised": before,
        "_ctx_map": outcome(lambda: parameter._ctx_map),
        "own list, context": outcome(lambda: parameter._check_and_get(["a", "b"], mx.cpu(0))),
        "own list, other context": outcome(lambda: parameter._check_and_get(["a"], mx.cpu(1))),
        "own list, all": outcome(lambda: parameter._check_and_get(["a", "b"], list)),
        "own list of one": outcome(lambda: parameter._check_and_get(["a"], None)),
    }
