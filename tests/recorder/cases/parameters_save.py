"""ParameterDict.save: names, prefixes, averages, bytes of the file, refusals."""

import hashlib
import tempfile
from pathlib import Path

import numpy as np
from harness import case, gives, outcome, raises, refused


def filled(mx, prefix="net_", contexts=None, **keywords):
    """net_weight [[1, 2], [3, 4]] and net_bias [5, 6]."""
    parameters = mx.gluon.ParameterDict(prefix)
    weight = parameters.get("weight", shape=(2, 2), **keywords)
    bias = parameters.get("bias", shape=(2,), **keywords)
    parameters.initialize("zeros", ctx=contexts or [mx.cpu(0)])
    weight.set_data(mx.nd.array([[1, 2], [3, 4]]))
    bias.set_data(mx.nd.array([5, 6]))
    return parameters


def saved(mx, parameters, **keywords):
    """The file's bytes, and what nd.load reads from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.params")
        parameters.save(path, **keywords)
        content = Path(path).read_bytes()
        loaded = mx.nd.load(path)
    return content, loaded


def shown(loaded):
    if isinstance(loaded, dict):
        return [[name, loaded[name]] for name in sorted(loaded)]
    return loaded


@case("1.15 save")
def save(mx):
    def run(make, **keywords):
        return outcome(lambda: shown(saved(mx, make(), **keywords)[1]))

    def diverged():
        parameters = filled(mx, contexts=[mx.cpu(0), mx.cpu(1)])
        parameters["net_bias"].data(mx.cpu(1))[:] = mx.nd.array([7, 7])
        return parameters

    def of_dtype(dtype):
        parameters = mx.gluon.ParameterDict()
        parameters.get("w", shape=(2,), dtype=dtype).initialize("ones")
        return parameters

    def in_order():
        parameters = mx.gluon.ParameterDict()
        for name in ("z", "a", "m"):
            parameters.get(name, shape=(1,)).initialize("ones")
        content, _ = saved(mx, parameters)
        return sorted(("z", "a", "m"), key=lambda name: content.rindex(name.encode()))

    def other_name():
        parameters = mx.gluon.ParameterDict()
        weight = mx.gluon.Parameter("real_name", shape=(1,))
        weight.initialize("ones")
        parameters.update({"key": weight})
        return parameters

    return {
        "names and values": run(lambda: filled(mx)),
        "strip_prefix": run(lambda: filled(mx), strip_prefix="net_"),
        "strip part of the prefix": run(lambda: filled(mx), strip_prefix="ne"),
        "strip a whole name": run(lambda: filled(mx, prefix=""), strip_prefix=""),
        "strip another prefix": run(lambda: filled(mx), strip_prefix="other_"),
        "average over contexts": run(diverged),
        "copies from elsewhere": run(lambda: filled(mx, contexts=[mx.cpu(3)])),
        "no gradient": run(lambda: filled(mx, grad_req="null")),
        **{
            dtype: run(lambda dtype=dtype: of_dtype(dtype))
            for dtype in ("float16", "float64", "uint8", "int8", "int32", "int64", "bool")
        },
        "bfloat16": run(lambda: of_dtype(np.dtype([("bfloat16", np.uint16)]))),
        "order": outcome(in_order),
        "the parameter's name, not the key": run(other_name),
        "empty": run(lambda: mx.gluon.ParameterDict()),
        "constant": outcome(lambda: with_constant(mx)),
        "inside record": outcome(lambda: while_recording(mx)),
    }


def with_constant(mx):
    parameters = filled(mx)
    parameters.get_constant("c", mx.nd.array([9])).initialize()
    return shown(saved(mx, parameters)[1])


def while_recording(mx):
    parameters = filled(mx, contexts=[mx.cpu(0), mx.cpu(1)])
    with mx.autograd.record():
        content, _ = saved(mx, parameters)
    return len(content)


@case("1.15 the bytes of a file")
def file_bytes(mx):
    def content(parameters, **keywords):
        return saved(mx, parameters, **keywords)[0]

    return {
        "small": outcome(lambda: content(filled(mx), strip_prefix="net_")),
        "hash": outcome(lambda: hashlib.sha256(content(filled(mx))).hexdigest()),
        "float16": outcome(lambda: content(filled(mx, dtype="float16"))),
        "two contexts": outcome(lambda: content(filled(mx, contexts=[mx.cpu(1), mx.cpu(0)]))),
        "empty": outcome(lambda: content(mx.gluon.ParameterDict())),
        "Unicode name": outcome(lambda: content(filled(mx, prefix="größe_"))),
    }


@case("1.15 save refused")
def save_refused(mx):
    def run(parameters, **keywords):
        return outcome(lambda: saved(mx, parameters, **keywords)[0])

    new = mx.gluon.ParameterDict()
    new.get("w", shape=(2,))
    deferred = mx.gluon.ParameterDict()
    deferred.get("w", shape=(0,), allow_deferred_init=True)
    deferred.initialize()
    return {
        "uninitialised": run(new),
        "deferred": run(deferred),
        "no such folder": outcome(lambda: filled(mx).save("/no/such/folder/net.params")),
        "a name without the prefix": run(filled(mx), strip_prefix="net_w"),
    }


@case(
    "1.15 a failed save",
    fix="the old file stays (defect 17)",
    fixed={"then loaded": gives(True)},
)
def failed_save(mx):
    def run():
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "net.params")
            parameters = filled(mx)
            parameters.save(path)
            before = Path(path).read_bytes()
            sparse = mx.nd.zeros((2, 2), stype="row_sparse")
            with mx.util.np_shape(True):
                failed = "raises" in outcome(lambda: mx.nd.save(path, {"a": sparse}))
            return not failed or Path(path).read_bytes() == before

    return {"then loaded": outcome(run)}


@case(
    "1.15 pathlib",
    fix="paths may be pathlib objects",
    fixed={"saved and loaded": gives([5.0, 6.0])},
)
def pathlib_paths(mx):
    def run():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.params"
            filled(mx).save(path)
            parameters = filled(mx)
            parameters["net_bias"].data()[:] = 0
            parameters.load(path)
            return parameters["net_bias"].data().asnumpy().tolist()

    return {"saved and loaded": outcome(run)}


@case(
    "1.15 sparse parameters without a Trainer",
    fix="they are saved and loaded from _data, in their dtype (defects 5, 6 and 7)",
    fixed={
        "row_sparse": gives(["row_sparse", [[1.0, 2.0], [0.0, 0.0], [5.0, 6.0]], "float32"]),
        "row_sparse, float64": gives(
            ["row_sparse", [[1.0, 2.0], [0.0, 0.0], [5.0, 6.0]], "float64"]
        ),
        "loaded again": gives([[1.0, 2.0], [0.0, 0.0], [5.0, 6.0]]),
        "csr": gives(["csr", [[1.0, 2.0], [0.0, 0.0], [5.0, 6.0]], "float32"]),
        "mixed": gives(["bias", "table"]),
    },
)
def sparse_parameters(mx):
    values = [[1, 2], [0, 0], [5, 6]]

    def table(stype="row_sparse", dtype="float32"):
        parameters = mx.gluon.ParameterDict()
        parameter = parameters.get("table", shape=(3, 2), stype=stype, dtype=dtype)
        parameter.initialize("zeros" if stype == "row_sparse" else "uniform")
        parameter.set_data(mx.nd.array(values, dtype=dtype).tostype(stype))
        return parameters

    def stored(*arguments):
        loaded = saved(mx, table(*arguments))[1]["table"]
        return [loaded.stype, loaded.asnumpy().tolist(), np.dtype(loaded.dtype).name]

    def again():
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "table.params")
            table().save(path)
            parameters = mx.gluon.ParameterDict()
            parameters.get("table", shape=(3, 2), stype="row_sparse")
            parameters.load(path)
            return parameters["table"]._data[0].asnumpy().tolist()

    def mixed():
        parameters = table()
        parameters.get("bias", shape=(2,)).initialize("ones")
        return sorted(saved(mx, parameters)[1])

    return {
        "row_sparse": outcome(stored),
        "row_sparse, float64": outcome(lambda: stored("row_sparse", "float64")),
        "loaded again": outcome(again),
        "csr": outcome(lambda: stored("csr")),
        "mixed": outcome(mixed),
    }


@case(
    "1.15 two parameters of one name in a file",
    fix="a name that would be written twice is refused or written once",
    fixed={"one name": lambda encoding: refused(encoding) or encoding == gives(["w"])},
)
def one_name_twice(mx):
    def run():
        parameters = mx.gluon.ParameterDict()
        pair = [mx.gluon.Parameter("w", shape=(1,)) for _ in range(2)]
        for parameter in pair:
            parameter.initialize("ones")
        parameters.update({"a": pair[0], "b": pair[1]})
        return sorted(saved(mx, parameters)[1])

    return {"one name": outcome(run)}


@case("1.15 strip_prefix of another type")
def strip_prefix_type(mx):
    return {
        "None": "raises" in outcome(lambda: saved(mx, filled(mx), strip_prefix=None)[0]),
        "refused before the file is opened": outcome(lambda: no_file(mx)),
        "catchable": raises("ValueError")
        == outcome(lambda: saved(mx, filled(mx), strip_prefix="x")[0]),
    }


def no_file(mx):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.params"
        outcome(lambda: filled(mx).save(str(path), strip_prefix="x"))
        return path.exists()
