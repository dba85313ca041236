"""Comparisons of arrays in tests."""

from __future__ import annotations

import numpy as np
import pytest

import numparam as mx
from numparam import test_utils as helpers


def test_arrays_within_the_looser_default_tolerance_are_almost_equal():
    single = mx.nd.array([1, 2, 3])
    helpers.assert_almost_equal(single, np.array([1, 2, 3.0002]))
    helpers.assert_almost_equal([1.0], [1.0])
    helpers.assert_almost_equal(single.astype("int32"), np.array([1, 2, 3]))
    assert helpers.almost_equal(single, np.array([1, 2, 3.001]))
    assert not helpers.almost_equal(single, np.array([1, 2, 3.002]))


def test_the_message_names_the_worst_elements_and_their_places():
    with pytest.raises(AssertionError, match=r"2 of 3 elements of got and want") as caught:
        helpers.assert_almost_equal(
            np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 9.0]), names=("got", "want")
        )
    lines = str(caught.value).splitlines()
    assert "(2,)" in lines[1]
    assert "(1,)" in lines[2]


def test_nan_is_equal_to_nan_only_on_request():
    nan = np.array([np.nan, 1.0])
    with pytest.raises(AssertionError):
        helpers.assert_almost_equal(nan, nan)
    helpers.assert_almost_equal(nan, nan, equal_nan=True)
    helpers.assert_almost_equal_ignore_nan(nan, np.array([7.0, 1.0]))
    assert not helpers.almost_equal_ignore_nan(nan, np.array([7.0, 2.0]))


def test_shapes_may_be_stretched_unless_refused():
    helpers.assert_almost_equal(np.zeros((2, 2)), np.zeros(2))
    with pytest.raises(AssertionError, match="shape"):
        helpers.assert_almost_equal(np.zeros((2, 2)), np.zeros(2), use_broadcast=False)
    with pytest.raises(ValueError, match="shape"):
        helpers.assert_almost_equal(np.zeros((2, 2)), np.zeros(3))


def test_booleans_and_empty_arrays_can_be_compared():
    helpers.assert_almost_equal(np.array([], "float32"), mx.nd.array([]))
    with pytest.raises(AssertionError):
        helpers.assert_almost_equal(np.array([True]), np.array([False]))


def test_a_share_of_elements_may_differ():
    expected = np.ones(10)
    one_off = np.array([1.0] * 9 + [2.0])
    helpers.assert_almost_equal_with_err(expected, one_off, etol=0.11)
    with pytest.raises(AssertionError):
        helpers.assert_almost_equal_with_err(expected, one_off)


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_arrays_of_every_storage_type_are_compared_by_value(stype):
    array = mx.nd.array([[0, 1], [2, 0]]).tostype(stype)
    helpers.assert_almost_equal(array, np.array([[0, 1], [2, 0]], "float32"))
    assert helpers.same(array, [[0, 1], [2, 0]])
    assert not helpers.same(array, [[0, 1], [2, 1]])


def test_same_array_sees_shared_memory_and_restores_it():
    array = mx.nd.array([1, 2])
    assert helpers.same_array(array, array.reshape((2, 1)).reshape((2,)))
    assert not helpers.same_array(array, array.copy())
    assert array.asnumpy().tolist() == [1, 2]


def test_assert_exception_takes_the_type_and_nothing_else():
    helpers.assert_exception(mx.nd.zeros, mx.MXNetError, (-1,))
    with pytest.raises(AssertionError, match="ValueError"):
        helpers.assert_exception(lambda: 1, ValueError)
    with pytest.raises(ValueError, match="invalid literal"):
        helpers.assert_exception(int, TypeError, "a")


def test_nested_tuples_are_compared_array_by_array():
    ones, zeros = mx.nd.ones(2), mx.nd.zeros(2)
    helpers.compare_ndarray_tuple((ones, (zeros, None)), (ones, (zeros, ones)))
    with pytest.raises(AssertionError):
        helpers.compare_ndarray_tuple((ones, (zeros,)), (ones, (ones,)))
    # An optimizer may keep more than its counterpart does.
    helpers.compare_ndarray_tuple((ones,), (ones, zeros))
