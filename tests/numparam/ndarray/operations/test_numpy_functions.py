import numpy as np
import pytest

from numparam import ndarray as nd
from numparam.context import cpu
from numparam.ndarray.operations.numpy_functions import _BINARY, _UNARY
from tests.support.opaque import opaque_device

VALUES = np.float32([[0.5, 1], [2, 3]])


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("ufunc", sorted(_BINARY, key=lambda f: f.__name__))
def test_binary_ufuncs_give_arrays_of_the_context_in_the_dtype(ufunc):
    array = nd.array(VALUES, cpu(1))
    expected = ufunc(VALUES, VALUES.T).astype(np.float32)
    for result in (
        ufunc(array, nd.array(VALUES.T)),
        ufunc(array, VALUES.T),
        ufunc(array, VALUES.T.tolist()),
    ):
        assert type(result) is nd.NDArray
        assert (result.context, result.dtype) == (cpu(1), np.float32)
        np.testing.assert_array_equal(result.asnumpy(), expected)


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("ufunc", sorted(_UNARY, key=lambda f: f.__name__))
def test_unary_ufuncs_give_arrays_of_the_context(ufunc):
    array = nd.array(VALUES, cpu(1))
    result = ufunc(array)
    assert (type(result), result.context) == (nd.NDArray, cpu(1))
    with np.errstate(all="ignore"):
        expected = ufunc(VALUES)
    if ufunc is not np.rint:  # halves go down in MXNet's
        np.testing.assert_allclose(result.asnumpy(), expected, rtol=1e-6)


@pytest.mark.usefixtures("device")
def test_other_ufuncs_follow_numpy():
    array = nd.array(VALUES)
    assert np.isfinite(array).tolist() == [[1, 1], [1, 1]]
    assert np.signbit(array).dtype is np.bool_
    assert np.copysign(array, -1.0).tolist() == (-VALUES).tolist()
    fraction, whole = np.modf(array)
    assert (fraction.tolist(), whole.tolist()) == ([[0.5, 0], [0, 0]], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(np.add.reduce(array, axis=0).asnumpy(), VALUES.sum(0))
    np.testing.assert_array_equal(np.maximum.accumulate(array).asnumpy(), VALUES)


@pytest.mark.usefixtures("device")
def test_out_may_be_an_array():
    array, out = nd.array(VALUES), nd.zeros((2, 2))
    assert np.multiply(array, 2, out=out) is out
    assert np.exp(array, out=array) is array
    np.testing.assert_array_equal(out.asnumpy(), VALUES * 2)
    np.testing.assert_allclose(array.asnumpy(), np.exp(VALUES), rtol=1e-6)


def test_a_numpy_array_as_out_is_written_from_shared_memory():
    host = np.ones((2, 2))
    host += nd.array(VALUES)
    np.testing.assert_array_equal(host, 1 + VALUES)
    assert type(host) is np.ndarray


def test_numpy_functions_reduce_arrays():
    assert np.sum(nd.array(VALUES)).tolist() == [6.5]
    assert np.max(nd.array(VALUES), axis=0).tolist() == [2, 3]


def test_nothing_is_copied_to_the_host_from_a_device():
    with opaque_device("cpu") as backends:
        array = nd.array(VALUES)
        host = np.ones((2, 2))
        with pytest.raises(ValueError, match="shared"):
            host += array
        assert (host == 1).all()
        np.add(array, array)
        np.signbit(array)
        np.add.reduce(array)
        assert "download" not in backends[0].calls


def add_at_a_0_1(a):
    return np.add.at(a, [0], 1)


def add_outer_a_a(a):
    return np.add.outer(a, a)


def add_a_object(a):
    return np.add(a, object())


def add_a_1_out_a_where_true_false(a):
    return np.add(a, 1, out=a, where=[True, False])


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(
    "call",
    [
        add_at_a_0_1,
        add_outer_a_a,
        add_a_object,
        add_a_1_out_a_where_true_false,
    ],
)
def test_what_has_no_meaning_is_a_type_error(call):
    array = nd.array(VALUES)
    with pytest.raises(TypeError):
        call(array)
    np.testing.assert_array_equal(array.asnumpy(), VALUES)


@pytest.mark.parametrize("function", [np.mean, np.sum, np.prod, np.max, np.std])
def test_functions_of_numpy_reduce_arrays(function, device):
    if device.name != "cpu" and function is np.std:
        pytest.skip("NumPy computes it itself, of host memory")
    values = np.float32([[1, 2], [3, 4]])
    array = nd.array(values)
    assert float(np.asarray(function(array).item())) == pytest.approx(float(function(values)))
    along = function(array, axis=0)
    host = along.asnumpy() if isinstance(along, nd.NDArray) else along
    assert host.tolist() == pytest.approx(function(values, axis=0).tolist())


@pytest.mark.parametrize("function", [np.mean, np.sum, np.prod])
def test_functions_of_numpy_compute_in_the_dtype_they_are_given(function):
    result = function(nd.array([1, 2], dtype="float16"), axis=0, dtype="float64")
    assert (result.dtype, result.item()) == (np.float64, function([1.0, 2.0]))
