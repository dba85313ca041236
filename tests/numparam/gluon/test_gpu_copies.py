"""Copies between GPUs, and what comes to the host, on Numba's simulator.

``NUMBA_ENABLE_CUDASIM=1 python -m pytest -m cudasim`` runs them.
"""

from __future__ import annotations

import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Parameter
from numparam.kernels.cuda import _provider
from tests.support.simulated_gpu import simulated_gpus

pytestmark = [
    pytest.mark.cudasim,
    pytest.mark.skipif(not _provider.simulated(), reason="needs NUMBA_ENABLE_CUDASIM=1"),
]

GPUS = [mx.gpu(0), mx.gpu(1), mx.gpu(2)]


@pytest.fixture(autouse=True)
def gpus():
    with simulated_gpus():
        yield


@pytest.fixture
def copies(monkeypatch):
    """The copies that are made: ``(kind, bytes)`` of each."""
    memory = _provider.device_memory()
    seen: list[tuple[str, int]] = []

    def noted(name, nbytes_of):
        function = getattr(memory, name)

        def call(*arguments):
            seen.append((name, nbytes_of(*arguments)))
            return function(*arguments)

        monkeypatch.setattr(memory, name, call)

    noted("copy_in", lambda device_id, address, host: host.nbytes)
    noted("copy_out", lambda device_id, address, host: host.nbytes)
    noted("copy_across", lambda *arguments: arguments[-1])
    noted("allocate", lambda device_id, nbytes: nbytes)
    return seen


def spread():
    parameter = Parameter("w", shape=(50, 2))
    parameter.initialize("zeros", ctx=GPUS)
    for number, array in enumerate(parameter._data):
        array[:] = mx.nd.full((50, 2), 2**number, ctx=array.context)
    return parameter


def large(copies):
    """Copies of the array's size; kernels are given small tables of numbers besides."""
    return [
        kind for kind, nbytes in copies if nbytes == 400 and kind not in ("copy_in", "allocate")
    ]


def test_the_mean_of_gpus_takes_one_copy_to_the_host(copies):
    parameter = spread()
    copies.clear()
    assert (parameter._reduce().asnumpy() == np.float32(7) / 3).all()
    assert large(copies) == ["copy_across", "copy_across", "copy_out"]


def test_averaging_gpus_in_place_takes_none(copies):
    parameter = spread()
    copies.clear()
    parameter.mean_data()
    assert large(copies) == ["copy_across"] * 4
    for array in parameter.list_data():
        assert (array.asnumpy() == np.float32(7) / 3).all()


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_an_array_goes_to_another_gpu_past_the_host(copies, dtype):
    array = mx.nd.full((50, 2), 3, ctx=mx.gpu(0))
    other = mx.nd.zeros((50, 2), ctx=mx.gpu(1), dtype=dtype)
    copies.clear()
    array.copyto(other)
    there = array.as_in_context(mx.gpu(2))
    assert large(copies) == ["copy_across"] * 2
    assert (other.asnumpy() == 3).all()
    assert there.context == mx.gpu(2)
    assert (there.asnumpy() == 3).all()


def test_sums_of_a_kvstore_over_gpus_stay_there(copies):
    store = mx.kv.create("device")
    store.init("w", mx.nd.zeros((50, 2), ctx=mx.gpu(0)))
    values = [mx.nd.full((50, 2), number, ctx=mx.gpu(number)) for number in range(3)]
    outs = [mx.nd.zeros((50, 2), ctx=mx.gpu(number)) for number in range(3)]
    copies.clear()
    store.pushpull("w", values, out=outs)
    assert set(large(copies)) == {"copy_across"}
    assert all((out.asnumpy() == 3).all() for out in outs)


def test_a_trainer_over_gpus_copies_no_array_to_the_host(copies):
    parameter = spread()
    trainer = mx.gluon.Trainer({"w": parameter}, "sgd", {"learning_rate": 1.0})
    for step in range(2):
        arrays = parameter.list_data()
        mx.autograd.accumulate_grad(
            arrays, [mx.nd.ones((50, 2), ctx=one.context) for one in arrays]
        )
        copies.clear()
        trainer.step(3)
        assert step == 0 or set(large(copies)) <= {"copy_across"}


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_warm_step_and_zeroing_allocate_nothing_and_read_nothing(copies, optimizer):
    parameters = mx.gluon.ParameterDict()
    for number in range(3):
        parameters.get(f"w{number}", shape=(4, 2))
    parameters.initialize(ctx=mx.gpu(0))
    trainer = mx.gluon.Trainer(parameters, optimizer, {"learning_rate": 0.5})
    arrays = [one.data() for one in parameters.values()]
    gradients = [mx.nd.ones((4, 2), ctx=mx.gpu(0)) for _ in arrays]
    for _ in range(3):  # the first ones make states and tables
        mx.autograd.accumulate_grad(arrays, gradients)
        copies.clear()
        trainer.step(1)
        parameters.zero_grad()
    assert {kind for kind, _ in copies} <= {"copy_in"}
    assert not any(one.grad.asnumpy().any() for one in arrays)
