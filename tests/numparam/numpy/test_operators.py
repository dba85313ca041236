"""Operators of mx.np arrays: values, dtypes, kinds."""

from __future__ import annotations

import operator

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

import numparam as mx
from numparam.ndarray.numpy_operations.promotion import promoted
from numparam.types.dtypes import bfloat16

np = mx.np
EVERY = {
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor"),
    *("eq", "ne", "lt", "le", "gt", "ge"),
}
ARITHMETIC = [operator.add, operator.sub, operator.mul]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
INTEGERS = ["uint8", "int8", "int32", "int64"]
FLOATS = ["float16", "float32", "float64"]

# What MXNet 1.9.1 gives for the sum of two arrays; it refuses int8 with uint8.
SUMS_IN_MXNET = {
    ("bool", "int8"): "int8",
    ("bool", "float16"): "float16",
    ("uint8", "int32"): "int32",
    ("int8", "int64"): "int64",
    ("int32", "int64"): "int64",
    ("int32", "float16"): "float16",
    ("int64", "float32"): "float32",
    ("float16", "float32"): "float32",
    ("float32", "float64"): "float64",
    ("uint8", "float64"): "float64",
}


@pytest.mark.parametrize(("pair", "expected"), SUMS_IN_MXNET.items())
def test_dtypes_mix_as_in_mxnet_in_both_orders(device, pair, expected):
    first, second = (np.ones((2,), dtype=dtype) for dtype in pair)
    assert (first + second).dtype == expected
    assert (second + first).dtype == expected


def test_dtypes_that_mxnet_cannot_mix_follow_numpy():
    assert promoted(numpy.dtype("int8"), numpy.dtype("uint8")) == numpy.int16
    assert promoted(bfloat16, numpy.dtype("float16")) == numpy.float32
    assert promoted(bfloat16, numpy.dtype("int64")) == bfloat16
    assert (np.ones((2,), dtype="int8") - np.ones((2,), dtype="int32")).dtype == numpy.int32
    assert (np.ones((2,)) == np.ones((2,), dtype="int32")).asnumpy().all()


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_a_number_takes_the_dtype_of_the_array(device, dtype):
    array = np.array([1, 2], dtype=dtype)
    for made in (array + 1, 1 + array, array * numpy.float64(2), numpy.int64(2) * array):
        assert (type(made), made.dtype) == (np.ndarray, numpy.dtype(dtype))
    assert (np.array([1, 2], dtype="int32") * 1.5).tolist() == [1, 2]
    assert (np.array([True, False], dtype="bool") + 1).dtype == numpy.int64


@pytest.mark.parametrize("dtype", ["bool", *INTEGERS])
def test_quotients_of_integers_are_float32(device, dtype):
    array = np.array([1, 0], dtype=dtype)
    for made in (array / 2, array / np.array([2, 2], dtype=dtype), 2.5 / np.ones((2,), dtype)):
        assert made.dtype == numpy.float32
    assert (array / 2).tolist() == [0.5, 0]


def test_comparisons_give_booleans_and_do_not_round_the_number(device):
    array = np.array([1, 2, 3], dtype="int32")
    for compare in COMPARISONS:
        for other in (2, 2.5, True):
            made = compare(array, other)
            assert made.dtype == numpy.bool_
            assert made.tolist() == compare(array.asnumpy(), other).tolist()
            assert compare(other, array).tolist() == compare(other, array.asnumpy()).tolist()


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_operator_takes_a_number_on_either_side(device, name):
    dtype = "int32" if name in ("and_", "or_", "xor") else "float32"
    compute, host = getattr(operator, name), numpy.array([3, 5], dtype=dtype)
    array = np.array(host)
    for other in (2, numpy.array([2, 7], dtype=dtype)):
        mine = np.array(other) if isinstance(other, numpy.ndarray) else other
        assert compute(array, mine).tolist() == compute(host, other).tolist()
        assert compute(mine, array).tolist() == compute(other, host).tolist()


def test_none_equals_nothing(device):
    assert (np.array([1]) == None) is False  # noqa: E711
    assert (np.array([1]) != None) is True  # noqa: E711


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_arithmetic_and_comparison_broadcast_as_in_numpy(data):
    result = data.draw(shapes.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=3))
    elements = st.integers(-100, 100)
    dtype = data.draw(st.sampled_from(["int32", "int64", "float32", "float64"]))
    first, second = (
        data.draw(shapes.arrays(dtype, shape, elements=elements)) for shape in result.input_shapes
    )
    compute = data.draw(st.sampled_from([*ARITHMETIC, *COMPARISONS]))
    made = compute(np.array(first), np.array(second))
    numpy.testing.assert_array_equal(made.asnumpy(), compute(first, second), strict=True)


def test_bits_matrices_and_signs(device):
    bits = np.array([1, 2, 3], dtype="int32")
    assert (bits & 3).tolist() == [1, 2, 3]
    assert (bits | 4).tolist() == [5, 6, 7]
    assert (6 ^ bits).tolist() == [7, 4, 5]
    assert (~bits).tolist() == [-2, -3, -4]
    mask = np.array([True, False], dtype="bool")
    assert ((~mask) | mask).tolist() == [True, True]
    assert (mask & True).dtype == numpy.bool_
    matrix = np.ones((2, 3))
    assert (matrix @ np.ones((3,))).tolist() == [3, 3]
    assert (np.array([1, 2]) @ np.array([1, 2])).item() == 5
    with pytest.raises(ValueError, match="two arrays"):
        matrix @ 2
    assert (-matrix).asnumpy().max() == -1
    assert abs(-matrix).asnumpy().min() == 1
    assert (np.array([7, -7]) // 2).tolist() == [3, -4]
    assert round(np.array(3.567), 1).item() == numpy.float32(3.6)
    assert (np.array([5.0, -5.0]) % 3).tolist() == [2, 1]


def test_in_place_operators_write_into_the_memory_and_keep_the_dtype(device):
    array = np.array([1, 2], dtype="int32")
    view = array[:]
    array += 1.7
    array *= np.array([2, 2], dtype="int32")
    assert array.tolist() == view.tolist() == [4, 6]
    for write, other in (
        (operator.iadd, np.ones((2,))),
        (operator.itruediv, 2),
        (operator.iadd, np.ones((3, 2), dtype="int32")),
    ):
        with pytest.raises(mx.MXNetError):
            write(array, other)
    assert array.tolist() == [4, 6]
    double = np.ones((2,), dtype="float64")
    double += np.ones((2,))
    assert double.tolist() == [2, 2]


def test_numpy_arrays_and_lists_join_in_on_the_arrays_context(device):
    array = np.array([1, 2], ctx=mx.cpu(1))
    for made in (
        array + numpy.array([1, 2], dtype="float32"),
        numpy.array([1, 2], dtype="float32") + array,
        numpy.add(array, array),
        operator.add(array, [1, 2]),
        numpy.add(1, array) + array - 1,
    ):
        assert (type(made), made.ctx, made.dtype) == (np.ndarray, mx.cpu(1), numpy.float32)
        assert made.tolist() == [2, 4]
    assert (array + numpy.ones(2)).dtype == numpy.float64


def test_the_two_kinds_of_arrays_do_not_mix(device):
    array, classic = np.ones((2,)), mx.nd.ones((2,))
    for mix in (operator.add, operator.eq):
        for operands in ((array, classic), (classic, array)):
            with pytest.raises(TypeError, match="as_np_ndarray"):
                mix(*operands)
    with pytest.raises(TypeError, match="tostype"):
        array * mx.nd.sparse.zeros("row_sparse", (2, 2))
    with pytest.raises(TypeError):
        array + "x"
    with pytest.raises(TypeError):
        array + object()


def test_contexts_of_the_host_mix(device):
    if device.name == "opaque":
        pytest.skip("the opaque device's contexts have memories of their own")
    assert (np.ones((2,)) + np.ones((2,), ctx=mx.cpu(1))).ctx == mx.cpu(0)
