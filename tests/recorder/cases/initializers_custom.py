"""Initializers as users of Gluon write them, given to parameters in every way."""

import itertools
import math

import numpy as np
from harness import case, outcome

#: Names for registered classes: a name that is taken again makes a warning.
FRESH = itertools.count()


def styles(mx):
    """Methods that write an array, as they are found in models; each uses other operations."""
    nd = mx.nd

    def thresholded(self, name, array):
        array[:] = nd.arange(array.size).reshape(array.shape) - 4
        array *= array.abs() >= 3

    def halves(self, name, array):
        array[: array.shape[0] // 2] = 1
        array[array.shape[0] // 2 :] = -2

    def identity(self, name, array):
        array[:] = 0
        for i in range(min(array.shape[:2])):
            array[i][i] = 1

    def elements(self, name, array):
        array[:] = nd.zeros(array.shape)
        for i in range(min(array.shape[:2])):
            array[i, i] = i + 1

    def from_numpy(self, name, array):
        host = np.zeros(array.shape, "float32")
        host[..., 0] = 1
        array[:] = nd.array(host, ctx=array.context)
        array[0:1] *= 3

    def log_odds(self, name, array):
        array[:] = -math.log((1 - 0.02) / 0.02)

    def drawn(self, name, array):
        mx.random.normal(0, 1, out=array)
        array /= nd.norm(array) + 1
        array[:] = array.abs() < 1

    def by_name(self, name, array):
        if name.endswith("bias"):
            self._init_zero(name, array)
        elif name.endswith("gamma"):
            self._init_one(name, array)
        else:
            mx.init.Constant(4)._init_weight(name, array)

    def of_parts(self, name, array):
        half = array.shape[0] // 2
        mx.init.Constant(3)._init_weight(name, array[:half])
        mx.init.One()._init_weight(name, array[half:])

    def reshaped(self, name, array):
        array.reshape((-1,))[0:2] = 5
        array.reshape((array.shape[0], -1))[1] = 6

    def columns(self, name, array):
        array[:, :1] = 2
        array[-1] = 3
        array[:, -1] = nd.full(array[:, -1].shape, 7)

    def computed(self, name, array):
        array[:] = nd.sqrt(nd.full(array.shape, 4))
        array += 1
        array -= nd.ones(array.shape) * 0.5
        other = array
        other **= 2

    writers = (thresholded, halves, identity, elements, from_numpy, log_odds, drawn, by_name)
    return {writer.__name__: writer for writer in (*writers, of_parts, reshaped, columns, computed)}


def made(mx, writer):
    """A registered class with this method."""

    def construct(self, scale=1, **keywords):
        mx.init.Initializer.__init__(self, scale=scale, **keywords)

    members = {"__init__": construct, "_init_weight": writer}
    return mx.init.register(type(f"Custom{next(FRESH)}", (mx.init.Initializer,), members))


def values(mx, own=None, shape=(4, 4), dtype="float32", **arguments):
    """The arrays of three parameters of one dictionary."""
    params = mx.gluon.ParameterDict("net_")
    for name in ("weight", "bias", "gamma"):
        params.get(name, shape=shape, dtype=dtype, init=own)
    params.initialize(**arguments)
    return [parameter.data() for parameter in params.values()]


@case("2.3 custom initializers", rtol=1e-6)
def custom(mx):
    def run(writer, shape, dtype):
        return outcome(lambda: values(mx, shape=shape, dtype=dtype, init=made(mx, writer)()))

    return {
        f"{name}, {shape}, {dtype}": run(writer, shape, dtype)
        for name, writer in styles(mx).items()
        for shape, dtype in (((4, 4), "float32"), ((4, 3, 2), "float64"), ((4, 4), "float16"))
    }


@case("2.3 custom initializers, given in every way")
def ways(mx):
    by_name = styles(mx)["by_name"]

    def run(give):
        return outcome(lambda: give(made(mx, by_name)))

    def several(cls):
        params = mx.gluon.ParameterDict("net_")
        params.get("bias", shape=(2,))
        params.initialize(cls(), ctx=[mx.cpu(1), mx.cpu(0)])
        return params["net_bias"].list_data()

    def recording(cls):
        with mx.autograd.record():
            return values(mx, init=cls())

    return {
        "the dictionary's": run(lambda cls: values(mx, init=cls())),
        "the dictionary's, by name": run(lambda cls: values(mx, init=cls.__name__.lower())),
        "the dictionary's, by JSON": run(lambda cls: values(mx, init=cls(2).dumps())),
        "the parameter's": run(lambda cls: values(mx, own=cls())),
        "the parameter's, by name": run(lambda cls: values(mx, own=cls.__name__.upper())),
        "the parameter's, by JSON": run(lambda cls: values(mx, own=cls(2).dumps())),
        "on two contexts": run(several),
        "while recording": run(recording),
        "arguments": run(lambda cls: [cls(2, mode="x")._kwargs, cls(2) == cls(2), cls() == cls(2)]),
    }
