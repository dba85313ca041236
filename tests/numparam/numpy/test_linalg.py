import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numparam as mx

VALUES = np.arange(24.0).reshape(2, 3, 4) - 11


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_matrices_are_numpys(ord, keepdims, device):
    found = mx.np.linalg.norm(mx.np.array(VALUES, dtype="float64"), ord, (1, 2), keepdims)
    expected = np.linalg.norm(VALUES, ord, (1, 2), keepdims)
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-12, atol=1e-12)
    assert found.shape == expected.shape


@given(
    ord=st.sampled_from([None, 0, 1, -1, 2, 3, 0.5, np.inf, -np.inf]),
    axis=st.sampled_from([0, -1, (1,), 2]),
    keepdims=st.booleans(),
    dtype=st.sampled_from(["float16", "bfloat16", "float32", "float64"]),
)
def test_norms_of_vectors_are_numpys_rounded_once(ord, axis, keepdims, dtype):
    array = mx.np.array(VALUES, dtype=dtype)
    found = mx.np.linalg.norm(array, ord, axis, keepdims)
    axis = axis[0] if isinstance(axis, tuple) else axis
    with np.errstate(all="ignore"):
        expected = np.linalg.norm(VALUES, ord, axis, keepdims).astype(array.dtype)
    assert (found.asnumpy() == expected).all()
    assert found.dtype == array.dtype


# What MXNet 1.9.1 computes.
@pytest.mark.parametrize(
    ("ord", "axis", "expected"),
    [
        (None, None, 34.0),
        ("fro", None, [22.494444, 25.495098]),
        (1, None, [21, 24]),
        (np.inf, None, [38, 42]),
        (0, (1,), [[3, 3, 3, 2], [3, 3, 3, 3]]),
        ("fro", -1, np.linalg.norm(VALUES, axis=-1)),
    ],
)
def test_an_order_without_axes_is_that_of_the_last_two(ord, axis, expected):
    found = mx.np.linalg.norm(mx.np.array(VALUES), ord, axis)
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int32", "bool"])
def test_norms_of_integers_are_not_rounded_to_integers(dtype):
    found = mx.np.linalg.norm(mx.np.ones((2,), dtype=dtype))
    assert (found.dtype, found.shape) == (np.float32, ())
    assert found.item() == pytest.approx(2**0.5)


@pytest.mark.parametrize(("ord", "axis"), [("x", None), (None, (0, 1, 2)), ("nuc", 0), (None, 5)])
def test_impossible_norms_are_refused(ord, axis):
    with pytest.raises((ValueError, mx.MXNetError)):
        mx.np.linalg.norm(mx.np.array(VALUES), ord, axis)


@given(n=st.integers(0, 9), batch=st.sampled_from([(), (2,)]))
def test_powers_of_matrices_are_numpys(n, batch):
    values = np.ones((*batch, 2, 2)) * [[1, 2], [0, 1]]
    array = mx.np.array(values)
    found = mx.np.linalg.matrix_power(array, n)
    assert found.asnumpy().tolist() == np.linalg.matrix_power(values, n).tolist()
    found[:] = 0
    assert array.asnumpy().tolist() == values.tolist()


@pytest.mark.parametrize(("shape", "n"), [((2, 3), 2), ((2,), 1), ((2, 2), -1)])
def test_impossible_powers_are_refused(shape, n):
    with pytest.raises(ValueError, match=r"square|inverse"):
        mx.np.linalg.matrix_power(mx.np.ones(shape), n)


def test_products_of_several_matrices():
    parts = [np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4), np.arange(4.0)]
    found = mx.np.linalg.multi_dot(list(map(mx.np.array, parts)))
    assert found.asnumpy().tolist() == np.linalg.multi_dot(parts).tolist()
    with pytest.raises(ValueError, match="two"):
        mx.np.linalg.multi_dot([mx.np.ones((2, 2))])


@pytest.mark.parametrize("function", ["norm", "multi_dot"])
def test_classic_arrays_are_refused(function):
    value = mx.nd.ones((2, 2))
    with pytest.raises(TypeError, match="as_np_ndarray"):
        getattr(mx.np.linalg, function)(value if function == "norm" else [value, value])


def test_names_that_are_not_there_are_explained():
    with pytest.raises(AttributeError, match=r"numpy\.linalg\.svd"):
        mx.np.linalg.svd  # noqa: B018
    with pytest.raises(AttributeError, match="norm"):
        mx.np.linalg.nrm  # noqa: B018
