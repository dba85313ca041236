import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Parameter, ParameterDict
from numparam.kernels.cpu import _pool

THREE = (mx.cpu(0), mx.cpu(1), mx.cpu(2))


def spread(dtype="float32", contexts=THREE, **keywords):
    parameter = Parameter("w", shape=(2, 2), dtype=dtype, **keywords)
    parameter.initialize("zeros", ctx=list(contexts))
    return parameter


def fill(arrays, numbers):
    for array, number in zip(arrays, numbers, strict=True):
        full = mx.nd.full((2, 2), number, ctx=array.context, dtype=array.dtype)
        array[:] = full if array.stype == "default" else full.tostype(array.stype)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_every_copy_holds_the_mean_afterwards(device, stype, dtype):
    parameter = spread(dtype, stype=stype)
    fill(parameter._data, [1, 2, 6])
    parameter.mean_data()
    for array, context in zip(parameter._data, THREE, strict=True):
        assert (array.asnumpy() == 3).all()
        assert (array.dtype, array.context, array.stype) == (np.dtype(dtype), context, stype)


@pytest.mark.parametrize("grad_stype", ["default", "row_sparse"])
def test_gradients_are_averaged_in_place(device, grad_stype):
    parameter = spread(grad_stype=grad_stype)
    fill(parameter._grad, [3, 0, 0])
    parameter.data(mx.cpu(1))._fresh_grad = True
    before = list(parameter._grad)
    memory = [array._buffer for array in before]
    parameter.mean_grads()
    assert all(new is old for new, old in zip(parameter._grad, before, strict=True))
    if grad_stype == "default":
        assert all(new._buffer is old for new, old in zip(parameter._grad, memory, strict=True))
    for array in parameter._grad:
        assert (array.asnumpy() == 1).all()
        assert array.stype == grad_stype
    assert [bool(array._fresh_grad) for array in parameter._data] == [False, True, False]


def test_rows_that_some_copies_lack_count_as_zero(device):
    parameter = spread(grad_stype="row_sparse")
    rows = mx.nd.sparse.row_sparse_array(([[3, 6]], [1]), shape=(2, 2))
    parameter._grad[1][:] = rows.copyto(mx.cpu(1))
    parameter.mean_grads()
    for gradient in parameter._grad:
        assert gradient.indices.asnumpy().tolist() == [1]
        assert gradient.data.asnumpy().tolist() == [[1, 2]]


def test_means_round_once(device):
    parameter = spread("float16")
    fill(parameter._data, [2049, 1, 1])  # 2049 is no float16: it is 2048
    parameter.data(mx.cpu(1))[:] = 3
    parameter.mean_data()
    assert (parameter.data(mx.cpu(2)).asnumpy() == np.float16(np.float64(2048 + 3 + 1) / 3)).all()


def test_a_dictionary_averages_all_and_tied_arrays_once(device):
    parameters = ParameterDict()
    for number in range(3):
        parameters.get(f"w{number}", shape=(2, 2))
    parameters.get("alone", shape=(2, 2))
    parameters.get("frozen", shape=(2, 2), grad_req="null")
    parameters.initialize(ctx=list(THREE))
    parameters["alone"].reset_ctx(mx.cpu(0))
    parameters["w2"]._grad = parameters["w1"]._grad
    for name in ("w0", "w1"):
        fill(parameters[name]._grad, [0, 1, 5])
    fill(parameters["alone"]._grad, [7])
    parameters.mean_grads()
    for name, expected in (("w0", 2), ("w1", 2), ("w2", 2), ("alone", 7)):
        for gradient in parameters[name].list_grad():
            assert (gradient.asnumpy() == expected).all(), name
    fill(parameters["w0"]._data, [0, 1, 5])
    parameters.mean_data()
    assert (parameters["w0"].data(mx.cpu(1)).asnumpy() == 2).all()


def test_what_has_no_arrays_has_no_mean():
    parameters = ParameterDict()
    first = parameters.get("first", shape=(2, 2))
    first.initialize("zeros", ctx=list(THREE))
    fill(first._data, [0, 1, 5])
    parameters.get("second", shape=(2, 2))
    with pytest.raises(RuntimeError, match="second"):
        parameters.mean_data()
    assert (first.data(mx.cpu(2)).asnumpy() == 5).all()
    parameters["second"].mean_grads()
    parameters.mean_grads()


def test_a_parameter_on_several_devices_is_averaged_on_the_host():
    from tests.support.opaque import opaque_device

    with opaque_device("gpu"):
        parameter = spread(contexts=[mx.cpu(0), mx.gpu(0)])
        fill(parameter._data, [1, 4])
        parameter.mean_data()
        assert [array.asnumpy().max() for array in parameter._data] == [2.5, 2.5]


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_copies_on_gpus_are_averaged_there_and_the_mean_alone_comes_to_the_host(stype):
    from tests.support.opaque import opaque_device

    with opaque_device("gpu") as gpus:
        contexts = [mx.gpu(1), mx.gpu(0), mx.gpu(2)]
        parameter = spread(contexts=contexts, stype=stype)
        fill(parameter._data, [1, 4, 10])
        for gpu in gpus.values():
            gpu.calls.clear()
        average = parameter._reduce()
        assert average.context == mx.cpu(0)
        means = [call for call in gpus[1].calls if call in ("average.mean", "merge.merge")]
        assert len(means) == 1
        assert not [call for i in (0, 2) for call in gpus[i].calls if "me" in call]
        assert (average.asnumpy() == 5).all()
        parameter.mean_data()
        for array, context in zip(parameter._data, contexts, strict=True):
            assert array.context == context
            assert (array.asnumpy() == 5).all()


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_compiled_code_is_entered_once_for_each_dtype(stype, monkeypatch):
    parameters = ParameterDict()
    for number in range(8):
        dtype = ("float32", "float64")[number % 2]
        parameters.get(
            f"w{number}", shape=(2, 2), dtype=dtype, stype=stype, grad_stype=stype, init="ones"
        )
    parameters.initialize(ctx=list(THREE))
    for number in range(8):
        fill(parameters[f"w{number}"]._grad, [0, number, 2 * number])
        fill(parameters[f"w{number}"]._data, [0, 3 * number, 0])
    parameters.mean_grads()  # compiles
    parameters.mean_data()
    for number in range(8):
        fill(parameters[f"w{number}"]._grad, [0, number, 2 * number])
        fill(parameters[f"w{number}"]._data, [0, 3 * number, 0])
    entered = []
    enter = _pool.enter
    monkeypatch.setattr(_pool, "enter", lambda *given: entered.append(given[0]) or enter(*given))
    parameters.mean_grads()
    assert len(entered) == 2
    parameters.mean_data()
    assert len(entered) == 4
    for number in range(8):
        for array in (*parameters[f"w{number}"]._grad, *parameters[f"w{number}"]._data):
            assert (array.asnumpy() == number).all()


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_booleans_that_differ_leave_all_others_as_they_are(device, stype):
    parameters = ParameterDict()
    parameters.get("a", shape=(2, 2), stype=stype)
    parameters.get("flags", shape=(2, 2), dtype=bool, stype=stype)
    parameters.initialize("zeros", ctx=list(THREE))
    fill(parameters["a"]._data, [0, 1, 5])
    fill(parameters["flags"]._data, [True, False, True])
    with pytest.raises(ValueError, match="booleans have no mean"):
        parameters.mean_data()
    assert [array.asnumpy().max() for array in parameters["a"]._data] == [0, 1, 5]


def test_rows_of_two_copies_are_apart_after_averaging(device):
    parameter = spread(grad_stype="row_sparse")
    fill(parameter._grad, [3, 0, 0])
    parameter.mean_grads()
    gradients = parameter.list_grad()
    mx.gluon.utils.clip_global_norm(gradients, 1e-6)
    for gradient in gradients:
        assert np.allclose(gradient.asnumpy(), 1e-6 / np.sqrt(12))


def test_parameters_that_share_parts_of_their_memory_are_averaged_in_turn():
    whole = [mx.nd.array([0, 2, 4]), mx.nd.array([2, 4, 6])]
    first, second = Parameter("a", shape=(2,)), Parameter("b", shape=(2,))
    first.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    second.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    first._data = [array[:2] for array in whole]
    second._data = [array[1:] for array in whole]
    parameters = ParameterDict()
    parameters.update({"a": first, "b": second})
    parameters.mean_data()
    assert [array.asnumpy().tolist() for array in whole] == [[1, 3, 5], [1, 3, 5]]
