import inspect

import numpy as np
import pytest

from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.ndarray import _internal, contrib, op
from numparam.ndarray.operations import OPERATIONS
from numparam.ndarray.operations.arithmetic import ARITHMETIC

pytestmark = pytest.mark.usefixtures("device")

MATRIX = [[1, -2, 3], [4, 5, -6]]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_a_documented_function_of_its_name(name):
    if name.startswith("contrib."):
        function = getattr(contrib, name.removeprefix("contrib."))
    elif name.startswith("_"):
        function = getattr(_internal, name)
    else:
        function = getattr(nd, name)
        assert getattr(op, name).__name__ == function.__name__
    assert function.__name__ == name.removeprefix("contrib.")
    for part in ("Parameters", "Returns"):
        assert part in inspect.getdoc(function)
    for attribute in OPERATIONS[name].attributes:
        assert attribute in function.__doc__ or name in ARITHMETIC


@pytest.mark.parametrize("name", sorted(name for name, row in OPERATIONS.items() if row.method))
def test_the_rows_that_say_so_are_methods(name):
    if "." not in name and not name.startswith("_"):
        assert callable(getattr(nd.NDArray, name))


def test_inputs_and_attributes_come_by_position_or_name():
    a = nd.array(MATRIX)
    expected = np.sum(MATRIX, 1, keepdims=True).tolist()
    out = nd.zeros((2, 1))
    for result in (
        nd.sum(a, 1, True),
        nd.sum(a, axis=1, keepdims=True),
        nd.sum(data=a, axis=1, keepdims=True, name="total"),
        a.sum(1, True),
        nd.sum(a, axis=1, keepdims=True, out=out),
    ):
        assert result.tolist() == expected
    assert result is out


def test_a_function_says_what_an_input_must_be():
    with pytest.raises(AssertionError, match=r"data of sum must be an NDArray, not ndarray"):
        nd.sum(np.ones(3))
    with pytest.raises(TypeError, match=r"nd\.array"):
        nd.concat([nd.ones((1,))], dim=0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: nd.sum(a, foo=1), "no attribute 'foo'; it has axis, keepdims, exclude"),
        (lambda a: nd.sum(), "needs the array 'data'"),
        (lambda a: nd.clip(a, 0), "needs the attribute 'a_max'"),
        (lambda a: nd.add_n(), "at least one array"),
        (lambda a: nd.exp(a, a, "name", 1), "at most 3"),
    ],
)
def test_unknown_and_missing_arguments_are_named(call, words):
    with pytest.raises(MXNetError, match=words):
        call(nd.array(MATRIX))
    with pytest.raises(TypeError):
        call(nd.array(MATRIX))


def test_an_argument_given_twice_is_a_type_error():
    a = nd.ones((2,))
    with pytest.raises(TypeError, match="lhs twice"):
        nd.elemwise_add(a, a, lhs=a)


@pytest.mark.parametrize("name", ["Convolution", "sotfmax", "no_such_thing"])
def test_unknown_names_say_what_numparam_is(name):
    for place in (nd, op, contrib, _internal):
        with pytest.raises(AttributeError, match="parameter layer"):
            getattr(place, name)
    assert not hasattr(nd, name)


def test_unknown_names_come_with_near_ones():
    with pytest.raises(AttributeError, match="softmax"):
        nd.sotfmax  # noqa: B018


@pytest.mark.parametrize("name", sorted(ARITHMETIC))
def test_binary_functions_take_arrays_and_numbers(name):
    function = getattr(nd, name)
    left, right = np.float32([1, 2, 3]), np.float32([3, 2, 1])
    expected = function(nd.array(left), nd.array(right)).asnumpy()
    np.testing.assert_allclose(
        expected, np.float32(ARITHMETIC[name].function(left, right)), rtol=1e-6
    )
    for position in range(3):
        x, y = float(left[position]), float(right[position])
        assert function(nd.array(left), y).asnumpy()[position] == expected[position]
        assert function(x, nd.array(right)).asnumpy()[position] == expected[position]
        np.testing.assert_allclose(function(x, y), expected[position], rtol=1e-6)


@pytest.mark.parametrize("pair", [("x", 1), (None, None), ([1], [2]), ({}, 1)])
def test_binary_functions_refuse_other_things(pair):
    with pytest.raises(TypeError, match="takes arrays and numbers"):
        nd.add(*pair)
