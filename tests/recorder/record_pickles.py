"""Record pickles that MXNet 1.9.1 makes of arrays and parameters, and what they hold.

Writes ``tests/recorded/pickles.json``, which tests read with numparam in MXNet's place. MXNet needs
an environment of its own (see ``record.py``)::

    mxnet-1.9.1/bin/python tests/recorder/record_pickles.py

Each case is pickled with protocols 2 and 4. What it holds is described by `describe`, which knows
nothing but the public interface: the tests call it with numparam's objects.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
from pathlib import Path

import numpy as np

VERSIONS = {"mxnet": "1.9.1", "numpy": "1.23.5"}
PROTOCOLS = (2, 4)
TARGET = Path(__file__).resolve().parents[1] / "recorded" / "pickles.json"


def describe(value):
    """Return what an array, parameter or dictionary of parameters holds, as JSON has it."""
    if hasattr(value, "_params"):
        return {
            "prefix": value.prefix,
            "members": {name: describe(member) for name, member in value.items()},
        }
    if hasattr(value, "list_ctx"):
        return _describe_parameter(value)
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    dense = value.asnumpy() if value.stype == "default" else value.tostype("default").asnumpy()
    return {
        "class": type(value).__name__,
        "stype": value.stype,
        "shape": list(value.shape),
        "dtype": np.dtype(value.dtype).name,
        "values": dense.astype(np.float64).tolist(),
    }


def _describe_parameter(parameter):
    data = parameter._data
    try:
        parameter.list_ctx()
        state = "initialised" if data is not None else "deferred"
    except RuntimeError:
        state = "uninitialised"
    return {
        "class": type(parameter).__name__,
        "name": parameter.name,
        "shape": None if parameter.shape is None else list(parameter.shape),
        "dtype": np.dtype(parameter.dtype).name,
        "grad_req": parameter.grad_req,
        "lr_mult": parameter.lr_mult,
        "wd_mult": parameter.wd_mult,
        "state": state,
        "contexts": None if state == "uninitialised" else list(map(str, parameter.list_ctx())),
        "data": None if data is None else describe(list(data)),
        "gradients": None if parameter._grad is None else describe(list(parameter._grad)),
        "var": None if parameter._var is None else parameter._var.name,
    }


def cases(mx):
    """Return what is pickled, by name."""
    from mxnet.util import np_shape

    two = [mx.cpu(0), mx.cpu(1)]

    def parameter(initialized=True, ctx=two, **keywords):
        result = mx.gluon.Parameter("weight", **{"shape": (2, 3), **keywords})
        if initialized:
            result.initialize(mx.init.Constant(1.5), ctx=ctx)
        return result

    matrix = mx.nd.array([[0, 1], [2, 0], [0, 0]])
    found = {
        "NDArray": mx.nd.array([[1.5, -2], [3, 4]]),
        "NDArray of rank 5": mx.nd.ones((1, 2, 1, 1, 2)),
        "NDArray on cpu(1)": mx.nd.ones((2,), ctx=mx.cpu(1)),
        "row_sparse": matrix.tostype("row_sparse"),
        "row_sparse empty": mx.nd.sparse.zeros("row_sparse", (3, 2)),
        # MXNet pickles what it has not computed yet, unless it is waited for.
        "csr": mx.nd.sparse.csr_matrix(([1.0, 2.0], [1, 0], [0, 1, 2, 2]), shape=(3, 2)),
        "list of arrays": [mx.nd.ones((1,)), mx.nd.zeros((2,))],
        "mx.np.ndarray": mx.np.array([1.5, 2.5]),
        "mx.np.ndarray float64": mx.np.array([[1.5]], dtype="float64"),
    }
    for dtype in ("float16", "float64", "int8", "int32", "int64", "uint8", "bool"):
        found[f"NDArray {dtype}"] = mx.nd.array([0, 1, 1], dtype=dtype)
    with np_shape(True):
        found["scalar under np_shape"] = mx.nd.array(2.5)
        found["mx.np.ndarray scalar"] = mx.np.array(2.5)
    found |= {
        "Parameter": parameter(),
        "Parameter on one context": parameter(ctx=mx.cpu(0)),
        "Parameter uninitialised": parameter(False),
        "Parameter float16": parameter(dtype="float16"),
        "Parameter float64 by class": parameter(dtype=np.float64),
        "Parameter frozen": parameter(grad_req="null"),
        "Parameter add": parameter(grad_req="add", lr_mult=0.5, wd_mult=2.0),
        "Parameter not differentiable": parameter(differentiable=False),
        "Parameter with an initializer": parameter(False, init=mx.init.Xavier(magnitude=2)),
        "Parameter with an initializer's name": parameter(False, init="ones"),
        "Parameter of unknown shape": parameter(False, shape=(0, 3), allow_deferred_init=True),
        "Parameter deferred": parameter(shape=(0, 3), allow_deferred_init=True),
        "Parameter without shape": parameter(False, shape=None, allow_deferred_init=True),
        "Parameter row_sparse": parameter(stype="row_sparse", grad_stype="row_sparse"),
        "Constant": mx.gluon.Constant("table", [[1, 2], [3, 4]]),
    }
    with_var = parameter()
    with_var.var()
    constant = mx.gluon.Constant("table", [[1, 2], [3, 4]])
    constant.initialize(ctx=two)
    found |= {"Parameter with var": with_var, "Constant initialised": constant}
    empty, shared = mx.gluon.ParameterDict("empty_"), mx.gluon.ParameterDict("net_")
    shared.get("weight", shape=(2,), init="ones")
    shared.get("bias", shape=(1,), init="zeros", grad_req="null")
    shared.get_constant("table", [1, 2])
    shared.initialize(ctx=two)
    dependent = mx.gluon.ParameterDict("net_", shared=shared)
    dependent.get("weight", shape=(2,))
    found |= {
        "ParameterDict empty": empty,
        "ParameterDict": shared,
        "ParameterDict that shares": dependent,
    }
    return found


def main():
    import mxnet as mx

    versions = {"mxnet": mx.__version__, "numpy": np.__version__}
    if versions != VERSIONS:
        raise SystemExit(f"needs {VERSIONS}, found {versions}")
    recorded = {}
    for name, value in cases(mx).items():
        mx.nd.waitall()
        # Where () is no shape, MXNet pickles a scalar as nothing.
        with mx.util.np_shape("scalar" in name):
            pickles = {
                str(protocol): base64.b64encode(pickle.dumps(value, protocol)).decode()
                for protocol in PROTOCOLS
            }
        recorded[name] = {"pickles": pickles, "holds": describe(value)}
    contents = {
        "versions": versions,
        "recorder_sha256": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "cases": recorded,
    }
    TARGET.write_text(json.dumps(contents, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(recorded)} cases, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
