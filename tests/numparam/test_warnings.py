"""Warnings point at the line that called numparam, however deep inside they arise."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import numparam as mx

HALF = {"shape": (2,), "dtype": "float16"}


def step_of_half_precision():
    weight = mx.gluon.Parameter("w", **HALF)
    weight.initialize()
    trainer = mx.gluon.Trainer({"w": weight}, "sgd", {"momentum": 0.9})
    mx.autograd.accumulate_grad(weight.data(), mx.nd.ones(**HALF))
    trainer.step(1)


def write_into_sparse():
    array = mx.nd.sparse.zeros("csr", (2, 2))
    array[:] = np.ones((2, 2))


def initialize_twice():
    weight = mx.gluon.Parameter("w", shape=(2,))
    weight.initialize()
    weight.initialize()


def copy_to_itself():
    array = mx.nd.ones(2)
    array.copyto(array)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(step_of_half_precision, id="a step of half precision"),
        pytest.param(
            lambda: mx.optimizer.get_updater(mx.optimizer.SGD(momentum=0.9))(
                0, mx.nd.ones(**HALF), mx.nd.ones(**HALF)
            ),
            id="an updater",
        ),
        pytest.param(write_into_sparse, id="NumPy into sparse"),
        pytest.param(initialize_twice, id="initialize twice"),
        pytest.param(copy_to_itself, id="copyto itself"),
        pytest.param(
            lambda: mx.init.Zero()("weight", mx.nd.ones(2)), id="initializer of a plain name"
        ),
        pytest.param(
            lambda: mx.sym.Group([mx.sym.var("a"), mx.sym.var("b")]).infer_shape(), id="inference"
        ),
        pytest.param(
            lambda: mx.gluon.utils.clip_global_norm([mx.nd.array([np.inf])], 1), id="clipping"
        ),
    ],
)
def test_warnings_point_at_the_caller(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert [warning.filename for warning in caught] == [__file__] * len(caught) != []


@pytest.mark.parametrize(
    ("name", "value"), [("NUMBA_DISABLE_JIT", "1"), ("NUMBA_CACHE_DIR", "relative")]
)
def test_warnings_of_kernels_point_at_the_first_caller(tmp_path, name, value):
    script = tmp_path / "script.py"
    script.write_text("import numparam as mx\n\nmx.nd.ones(2).astype('float16')\n")
    paths = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-W", "always", script],
        env={**os.environ, "PYTHONPATH": paths, name: value},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{script}:3: RuntimeWarning" in done.stderr
