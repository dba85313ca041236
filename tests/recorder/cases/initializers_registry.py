"""The registry of initializers: names, creation, JSON forms, equality, verbosity, refusals."""

import itertools
import json
import pickle

import numpy as np
from harness import any_of, case, gives, outcome, refused

NAMES = [
    "bilinear",
    "constant",
    "fusedrnn",
    "lstmbias",
    "msraprelu",
    "normal",
    "one",
    "ones",
    "orthogonal",
    "uniform",
    "xavier",
    "zero",
    "zeros",
]
#: Names for registered classes: a name that is taken again makes a warning.
FRESH = itertools.count()


def class_name(thing):
    return type(thing).__name__


@case("2.3 names")
def names(mx):
    arguments = {"constant": {"value": 1}, "fusedrnn": None}

    def create(name):
        keywords = arguments.get(name, {})
        if keywords is None:
            keywords = {"init": None, "num_hidden": 2, "num_layers": 1, "mode": "lstm"}
        return class_name(mx.init.create(name, **keywords))

    return {
        **{name: outcome(lambda name=name: create(name)) for name in NAMES},
        "upper case": outcome(lambda: create("XAVIER")),
        "absent": [
            name
            for name in ("mixed", "load", "initializer", "gaussian", "he")
            if "raises" not in outcome(lambda name=name: mx.init.create(name))
        ],
        "init is initializer": mx.init is mx.initializer,
    }


@case("2.3 create")
def create(mx):
    zero = mx.init.Zero()

    def value(init, **keywords):
        return outcome(lambda: mx.init.create(init, **keywords)._kwargs)

    return {
        "name": value("xavier"),
        "keywords": value("xavier", magnitude=2, rnd_type="gaussian"),
        "by position": outcome(lambda: mx.init.create("uniform", 0.5)._kwargs),
        "object": mx.init.create(zero) is zero,
        "object and keywords": outcome(lambda: mx.init.create(zero, scale=1)),
        "JSON list": value('["uniform", {"scale": 0.5}]'),
        "JSON list without keywords": "raises" in value('["uniform"]'),
        "JSON object": value('{"initializer": "uniform", "scale": 0.5}'),
        "dict": value({"initializer": "uniform", "scale": 0.5}),
        "unknown": value("no_such_initializer"),
        "unknown keyword": value("uniform", size=3),
        "missing keyword": value("constant"),
        "number": value(3),
        "none": value(None),
        "class": value(mx.init.Zero),
    }


@case("2.3 dumps")
def dumps(mx):
    init = mx.init

    def text(make):
        return outcome(lambda: make().dumps())

    return {
        "Zero": text(init.Zero),
        "One": text(init.One),
        "Constant": text(lambda: init.Constant(1.5)),
        "Constant int": text(lambda: init.Constant(2)),
        "Constant negative": text(lambda: init.Constant(-1e-5)),
        "Constant array": text(lambda: init.Constant(mx.nd.array([[1, 2]]))),
        "Constant NumPy": text(lambda: init.Constant(np.array([1.5, 2.5]))),
        "Uniform": text(init.Uniform),
        "Uniform 1": text(lambda: init.Uniform(1)),
        "Normal": text(init.Normal),
        "Normal 0.5": text(lambda: init.Normal(0.5)),
        "Orthogonal": text(init.Orthogonal),
        "Orthogonal normal": text(lambda: init.Orthogonal(1, "normal")),
        "Xavier": text(init.Xavier),
        "Xavier in": text(lambda: init.Xavier("gaussian", "in", 2.34)),
        "MSRAPrelu": text(init.MSRAPrelu),
        "MSRAPrelu in": text(lambda: init.MSRAPrelu("in", 0.1)),
        "Bilinear": text(init.Bilinear),
        "LSTMBias": text(init.LSTMBias),
        "LSTMBias 2": text(lambda: init.LSTMBias(2.0)),
    }


@case("2.3 dumps and create give the initializer back")
def round_trip(mx):
    init = mx.init
    made = {
        "Zero": init.Zero(),
        "One": init.One(),
        "Constant": init.Constant(1.5),
        "Uniform": init.Uniform(0.5),
        "Normal": init.Normal(0.5),
        "Orthogonal": init.Orthogonal(2, "normal"),
        "Xavier": init.Xavier("gaussian", "in", 2),
        "MSRAPrelu": init.MSRAPrelu("out", 0.1),
        "Bilinear": init.Bilinear(),
        "LSTMBias": init.LSTMBias(2.0),
    }
    return {
        **{
            name: outcome(lambda one=one: init.create(one.dumps()) == one)
            for name, one in made.items()
        },
        **{
            f"{name} pickled": outcome(lambda one=one: pickle.loads(pickle.dumps(one)) == one)
            for name, one in made.items()
        },
        "array constant": outcome(
            lambda: init.create(init.Constant(mx.nd.array([1, 2])).dumps())._kwargs
        ),
    }


@case("2.3 FusedRNN keeps its JSON")
def fused_rnn(mx):
    def text(init, **keywords):
        return outcome(lambda: mx.init.FusedRNN(init, 10, 2, "lstm", **keywords).dumps())

    return {
        "object": text(mx.init.Xavier()),
        "none": text(None),
        "all": text(mx.init.Uniform(1), bidirectional=True, forget_bias=2.0),
    }


@case(
    "2.3 dumps of other values",
    fix="any number or list has a JSON form; nothing is changed",
    fixed={
        "NumPy scalar": gives('["constant", {"value": 1.5}]'),
        "list": gives('["constant", {"value": [1, 2]}]'),
        "the value is unchanged": gives(True),
    },
)
def dumps_of_values(mx):
    def unchanged():
        value = mx.nd.array([1, 2])
        init = mx.init.Constant(value)
        init.dumps()
        return init._kwargs["value"] is value

    return {
        "NumPy scalar": outcome(lambda: mx.init.Constant(np.float32(1.5)).dumps()),
        "list": outcome(lambda: mx.init.Constant([1, 2]).dumps()),
        "the value is unchanged": outcome(unchanged),
    }


@case("2.3 equality")
def equality(mx):
    init = mx.init

    class Special(init.Uniform):
        pass

    return {
        "same class and arguments": outcome(lambda: init.Uniform(1) == init.Uniform(1)),
        "int and float": outcome(lambda: init.Uniform(1) == init.Uniform(1.0)),
        "other arguments": outcome(lambda: init.Uniform(1) == init.Uniform(2)),
        "default given": outcome(lambda: init.Uniform() == init.Uniform(0.07)),
        "other class": outcome(lambda: init.Zero() == init.One()),
        "subclass": outcome(lambda: init.Uniform(1) == Special(1)),
        "text": outcome(lambda: init.Zero() == "zeros"),
        "none": outcome(lambda: init.Zero() == None),  # noqa: E711
        "not equal": outcome(lambda: init.Uniform(1) != init.Uniform(1)),
        "hashable": outcome(lambda: hash(init.Zero())),
        "Xavier": outcome(lambda: init.Xavier(magnitude=3) == init.Xavier()),
        "MSRAPrelu": outcome(lambda: init.MSRAPrelu() == init.MSRAPrelu("avg", 0.25)),
        "MSRAPrelu is a Xavier": isinstance(init.MSRAPrelu(), init.Xavier),
    }


@case("2.3 attributes")
def attributes(mx):
    init = mx.init
    return {
        "Uniform": outcome(lambda: [init.Uniform().scale, init.Uniform()._kwargs]),
        "Normal": outcome(lambda: [init.Normal().sigma, init.Normal()._kwargs]),
        "Constant": outcome(lambda: init.Constant(2).value),
        "Xavier": outcome(
            lambda: [init.Xavier().rnd_type, init.Xavier().factor_type, init.Xavier().magnitude]
        ),
        "MSRAPrelu": outcome(lambda: [init.MSRAPrelu()._kwargs, init.MSRAPrelu().magnitude]),
        "Orthogonal": outcome(lambda: [init.Orthogonal().scale, init.Orthogonal().rand_type]),
        "LSTMBias": outcome(lambda: init.LSTMBias().forget_bias),
        "base": outcome(lambda: [init.Initializer(a=1)._kwargs, init.Initializer()._verbose]),
    }


@case("2.3 register and alias")
def register(mx):
    def fresh():
        return f"Recorded{next(FRESH)}"

    def make(name):
        def write(self, _, array):
            array[:] = 6

        return type(name, (mx.init.Initializer,), {"_init_weight": write})

    def registered():
        name = fresh()
        cls = mx.init.register(make(name))
        parameter = mx.gluon.Parameter("w", shape=(2,))
        parameter.initialize(init=name.lower())
        return [
            cls.__name__ == name,
            parameter.data(),
            cls().dumps() == f'["{name.lower()}", {{}}]',
        ]

    def aliased():
        name = fresh()
        cls = mx.init.alias(f"{name}_a", f"{name}_B")(mx.init.register(make(name)))
        created = [mx.init.create(f"{name}_{letter}") for letter in "aAbB"]
        return [isinstance(one, cls) for one in created]

    def twice():
        name = fresh()
        mx.init.register(make(name))
        mx.init.register(make(name))

    return {
        "registered": outcome(registered),
        "aliased": outcome(aliased),
        "twice": outcome(twice),
        "no class": "raises" in outcome(lambda: mx.init.register(3)),
        "other class": "raises" in outcome(lambda: mx.init.register(dict)),
    }


@case("2.3 an initializer that is not registered")
def unregistered(mx):
    class Unregistered(mx.init.Initializer):
        def __init__(self, value):
            super().__init__(value=value)
            self.value = value

        def _init_weight(self, name, array):
            array[:] = self.value

    def parameter(**arguments):
        made = mx.gluon.Parameter("w", shape=(2,))
        made.initialize(**arguments)
        return made.data()

    return {
        "init": outcome(lambda: parameter(init=Unregistered(4))),
        "default_init": outcome(lambda: parameter(default_init=Unregistered(4))),
        "dumps": outcome(lambda: Unregistered(4).dumps()),
        "create from its text": outcome(lambda: mx.init.create(Unregistered(4).dumps())),
        "direct": outcome(lambda: direct(mx, Unregistered(4))),
    }


def direct(mx, init):
    array = mx.nd.zeros((2,))
    init(mx.init.InitDesc("a_weight"), array)
    return array


@case("2.3 verbosity")
def verbosity(mx):
    def quiet():
        init = mx.init.Zero()
        return [init._verbose, init.set_verbosity(True) is init, init._verbose]

    return {
        "set_verbosity": outcome(quiet),
        "set back": outcome(lambda: mx.init.Zero().set_verbosity()._verbose),
    }


@case(
    "2.3 an initializer of array values compared",
    fix="array values are compared by value",
    fixed={"equal": gives(True), "other": gives(False), "shapes": any_of(gives(False), refused)},
)
def array_equality(mx):
    def compare(first, second):
        constants = [mx.init.Constant(mx.nd.array(values)) for values in (first, second)]
        return outcome(lambda: constants[0] == constants[1])

    return {
        "equal": compare([1, 2], [1, 2]),
        "other": compare([1, 2], [1, 3]),
        "shapes": compare([1, 2], [1, 2, 3]),
    }


@case("2.3 JSON is plain")
def json_is_plain(mx):
    init = mx.init.Xavier("gaussian", "in", 2)
    return {
        "reads back": outcome(lambda: json.loads(init.dumps())),
        "the symbol carries it": outcome(
            lambda: (
                mx.gluon.Parameter("w", shape=(2, 2), init=init).var().attr("__init__")
                == init.dumps()
            )
        ),
    }
