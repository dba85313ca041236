"""Parameters with copies on the host and on a device that the host cannot touch, at once."""

import copy
import pickle

import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Parameter, ParameterDict
from tests.support.opaque import opaque_device

BOTH = (mx.cpu(0), mx.gpu(0))


@pytest.fixture
def gpus():
    with opaque_device("gpu") as backends:
        yield backends


def made(stype="default", contexts=BOTH, **keywords):
    parameter = Parameter("w", shape=(3, 2), stype=stype, **keywords)
    parameter.initialize(mx.init.Uniform(1), ctx=list(contexts))
    return parameter


def write(array, number):
    full = mx.nd.full((3, 2), number, ctx=array.context, dtype=array.dtype)
    array[:] = full if array.stype == "default" else full.tostype(array.stype)


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize("contexts", [BOTH, BOTH[::-1], (mx.gpu(0), mx.gpu(1))])
def test_values_are_equal_everywhere_and_averaged_on_the_host(gpus, stype, contexts):
    parameter = made(stype, contexts)
    first, second = (array.asnumpy() for array in parameter._data)
    np.testing.assert_array_equal(first, second)
    write(parameter._data[0], 2)
    write(parameter._data[1], 5)
    average = parameter._reduce()
    assert average.context == mx.cpu(0)
    assert (average.asnumpy() == 3.5).all()
    parameter.reset_ctx([mx.gpu(1), mx.cpu(1)])
    for array, context in zip(parameter._data, [mx.gpu(1), mx.cpu(1)], strict=True):
        assert array.context == context
        assert (array.asnumpy() == 3.5).all()


def test_values_come_to_the_device_from_anywhere(gpus):
    parameter = made()
    for source in (
        np.full((3, 2), 1.0),
        np.full((3, 2), 2, np.float32),
        mx.nd.full((3, 2), 3),
        mx.nd.full((3, 2), 4, ctx=mx.gpu(0)),
        mx.nd.full((3, 2), 5, ctx=mx.gpu(1), dtype="float64"),
    ):
        parameter.set_data(source)
        expected = np.asarray(source if isinstance(source, np.ndarray) else source.asnumpy())
        for array in parameter.list_data():
            np.testing.assert_array_equal(array.asnumpy(), expected)


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_files_copies_and_pickles_keep_devices(gpus, tmp_path, stype):
    parameters = ParameterDict()
    parameters.update({"w": made(stype)})
    parameters.save(tmp_path / "net.params")
    for duplicate in (copy.deepcopy(parameters), pickle.loads(pickle.dumps(parameters))):
        write(duplicate["w"]._data[1], 9)
        duplicate.load(tmp_path / "net.params")
        for one, other in zip(parameters["w"]._data, duplicate["w"]._data, strict=True):
            assert one.context == other.context
            np.testing.assert_array_equal(one.asnumpy(), other.asnumpy())


def test_zero_grad_asks_each_device_once(gpus):
    parameters = ParameterDict()
    for number in range(5):
        parameters.get(f"w{number}", shape=(3, 2))
    parameters.initialize(ctx=list(BOTH))
    for parameter in parameters.values():
        for gradient in parameter.list_grad():
            write(gradient, 3)
    gpus[0].calls.clear()
    parameters.zero_grad()
    assert gpus[0].calls == ["table.build", "reset.zero"]
    for parameter in parameters.values():
        assert not any(gradient.asnumpy().any() for gradient in parameter.list_grad())


def test_a_loaded_dtype_is_converted_on_each_device(gpus):
    parameters = ParameterDict()
    parameters.get("w", shape=(3, 2), dtype="float16").initialize(ctx=list(BOTH))
    gpus[0].calls.clear()
    parameters.load_dict({"w": mx.nd.full((3, 2), 1.5)}, cast_dtype=True)
    assert "cast.cast" in gpus[0].calls
    assert all((array.asnumpy() == 1.5).all() for array in parameters["w"].list_data())
