"""The factories of mx.np: shapes, dtypes, contexts."""

from __future__ import annotations

import ml_dtypes
import numpy
import pytest

import numparam as mx

np = mx.np


@pytest.mark.parametrize("shape", [(), (0,), (0, 2), (2, 0, 3), (3,), (2, 3), 4])
@pytest.mark.parametrize("factory", ["zeros", "ones", "empty"])
def test_every_shape_of_numpy_can_be_made_whatever_the_mode(device, factory, shape):
    made = getattr(np, factory)(shape, dtype="int32")
    expected = getattr(numpy, factory)(shape, dtype="int32")
    assert made.shape == expected.shape
    assert made.dtype == numpy.int32
    assert type(made) is np.ndarray
    if factory != "empty":
        numpy.testing.assert_array_equal(made.asnumpy(), expected)
    assert not mx.util.is_np_shape()


@pytest.mark.parametrize(
    ("source", "dtype"),
    [
        (3, "float32"),
        (True, "float32"),
        ([1, 2], "float32"),
        ((1.5, 2), "float32"),
        ([True], "float32"),
        (range(3), "float32"),
        (numpy.array([1, 2]), "int64"),
        (numpy.array([1.5]), "float64"),
        (numpy.array([True]), "bool"),
        (numpy.float64(2), "float64"),
        (numpy.int8(2), "int8"),
        (numpy.ones(2, ml_dtypes.bfloat16), "bfloat16"),
    ],
)
def test_arrays_of_numpy_keep_their_dtype_and_the_rest_becomes_float32(device, source, dtype):
    made = np.array(source)
    assert made.dtype.name == dtype
    numpy.testing.assert_array_equal(
        made.asnumpy(), numpy.asarray(source).astype(made.dtype), strict=True
    )
    assert np.array(source, dtype="float16").dtype == numpy.float16


def test_array_copies_arrays_of_either_kind_and_joins_lists_of_them(device):
    source = np.array([1, 2], dtype="int32")
    classic = mx.nd.array([3, 4], dtype="int32")
    for original in (source, classic):
        made = np.array(original)
        assert type(made) is np.ndarray
        assert made.dtype == numpy.int32
        made[:] = 0
        assert original.asnumpy().all()
    joined = np.array([source, source], ctx=mx.cpu(1))
    assert (joined.shape, joined.dtype, joined.ctx) == ((2, 2), numpy.float32, mx.cpu(1))
    assert np.array([np.array(1), np.array(2)]).shape == (2,)


@pytest.mark.parametrize("wrong", [None, "x", {}, [1, [2, 3]], [None], object()])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(TypeError):
        np.array(wrong)


def test_a_sparse_array_is_refused_with_the_way_to_convert_it():
    with pytest.raises(TypeError, match=r"tostype\('default'\)"):
        np.array(mx.nd.sparse.zeros("row_sparse", (2, 2)))


def test_full_keeps_bools_and_repeats_arrays(device):
    assert np.full((2,), True).dtype == numpy.bool_
    assert np.full((2,), 7).dtype == numpy.float32
    assert np.full((2,), 3.7, dtype="int32").tolist() == [3, 3]
    assert np.full((), 1.5).item() == 1.5
    assert np.full((2, 2), np.array([3, 4], dtype="int8")).tolist() == [[3, 4], [3, 4]]
    assert np.full((2, 2), numpy.array([3, 4])).tolist() == [[3, 4], [3, 4]]
    out = np.zeros((2,))
    assert np.full((2,), 5, out=out) is out
    assert out.tolist() == [5, 5]


def test_like_factories_take_shape_dtype_and_context_from_the_array(device):
    like = np.ones((2, 3), dtype="int8", ctx=mx.cpu(1))
    for made, value in (
        (np.zeros_like(like), 0),
        (np.ones_like(like), 1),
        (np.full_like(like, 7.9), 7),
        (np.empty_like(like), None),
    ):
        assert (made.shape, made.dtype, made.ctx) == (like.shape, like.dtype, like.ctx)
        if value is not None:
            assert (made.asnumpy() == value).all()
    assert np.zeros_like(like, dtype="float64").dtype == numpy.float64
    assert np.zeros_like(like, out=like) is like
    assert not like.asnumpy().any()
    with pytest.raises(TypeError, match="as_np_ndarray"):
        np.zeros_like(mx.nd.ones((2,)))


@pytest.mark.parametrize(
    "arguments", [(3,), (1, 4), (1, 8, 3), (0, 1, 0.25), (0,), (3, 0), (0, -3, -1), (2.5,)]
)
def test_arange_counts_as_numpy_does(device, arguments):
    made = np.arange(*arguments)
    assert made.dtype == numpy.float32
    numpy.testing.assert_array_equal(made.asnumpy(), numpy.arange(*arguments, dtype="float32"))


def test_a_step_of_zero_is_a_division_by_zero():
    with pytest.raises(ZeroDivisionError):
        np.arange(1, 2, 0)


def test_linspace_eye_and_identity(device):
    numpy.testing.assert_array_equal(
        np.linspace(0, 1, 5).asnumpy(), numpy.linspace(0, 1, 5, dtype="float32")
    )
    assert np.linspace(0, 1).shape == (50,)
    numbers, step = np.linspace(0, 2, 4, endpoint=False, retstep=True)
    assert (numbers.tolist(), step) == ([0, 0.5, 1, 1.5], 0.5)
    assert np.eye(2, 3, k=1, dtype="int32").tolist() == [[0, 1, 0], [0, 0, 1]]
    assert np.identity(2).dtype == numpy.float32


def test_a_context_is_the_current_one_or_the_given_one(device):
    with mx.cpu(2):
        for made in (np.zeros((1,)), np.array([1]), np.arange(2), np.full((1,), 3), np.eye(2)):
            assert made.ctx == mx.cpu(2)
    assert np.ones((1,), ctx=mx.cpu(3)).ctx == mx.cpu(3)


def zeros_minus_1():
    return np.zeros((-1,))


def zeros_x():
    return np.zeros("x")


def zeros_2_ctx_cpu():
    return np.zeros((2,), ctx="cpu")


def zeros_2_dtype_complex64():
    return np.zeros((2,), dtype="complex64")


def zeros_2_order_f():
    return np.zeros((2,), order="F")


def ones_2_order_f():
    return np.ones((2,), order="F")


def empty_2_none_a():
    return np.empty((2,), None, "A")


def full_2_1_order_none():
    return np.full((2,), 1, order=None)


def ndarray_2():
    return np.ndarray((2,))


def linspace_0_1_2_axis_1():
    return np.linspace(0, 1, 2, axis=1)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (zeros_minus_1, mx.MXNetError),
        (zeros_x, mx.MXNetError),
        (zeros_2_ctx_cpu, mx.MXNetError),
        (zeros_2_dtype_complex64, TypeError),
        (zeros_2_order_f, NotImplementedError),
        (ones_2_order_f, NotImplementedError),
        (empty_2_none_a, NotImplementedError),
        (full_2_1_order_none, NotImplementedError),
        (ndarray_2, TypeError),
        (linspace_0_1_2_axis_1, NotImplementedError),
    ],
)
def test_impossible_arrays_are_refused(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize(
    ("keywords", "expected", "dtype"),
    [
        ({}, [1, 3.162278, 10, 31.622776, 100], "float32"),
        ({"endpoint": False}, [1, 2.511886, 6.309573, 15.848932, 39.810717], "float32"),
        ({"base": 2.0, "dtype": "float64"}, [1, 1.41421356, 2, 2.82842712, 4], "float64"),
        ({"num": 1}, [1], "float32"),
        ({"num": 0}, [], "float32"),
        ({"dtype": "int32"}, [1, 3, 10, 31, 100], "int32"),
    ],
)
def test_logspace_is_that_of_mxnet(keywords, expected, dtype):
    powers = mx.np.logspace(0, 2, **{"num": 5, **keywords})
    assert powers.dtype == dtype
    numpy.testing.assert_allclose(powers.asnumpy(), expected, rtol=1e-6)
