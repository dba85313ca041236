"""_load_init: shapes, dtypes, storage types and contexts of loaded data."""

import numpy as np
from harness import any_of, case, dense, gives, outcome, refused


def values(mx, dtype="float32", shape=(2, 2)):
    size = int(np.prod(shape))
    return mx.nd.array(np.arange(1, size + 1).reshape(shape) + 0.5, dtype=dtype)


def load(mx, data, ctx=None, shape=(2, 2), state="new", cast=None, **keywords):
    """Load into a parameter that is new, deferred on cpu(1) or initialised there."""
    parameter = mx.gluon.Parameter("w", shape=shape, allow_deferred_init=True, **keywords)
    if state != "new":
        parameter.initialize("zeros", ctx=mx.cpu(1))
    arguments = {} if cast is None else {"cast_dtype": True, "dtype_source": cast}
    parameter._load_init(data, ctx, **arguments)
    return parameter


def shown(parameter):
    return [
        parameter.shape,
        parameter.dtype,
        parameter._data,
        parameter._grad,
        parameter._deferred_init,
    ]


@case("1.13 states and contexts")
def states(mx):
    def run(state, ctx, **keywords):
        return outcome(lambda: shown(load(mx, values(mx), ctx, state=state, **keywords)))

    def into_two(ctx):
        parameter = mx.gluon.Parameter("w", shape=(2, 2))
        parameter.initialize("zeros", ctx=[mx.cpu(1), mx.cpu(0)])
        data = parameter.list_data()
        parameter._load_init(values(mx), ctx)
        same = [one is other for one, other in zip(data, parameter.list_data(), strict=True)]
        return [same, parameter.list_ctx(), parameter.list_data()]

    def current():
        with mx.cpu(3):
            return load(mx, values(mx)).list_ctx()

    return {
        "new, no context": run("new", None),
        "new, the current context is not asked": outcome(current),
        "new, one": run("new", mx.cpu(2)),
        "new, list": run("new", [mx.cpu(2), mx.cpu(0)]),
        "deferred, no context": run("deferred", None, shape=(0, 2)),
        "deferred, the same": run("deferred", mx.cpu(1), shape=(0, 2)),
        "deferred, other": run("deferred", mx.cpu(2), shape=(0, 2)),
        "initialised, no context": run("initialised", None),
        "initialised, the same": run("initialised", [mx.cpu(1)]),
        "initialised, other": run("initialised", mx.cpu(2)),
        "initialised, more": run("initialised", [mx.cpu(1), mx.cpu(2)]),
        "two, other order": outcome(lambda: into_two([mx.cpu(0), mx.cpu(1)])),
        "two, one of them": outcome(lambda: into_two(mx.cpu(0))),
        "without gradient": run("new", None, grad_req="null"),
        "add": run("new", None, grad_req="add"),
    }


@case("1.13 values are copied")
def values_are_copied(mx):
    def run(state, **keywords):
        source = values(mx)
        parameter = load(mx, source, state=state, **keywords)
        source[:] = 9
        return parameter.list_data()

    return {
        "new": outcome(lambda: run("new")),
        "initialised": outcome(lambda: run("initialised")),
        "deferred": outcome(lambda: run("deferred", shape=(0, 2))),
    }


@case("1.13 shape")
def shapes(mx):
    def run(declared, loaded, state="new"):
        return outcome(
            lambda: load(mx, values(mx, shape=loaded), shape=declared, state=state).shape
        )

    return {
        "same": run((2, 2), (2, 2)),
        "unknown": run((0, 2), (3, 2)),
        "all unknown": run((0, 0), (3, 2)),
        "unknown, other known": run((0, 2), (3, 3)),
        "other": run((2, 2), (2, 3)),
        "other, initialised": run((2, 2), (3, 2), "initialised"),
        "unknown, deferred": run((0, 2), (3, 2), "deferred"),
    }


@case(
    "1.13 shape: rank",
    fix="ranks are compared, an unknown shape is set, -1 is unknown (defect 8)",
    fixed={
        "higher rank": refused,
        "lower rank": refused,
        "no shape": gives((2, 3)),
        "empty shape": any_of(gives((2, 3)), refused),
        "-1": gives((2, 3)),
    },
)
def rank(mx):
    def run(declared, loaded):
        return outcome(lambda: load(mx, values(mx, shape=loaded), shape=declared).shape)

    return {
        "higher rank": run((2,), (2, 3)),
        "lower rank": run((2, 3), (2,)),
        "no shape": run(None, (2, 3)),
        "empty shape": run((), (2, 3)),
        "-1": run((-1, 3), (2, 3)),
    }


@case("1.13 dtype")
def dtypes(mx):
    def run(parameter_dtype, loaded, cast=None, state="new"):
        return outcome(
            lambda: shown(
                load(mx, values(mx, loaded), state=state, cast=cast, dtype=parameter_dtype)
            )
        )

    return {
        "same": run("float64", "float64"),
        "same, int": run("int32", "int32"),
        "other": run("float16", "float32"),
        "other, initialised": run("float16", "float32", state="initialised"),
        "wider": run("float64", "float32"),
        "parameter without dtype": run(None, "float64"),
        "current": run("float16", "float32", "current"),
        "current, initialised": run("float16", "float32", "current", "initialised"),
        "current, int": run("int32", "float32", "current"),
        "current, the same": run("float32", "float32", "current"),
        "saved": run("float16", "float32", "saved"),
        "saved, initialised": run("float16", "float32", "saved", "initialised"),
        "unknown source": run("float16", "float32", "other"),
        "unknown source, same dtype": run("float32", "float32", "other"),
    }


@case("1.13 dtype_source without cast_dtype")
def source_without_cast(mx):
    def run():
        parameter = mx.gluon.Parameter("w", shape=(2, 2))
        parameter._load_init(values(mx), None, cast_dtype=False, dtype_source="other")
        return parameter.data()

    return {"not looked at": outcome(run)}


@case("1.13 bfloat16")
def bfloat16(mx):
    structured = np.dtype([("bfloat16", np.uint16)])

    def stored():
        array = mx.nd.array([[1.5, 2], [3, 4]])
        return array.astype(structured)

    return {
        "the same": outcome(lambda: load(mx, stored(), dtype=structured).data()),
        "into float32": outcome(lambda: load(mx, stored(), dtype="float32").data()),
    }


@case("1.13 storage type")
def storage_types(mx):
    def run(stype, loaded, seen=lambda parameter: parameter._data[0].asnumpy()):
        return outcome(
            lambda: seen(
                load(mx, values(mx, shape=(3, 2)).tostype(loaded), shape=(3, 2), stype=stype)
            )
        )

    pairs = [
        ("default", "default"),
        ("default", "row_sparse"),
        ("default", "csr"),
        ("row_sparse", "row_sparse"),
        ("row_sparse", "default"),
        ("csr", "csr"),
        ("csr", "default"),
        ("row_sparse", "csr"),
        ("csr", "row_sparse"),
    ]
    return {f"{stype} from {loaded}": run(stype, loaded) for stype, loaded in pairs}


@case(
    "1.13 storage type: missing rows",
    fix="a row_sparse parameter always holds all rows",
    fixed={"rows": gives([0, 1, 2])},
)
def missing_rows(mx):
    def run():
        array = mx.nd.sparse.row_sparse_array(([[1, 2]], [1]), shape=(3, 2))
        parameter = load(mx, array, shape=(3, 2), stype="row_sparse")
        return parameter._data[0].indices.asnumpy().tolist()

    return {"rows": outcome(run)}


@case(
    "1.13 NumPy data",
    fix="a NumPy array may be loaded",
    fixed={
        "float32": any_of({"value": dense([[1, 2], [3, 4]])}, refused),
        "list": refused,
    },
)
def numpy_data(mx):
    host = np.array([[1, 2], [3, 4]], dtype="float32")
    return {
        "float32": outcome(lambda: load(mx, host).data()),
        "list": outcome(lambda: load(mx, [[1, 2], [3, 4]]).data()),
    }


@case(
    "1.13 a refused load changes nothing",
    fix="all checks come before the first change",
    fixed={
        "dtype": {"value": ["(0, 2)", "float16", True]},
        "context": {"value": ["(0, 2)", "float32", True]},
    },
)
def refusal_changes_nothing(mx):
    def run(data, ctx=None, dtype="float32"):
        parameter = mx.gluon.Parameter("w", shape=(0, 2), dtype=dtype, allow_deferred_init=True)
        parameter.initialize("zeros", ctx=mx.cpu(1))
        if "raises" not in outcome(lambda: parameter._load_init(data, ctx)):
            return "accepted"
        return [
            str(parameter.shape),
            np.dtype(parameter.dtype).name,
            bool(parameter._deferred_init),
        ]

    return {
        "dtype": outcome(lambda: run(values(mx), dtype="float16")),
        "context": outcome(lambda: run(values(mx), ctx=mx.cpu(2))),
        "shape": outcome(lambda: run(values(mx, shape=(2, 3)))),
    }
