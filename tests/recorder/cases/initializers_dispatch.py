"""Which rule an initializer applies to which name."""

import logging
import warnings

from harness import case, outcome, refused


def by_name(mx, name, init=None, shape=(2, 2), **keywords):
    """The array written for this name through an InitDesc."""
    array = mx.nd.full(shape, -7)
    (init or mx.init.Constant(5))(mx.init.InitDesc(name, **keywords), array)
    return array


def by_text(mx, name, init=None, shape=(2, 2)):
    """The array written for this name as plain text, which is deprecated."""
    array = mx.nd.full(shape, -7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (init or mx.init.Constant(5))(name, array)
    return array


@case("2.3 suffixes")
def suffixes(mx):
    names = (
        "fc_weight",
        "fc_bias",
        "bn_gamma",
        "bn_beta",
        "q_min",
        "q_max",
        "weight",
        "bias",
        "xweight",
        "bn_moving_mean",
        "bn_running_mean",
        "bn_moving_var",
        "fc_Weight",
        "weight_",
        "w",
        "",
    )
    return {name: outcome(lambda name=name: by_name(mx, name)) for name in names}


@case("2.3 suffixes: the rules of the base class are fixed")
def fixed_rules(mx):
    inits = {"One": mx.init.One(), "Zero": mx.init.Zero(), "Uniform": mx.init.Uniform(1)}
    return {
        f"{title}, {suffix}": outcome(
            lambda init=init, suffix=suffix: by_name(mx, f"fc_{suffix}", init)
        )
        for title, init in inits.items()
        for suffix in ("bias", "gamma", "beta", "min", "max")
    }


@case("2.3 names as plain text")
def legacy_names(mx):
    names = (
        "fc_weight",
        "fc_bias",
        "bn_gamma",
        "bn_beta",
        "bn_moving_mean",
        "bn_moving_var",
        "bn_moving_inv_var",
        "bn_moving_avg",
        "q_min",
        "q_max",
        "stn_loc_weight",
        "w",
    )
    return {
        **{name: outcome(lambda name=name: by_text(mx, name)) for name in names},
        "upsampling": outcome(lambda: by_text(mx, "upsampling0", shape=(1, 1, 4, 4))),
        "stn_loc bias": outcome(lambda: by_text(mx, "stn_loc_bias", shape=(6,))),
    }


@case("2.3 names as plain text are deprecated")
def legacy_warning(mx):
    def run(name):
        array = mx.nd.zeros((2,))
        mx.init.One()(name, array)
        return array

    return {"weight": outcome(lambda: run("fc_weight")), "bias": outcome(lambda: run("fc_bias"))}


@case("2.3 other kinds of names are refused")
def no_names(mx):
    def run(name):
        return outcome(lambda: mx.init.One()(name, mx.nd.zeros((2,))))

    return {"int": run(3), "none": run(None)}


@case(
    "2.3 other kinds of arrays",
    fix="what is no array is refused",
    fixed={"list": refused, "none": refused},
)
def no_arrays(mx):
    def run(array):
        return outcome(lambda: mx.init.One()(mx.init.InitDesc("fc_weight"), array))

    return {"list": run([1, 2]), "none": run(None)}


@case("2.3 the attribute __init__")
def attribute(mx):
    def run(value, name="fc_bias", init=None):
        return outcome(lambda: by_name(mx, name, init, attrs={"__init__": value}))

    return {
        "name": run("ones"),
        "JSON": run('["constant", {"value": 3}]'),
        "object": run(mx.init.Constant(4)),
        "empty": run(""),
        "empty, weight": run("", "fc_weight"),
        "unknown": run("no_such_initializer"),
        "on an unknown suffix": run("ones", "w"),
        "no attribute": outcome(lambda: by_name(mx, "fc_weight", attrs={})),
        "other attribute": outcome(lambda: by_name(mx, "fc_weight", attrs={"__shape__": "(2,)"})),
    }


@case("2.3 InitDesc")
def descriptor(mx):
    desc = mx.init.InitDesc("fc_weight", {"__init__": "ones"}, mx.init.Zero())
    plain = mx.init.InitDesc("fc_bias")

    def global_init():
        init = mx.init.Constant(5)
        fresh = mx.init.InitDesc("fc_weight")
        before = fresh.global_init
        init(fresh, mx.nd.zeros((2,)))
        return [before, fresh.global_init is init]

    return {
        "text": outcome(lambda: [str(desc), desc == "fc_weight", desc.endswith("weight")]),
        "is text": isinstance(desc, str),
        "attrs": outcome(lambda: [desc.attrs, plain.attrs]),
        "global_init": outcome(lambda: [type(desc.global_init).__name__, plain.global_init]),
        "set by the call": outcome(global_init),
        "kept if given": outcome(lambda: kept(mx)),
        "fresh attrs": mx.init.InitDesc("a").attrs is not mx.init.InitDesc("b").attrs,
    }


def kept(mx):
    own = mx.init.Zero()
    desc = mx.init.InitDesc("fc_weight", global_init=own)
    mx.init.One()(desc, mx.nd.zeros((2,)))
    return desc.global_init is own


@case("2.3 subclasses")
def subclasses(mx):
    """Rules are methods that a subclass overrides; parameters always ask for the weight's."""

    class Marker(mx.init.Initializer):
        def _init_weight(self, name, array):
            array[:] = 10

        def _init_bias(self, name, array):
            array[:] = 11

        def _init_default(self, name, array):
            array[:] = 12

    class OnlyWeight(mx.init.Initializer):
        def _init_weight(self, name, array):
            array[:] = len(name)

    def parameter(**arguments):
        made = mx.gluon.Parameter("a_bias", shape=(2,))
        made.initialize(**arguments)
        return made.data()

    return {
        "weight": outcome(lambda: by_name(mx, "a_weight", Marker())),
        "bias": outcome(lambda: by_name(mx, "a_bias", Marker())),
        "gamma": outcome(lambda: by_name(mx, "a_gamma", Marker())),
        "other": outcome(lambda: by_name(mx, "a", Marker())),
        "other, no rule": outcome(lambda: by_name(mx, "a", OnlyWeight())),
        "no rule for weights": outcome(lambda: by_name(mx, "a_weight", mx.init.Initializer())),
        "the rule sees the name": outcome(lambda: by_name(mx, "abc_weight", OnlyWeight())),
        "of a parameter": outcome(lambda: parameter(init=Marker())),
        "of a parameter, by default": outcome(lambda: parameter(default_init=Marker())),
    }


@case("2.3 subclasses with a __call__ of their own")
def own_call(mx):
    """It decides for all parameters that it is the default of; `init` alone is not called."""

    class Sized(mx.init.Initializer):
        def __init__(self, factor=2):
            super().__init__(factor=factor)
            self.factor = factor

        def __call__(self, name, array):
            array[:] = self.factor * array.size
            self._verbose_print(name, "sized", array)

    class Plain(mx.init.Initializer):
        def __call__(self, name, array):
            self._legacy_init(str(name), array)

        def _init_weight(self, name, array):
            array[:] = 3

    def parameters(names, own=None, **arguments):
        params = mx.gluon.ParameterDict("net_")
        made = [params.get(name, shape=(3,), init=own) for name in names]
        params.initialize(**arguments)
        return [parameter.data() for parameter in made]

    def logged():
        lines = []
        init = Sized().set_verbosity(True, lambda array: lines.append(array.size) or "")
        with_level(lambda: init(mx.init.InitDesc("a_weight"), mx.nd.zeros((3,))))
        return lines

    return {
        "of a dictionary": outcome(lambda: parameters(["weight", "bias"], init=Sized())),
        "beside the parameter's own": outcome(
            lambda: parameters(["weight"], own="ones", init=Sized())
        ),
        "the parameter's own": outcome(lambda: parameters(["weight"], own=Sized())),
        "by plain text": outcome(lambda: parameters(["weight", "bias"], init=Plain())),
        "logged": outcome(logged),
    }


def with_level(call):
    """Call while the root logger takes messages of level INFO, and shows none."""
    root = logging.getLogger()
    handler, level = logging.NullHandler(), root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        return call()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@case("2.3 parameters always get the rule of weights")
def parameters_get_weights(mx):
    def run(name, **arguments):
        def make():
            parameter = mx.gluon.Parameter(name, shape=(2,))
            parameter.initialize(**arguments)
            return parameter.data()

        return outcome(make)

    names = ("fc_weight", "fc_bias", "bn_gamma", "bn_beta", "bn_running_mean", "q_min", "q_max")
    return {
        **{name: run(name, init=mx.init.Constant(5)) for name in names},
        **{f"{name}, default_init": run(name, default_init=mx.init.One()) for name in names},
        **{f"{name}, by name": run(name, default_init="ones") for name in ("fc_bias", "bn_beta")},
    }


@case("2.3 Mixed")
def mixed(mx):
    def run(name, patterns, inits):
        return outcome(lambda: by_name(mx, name, mx.init.Mixed(patterns, inits)))

    objects = [mx.init.Zero(), mx.init.Constant(3)]

    def with_objects(name, patterns):
        array = mx.nd.full((2,), -7)
        mx.init.Mixed(patterns, objects)(mx.init.InitDesc(name), array)
        return array

    return {
        "first": outcome(lambda: with_objects("fc_bias", [".*bias", ".*"])),
        "second": outcome(lambda: with_objects("fc_weight", [".*bias", ".*"])),
        "the pattern starts at the beginning": outcome(
            lambda: with_objects("fc_weight", ["weight", ".*"])
        ),
        "the first match counts": outcome(lambda: with_objects("fc_weight", [".*", ".*weight"])),
        "the end may be open": outcome(lambda: with_objects("fc_weight", ["fc", ".*"])),
        "none": outcome(lambda: with_objects("fc_weight", ["bias", "gamma"])),
        "other lengths": outcome(lambda: mx.init.Mixed([".*"], objects)),
        "is an Initializer": isinstance(mx.init.Mixed([".*"], [objects[0]]), mx.init.Initializer),
        "broken pattern": "raises" in run("a_weight", ["("], [objects[0]]),
        "suffix rules still hold": outcome(lambda: with_objects("fc_gamma", ["x", ".*"])),
    }


@case("2.3 Load")
def load(mx):
    data = {
        "arg:fc_weight": mx.nd.array([1, 2]),
        "aux:fc_mean": mx.nd.array([3, 4]),
        "plain": mx.nd.array([5, 6]),
    }

    def run(name, shape=(2,), **keywords):
        def make():
            array = mx.nd.full(shape, -7)
            mx.init.Load(data, **keywords)(name, array)
            return array

        return outcome(make)

    return {
        "arg": run("fc_weight"),
        "aux": run("fc_mean"),
        "plain": run("plain"),
        "missing": run("other"),
        "missing, default": run("other_weight", default_init=mx.init.Constant(9)),
        "other shape": run("plain", (3,)),
        "by InitDesc": run(mx.init.InitDesc("plain")),
        "is an Initializer": isinstance(mx.init.Load(data), mx.init.Initializer),
        "members": outcome(lambda: sorted(mx.init.Load(data).param)),
        "no dict": "raises" in outcome(lambda: mx.init.Load([1, 2])),
        "no file": outcome(lambda: mx.init.Load("/no/such/folder/net.params")),
    }
