"""ParameterDict.load and load_dict: names, prefixes, flags, dtypes, and what a refusal leaves."""

import tempfile
from pathlib import Path

import numpy as np
from harness import any_of, case, gives, outcome, refused

FLAGS = [(missing, extra) for missing in (False, True) for extra in (False, True)]


def network(mx, prefix="net_", names=("weight", "bias"), state="new", **keywords):
    """Parameters of shape (2,), new or initialised to zero."""
    parameters = mx.gluon.ParameterDict(prefix)
    for name in names:
        parameters.get(name, shape=(2,), **keywords)
    if state == "initialised":
        parameters.initialize("zeros")
    return parameters


def arrays(mx, *names, dtype="float32"):
    """Arrays [1, 1.5], [2, 2.5], ... under these names."""
    return {
        name: mx.nd.array([index + 1, index + 1.5], dtype=dtype) for index, name in enumerate(names)
    }


def shown(parameters):
    return [[name, parameter._data] for name, parameter in parameters.items()]


def through_file(mx, data, parameters, **keywords):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.params")
        mx.nd.save(path, data)
        parameters.load(path, **keywords)
    return parameters


@case("1.15 load")
def load(mx):
    def run(data, *arguments, load=None, **keywords):
        def make():
            parameters = network(mx, *arguments, **keywords)
            return shown(through_file(mx, data, parameters, **(load or {})))

        return outcome(make)

    full = arrays(mx, "net_weight", "net_bias")
    short = arrays(mx, "weight", "bias")
    return {
        "new": run(full),
        "initialised": run(full, state="initialised"),
        "other order": run(arrays(mx, "net_bias", "net_weight")),
        "context": run(full, load={"ctx": mx.cpu(2)}),
        "contexts": run(full, load={"ctx": [mx.cpu(1), mx.cpu(0)]}),
        "initialised elsewhere": run(full, state="initialised", load={"ctx": mx.cpu(2)}),
        "restore_prefix": run(short, load={"restore_prefix": "net_"}),
        "restore_prefix, file has it": run(full, load={"restore_prefix": "net_"}),
        "restore_prefix, other": run(short, load={"restore_prefix": "other_"}),
        "without restore_prefix": run(short),
        "arg and aux": run(
            {"arg:net_weight": full["net_weight"], "aux:net_bias": full["net_bias"]}
        ),
        "arg and restore_prefix": run(
            {"arg:weight": full["net_weight"], "aux:bias": full["net_bias"]},
            load={"restore_prefix": "net_"},
        ),
        "a list": run([full["net_weight"]]),
        "no file": outcome(lambda: network(mx).load("/no/such/folder/net.params")),
        "into an empty dictionary": outcome(
            lambda: through_file(mx, full, mx.gluon.ParameterDict()) is None
        ),
        "by position": outcome(lambda: by_position(mx)),
    }


def by_position(mx):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.params")
        mx.nd.save(path, arrays(mx, "weight", "extra", dtype="float64"))
        parameters = network(mx)
        parameters.load(path, mx.cpu(1), True, True, "net_", True, "saved")
        return shown(parameters)


@case("1.15 allow_missing and ignore_extra")
def flags(mx):
    sets = {
        "same": ("net_weight", "net_bias"),
        "missing": ("net_weight",),
        "extra": ("net_weight", "net_bias", "net_extra"),
        "missing and extra": ("net_weight", "net_extra"),
        "nothing in common": ("a", "b"),
    }

    def run(names, missing, extra):
        parameters = network(mx)
        parameters.load_dict(arrays(mx, *names), allow_missing=missing, ignore_extra=extra)
        return shown(parameters)

    return {
        f"{title}, allow_missing={missing}, ignore_extra={extra}": outcome(
            lambda names=names, missing=missing, extra=extra: run(names, missing, extra)
        )
        for title, names in sets.items()
        for missing, extra in FLAGS
    }


@case("1.15 load_dict")
def load_dict(mx):
    def run(data, parameters=None, **keywords):
        def make():
            target = parameters() if parameters else network(mx)
            target.load_dict(data, **keywords)
            return shown(target)

        return outcome(make)

    full = arrays(mx, "net_weight", "net_bias")
    short = arrays(mx, "weight", "bias")
    return {
        "dict": run(full),
        "pairs": run(list(full.items())),
        "pairs keep arg:": run([(f"arg:{name}", array) for name, array in full.items()]),
        "restore_prefix": run(short, restore_prefix="net_"),
        "file name in the message": run(short, filename="net.params"),
        "context": run(full, ctx=mx.cpu(1)),
        "empty": run({}, allow_missing=True),
        "empty, missing": run({}),
        "the source is not aliased": outcome(lambda: not_aliased(mx)),
        "deferred": run(full, lambda: deferred(mx)),
        "unknown shapes": run(full, lambda: unknown(mx)),
        "wrong shape": run({"net_weight": mx.nd.ones((3,)), "net_bias": full["net_bias"]}),
        "wrong dtype": run(arrays(mx, "net_weight", "net_bias", dtype="float64")),
    }


def not_aliased(mx):
    data = arrays(mx, "net_weight", "net_bias")
    parameters = network(mx)
    parameters.load_dict(data)
    data["net_weight"][:] = 9
    return shown(parameters)


def deferred(mx):
    parameters = mx.gluon.ParameterDict("net_")
    for name in ("weight", "bias"):
        parameters.get(name, shape=(0,), allow_deferred_init=True)
    parameters.initialize("zeros", ctx=[mx.cpu(1)])
    return parameters


def unknown(mx):
    parameters = mx.gluon.ParameterDict("net_")
    for name in ("weight", "bias"):
        parameters.get(name, shape=(0,))
    return parameters


@case("1.15 cast_dtype")
def cast_dtype(mx):
    def run(own, loaded, state="new", **keywords):
        def make():
            parameters = network(mx, names=("weight",), dtype=own, state=state)
            data = arrays(mx, "net_weight", dtype=loaded)
            through_file(mx, data, parameters, **keywords)
            return [parameters["net_weight"].dtype, shown(parameters)]

        return outcome(make)

    return {
        "refused": run("float16", "float32"),
        "current": run("float16", "float32", cast_dtype=True),
        "current, initialised": run("float16", "float32", "initialised", cast_dtype=True),
        "saved": run("float16", "float32", cast_dtype=True, dtype_source="saved"),
        "saved, initialised": run(
            "float16", "float32", "initialised", cast_dtype=True, dtype_source="saved"
        ),
        "equal, saved": run("float32", "float32", cast_dtype=True, dtype_source="saved"),
        "unknown source": run("float16", "float32", cast_dtype=True, dtype_source="other"),
        "source without cast": run("float32", "float32", dtype_source="other"),
        "int to float": run("float32", "int32", cast_dtype=True),
    }


@case("1.15 messages of a refused load")
def messages(mx):
    """They name the parameter, the file and what there is, abbreviated after seven names."""

    def text(data, *arguments, **keywords):
        try:
            network(mx, *arguments).load_dict(data, filename="net.params", **keywords)
        except AssertionError as error:
            return str(error)
        return "no error"

    missing = text(arrays(mx, "net_weight"))
    extra = text(arrays(mx, "net_weight", "net_bias", "net_extra"))
    restored = text(arrays(mx, "weight"), restore_prefix="net_")
    shape = text({"net_weight": mx.nd.ones((3,)), "net_bias": mx.nd.ones((2,))})
    dtype = text(arrays(mx, "net_weight", "net_bias", dtype="float64"))
    return {
        "missing": ["net_bias" in missing, "net.params" in missing, "net_weight" in missing],
        "extra": ["net_extra" in extra, "net.params" in extra, "ignore_extra" in extra],
        "restored": ["'bias'" in restored, "net.params" in restored],
        "shape": ["net_weight" in shape, "(2,)" in shape, "(3,)" in shape],
        "dtype": ["net_weight" in dtype, "float32" in dtype, "float64" in dtype],
        "dtype says what to do": "cast_dtype" in dtype,
    }


@case(
    "1.15 a refused load changes nothing",
    fix="names, shapes, dtypes and contexts are checked before the first change",
    fixed={
        name: gives([[0.0, 0.0], [0.0, 0.0]]) for name in ("extra", "shape", "dtype", "context")
    },
)
def refusal_changes_nothing(mx):
    def run(data, **keywords):
        parameters = network(mx, state="initialised")
        if "raises" not in outcome(lambda: parameters.load_dict(data, **keywords)):
            return "accepted"
        return [parameter.data().asnumpy().tolist() for parameter in parameters.values()]

    full = arrays(mx, "net_weight", "net_bias")
    wide = mx.nd.ones((2,), dtype="float64")
    return {
        "missing": outcome(lambda: run(arrays(mx, "net_weight"))),
        "extra": outcome(lambda: run(arrays(mx, "net_weight", "net_bias", "net_extra"))),
        "shape": outcome(lambda: run({**full, "net_bias": mx.nd.ones((3,))})),
        "dtype": outcome(lambda: run({**full, "net_bias": wide})),
        "context": outcome(lambda: half_elsewhere(mx, full)),
    }


def half_elsewhere(mx, data):
    parameters = network(mx, state="initialised")
    parameters["net_bias"].initialize("zeros", ctx=mx.cpu(1), force_reinit=True)
    if "raises" not in outcome(lambda: parameters.load_dict(data, ctx=mx.cpu(0))):
        return "accepted"
    return [parameter.data().asnumpy().tolist() for parameter in parameters.values()]


@case(
    "1.15 load inside record",
    fix="load works inside record() (defect 18)",
    fixed={"loaded": gives([[1.0, 1.5], [2.0, 2.5]])},
)
def load_inside_record(mx):
    def run():
        parameters = network(mx, state="initialised")
        with mx.autograd.record():
            parameters.load_dict(arrays(mx, "net_weight", "net_bias"))
        return [parameter.data().asnumpy().tolist() for parameter in parameters.values()]

    return {"loaded": outcome(run)}


@case(
    "1.15 names that meet in one",
    fix="arg:w beside w may be refused; the last wins otherwise",
    fixed={"arg:net_weight and net_weight": any_of(gives([2.0, 2.5]), refused)},
)
def names_that_meet(mx):
    def run():
        parameters = network(mx, names=("weight",))
        parameters.load_dict(arrays(mx, "arg:net_weight", "net_weight"))
        return parameters["net_weight"].data().asnumpy().tolist()

    return {"arg:net_weight and net_weight": outcome(run)}


@case(
    "1.15 load_dict of other values",
    fix="NumPy arrays may be loaded; what is no array is refused by name",
    fixed={
        "NumPy": any_of(gives([1.0, 2.0]), refused),
        "list": refused,
        "None": refused,
        "a ParameterDict": any_of(gives(None), refused),
    },
)
def other_values(mx):
    def run(value):
        parameters = network(mx, names=("weight",))
        parameters.load_dict({"net_weight": value})
        return parameters["net_weight"].data().asnumpy().tolist()

    return {
        "NumPy": outcome(lambda: run(np.array([1, 2], dtype="float32"))),
        "list": outcome(lambda: run([1, 2])),
        "None": outcome(lambda: run(None)),
        "a ParameterDict": outcome(lambda: network(mx).load_dict(network(mx, state="initialised"))),
    }
