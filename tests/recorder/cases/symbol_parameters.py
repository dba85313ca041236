"""Parameter.var(): the attributes of a parameter's symbolic variable."""

import numpy as np
from harness import any_of, case, gives, outcome, refused


def attributes(parameter):
    """All attributes of the variable, sorted by name."""
    return sorted(parameter.var().attr_dict().get(parameter.name, {}).items())


@case("1.11 attributes")
def variable_attributes(mx):
    Parameter = mx.gluon.Parameter

    def shown(**keywords):
        return outcome(lambda: attributes(Parameter("w", **keywords)))

    return {
        "plain": shown(),
        "shape": shown(shape=(2, 3)),
        "int shape": shown(shape=5),
        "unknown dimension": shown(shape=(0, 3)),
        "empty shape": shown(shape=()),
        "multipliers": shown(shape=(2,), lr_mult=0.5, wd_mult=0.0),
        "whole multipliers": shown(shape=(2,), lr_mult=2, wd_mult=3),
        "init by name": shown(shape=(2,), init="ones"),
        "init object": shown(shape=(2,), init=mx.init.Xavier(magnitude=2)),
        "init constant": shown(shape=(2,), init=mx.init.Constant(1.5)),
        "init JSON": shown(shape=(2,), init='["constant", {"value": 3}]'),
        "row_sparse": shown(shape=(2, 2), stype="row_sparse"),
        "csr": shown(shape=(2, 2), stype="csr"),
        "row_sparse gradient": shown(shape=(2, 2), grad_stype="row_sparse"),
        "grad_req is not shown": shown(shape=(2,), grad_req="null"),
        "no dtype": shown(shape=(2,), dtype=None),
        "changed multiplier": outcome(lambda: attributes(changed(mx))),
    }


def changed(mx):
    parameter = mx.gluon.Parameter("w", shape=(2,))
    parameter.lr_mult = 0.25
    parameter.init = "zeros"
    return parameter


@case("1.11 the dtype's number")
def dtype_numbers(mx):
    names = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool")

    def number(dtype):
        return outcome(
            lambda: mx.gluon.Parameter("w", shape=(2,), dtype=dtype).var().attr("__dtype__")
        )

    return {
        **{name: number(name) for name in names},
        **{f"type {name}": number(np.dtype(name).type) for name in names},
        "bfloat16": number(np.dtype([("bfloat16", np.uint16)])),
        "none": number(None),
    }


@case("1.11 the variable")
def variable(mx):
    parameter = mx.gluon.Parameter("fc_weight", shape=(2, 3))

    def scoped():
        with mx.AttrScope(ctx_group="dev1", __mine__="yes"):
            return attributes(mx.gluon.Parameter("w", shape=(2,)))

    def prefixed():
        with mx.name.Prefix("net_"):
            return mx.gluon.Parameter("w", shape=(2,)).var().name

    return {
        "cached": parameter.var() is parameter.var(),
        "_var": parameter.var() is parameter._var,
        "class": outcome(lambda: type(parameter.var()).__name__),
        "is a Symbol": isinstance(parameter.var(), mx.sym.Symbol),
        "name": outcome(lambda: parameter.var().name),
        "attr": outcome(lambda: parameter.var().attr("__shape__")),
        "list_attr": outcome(lambda: sorted(parameter.var().list_attr().items())),
        "arguments": outcome(lambda: parameter.var().list_arguments()),
        "text": outcome(lambda: repr(parameter.var())),
        "JSON": outcome(lambda: parameter.var().tojson()),
        "inside AttrScope": outcome(scoped),
        "a name prefix is not applied": outcome(prefixed),
        "needs no initialization": outcome(lambda: parameter._data),
        "constant": outcome(
            lambda: [
                entry
                for entry in attributes(mx.gluon.Constant("c", mx.nd.ones((2,))))
                if entry[0] not in ("__init__", "init")
            ]
        ),
        "name is no text": outcome(lambda: mx.gluon.Parameter(3, shape=(2,)).var().name),
    }


@case("1.11 with np_array")
def numpy_variable(mx):
    def run():
        with mx.util.np_shape(True), mx.util.np_array(True):
            symbol = mx.gluon.Parameter("w", shape=(2, 3)).var()
            return [
                type(symbol).__name__,
                isinstance(symbol, mx.sym.Symbol),
                symbol.name,
                symbol.tojson() == mx.gluon.Parameter("w", shape=(2, 3)).var().tojson(),
            ]

    def scalar():
        with mx.util.np_shape(True):
            return attributes(mx.gluon.Parameter("w", shape=()))

    def unknown():
        with mx.util.np_shape(True):
            return attributes(mx.gluon.Parameter("w", shape=(0, 3)))

    def text(**modes):
        with mx.util.np_shape(True), mx.util.np_array(modes.get("np_array", False)):
            return mx.gluon.Parameter("w", shape=(2, 3)).var().tojson()

    def text_outside():
        with mx.util.np_shape(True):
            variable = mx.gluon.Parameter("w", shape=(2, 3)).var()
        return variable.tojson()

    return {
        "JSON, np_shape": outcome(text),
        "JSON, np_array": outcome(lambda: text(np_array=True)),
        "JSON, outside again": outcome(text_outside),
        "JSON reads back": outcome(lambda: mx.sym.load_json(text()).attr("__shape__")),
        "class": outcome(run),
        "scalar, np_shape": outcome(scalar),
        "unknown, np_shape": outcome(unknown),
    }


@case(
    "1.11 init that has no text",
    fix="an array as init value is written as a list, without changing the initializer",
    fixed={
        "the initializer is unchanged": gives(True),
        "callable": any_of(gives(None), refused, lambda encoding: "value" in encoding),
    },
)
def init_text(mx):
    def constant():
        init = mx.init.Constant(mx.nd.array([1, 2]))
        return mx.gluon.Parameter("w", shape=(2,), init=init).var().attr("__init__")

    def unchanged():
        value = mx.nd.array([1, 2])
        init = mx.init.Constant(value)
        mx.gluon.Parameter("w", shape=(2,), init=init).var()
        return init._kwargs["value"] is value

    return {
        "array constant": outcome(constant),
        "the initializer is unchanged": outcome(unchanged),
        "callable": outcome(
            lambda: mx.gluon.Parameter("w", shape=(2,), init=print).var().attr("__init__")
        ),
    }
