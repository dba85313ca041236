"""Values that come from the parameters' own memory count as they were before the call."""

import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Parameter, ParameterDict

BOTH = (mx.cpu(0), mx.cpu(1))
VALUES = np.arange(16, dtype=np.float32).reshape(4, 4)


def made(name="w", contexts=BOTH, stype="default", values=VALUES):
    parameter = Parameter(name, shape=values.shape, stype=stype)
    parameter.initialize("zeros", ctx=list(contexts))
    parameter.set_data(values)
    return parameter


def view(parameter, position=0):
    return np.asarray(parameter._data[position])


def reversed_rows(parameter):
    return view(parameter)[::-1]


def reversed_all(parameter):
    return view(parameter, 1)[::-1, ::-1]


def transposed(parameter):
    return view(parameter).T


def own_array(parameter):
    return parameter._data[1]


def own_memory(parameter):
    return view(parameter)


@pytest.mark.parametrize(
    "source",
    [reversed_rows, reversed_all, transposed, own_array, own_memory],
    ids=lambda source: source.__name__,
)
@pytest.mark.parametrize("way", ["set_data", "load_dict"])
def test_a_view_of_the_own_copy_is_a_source_on_all_contexts_alike(source, way):
    parameter = made()
    given = source(parameter)
    expected = np.array(given.asnumpy() if isinstance(given, mx.nd.NDArray) else given)
    if way == "set_data":
        parameter.set_data(given)
    else:
        parameters = ParameterDict()
        parameters.update({"w": parameter})
        parameters.load_dict({"w": given})
    for array in parameter.list_data():
        np.testing.assert_array_equal(array.asnumpy(), expected)


def test_a_shifted_view_of_memory_that_holds_the_copy():
    whole = mx.nd.array(np.arange(6))
    parameter = Parameter("w", shape=(4,))
    parameter.initialize(ctx=list(BOTH))
    parameter._data = [whole[2:6], mx.nd.zeros((4,), ctx=mx.cpu(1))]
    parameter.set_data(whole[0:4])
    for array in parameter.list_data():
        assert array.asnumpy().tolist() == [0, 1, 2, 3]
    assert whole.asnumpy().tolist() == [0, 1, 0, 1, 2, 3]


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
@pytest.mark.parametrize("as_numpy", [False, True], ids=["arrays", "views"])
def test_two_parameters_swap_their_copies(device, stype, as_numpy):
    if as_numpy and (device.name != "cpu" or stype != "default"):
        pytest.skip("only dense arrays in host memory are seen as NumPy arrays")
    parameters = ParameterDict()
    for number, name in enumerate("ab"):
        parameters.update({name: made(name, stype=stype, values=VALUES + number)})
    one, two = (parameters[name]._data[0] for name in "ab")
    if as_numpy:
        one, two = np.asarray(one), np.asarray(two)
    parameters.load_dict({"a": two, "b": one})
    for name, expected in (("a", VALUES + 1), ("b", VALUES)):
        for array in parameters[name]._data:
            np.testing.assert_array_equal(array.asnumpy(), expected)


def test_a_new_parameter_takes_what_another_one_loses():
    parameters = ParameterDict()
    parameters.update({"a": made("a")})
    parameters.get("b", shape=(4, 4))
    given = {"a": np.zeros((4, 4), np.float32), "b": parameters["a"].data(mx.cpu(0))}
    parameters.load_dict(given)
    np.testing.assert_array_equal(parameters["b"].data().asnumpy(), VALUES)
    assert not parameters["a"].data(mx.cpu(1)).asnumpy().any()
