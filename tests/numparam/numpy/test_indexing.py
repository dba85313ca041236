"""Indexing of mx.np arrays against NumPy's, and what shares memory."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

import numparam as mx

np = mx.np
HOST = numpy.array([[0, 1, 2], [10, 11, 12]], dtype="float32")

KEYS = {
    "row": 0,
    "last row": -1,
    "one element": (1, 2),
    "whole": slice(None),
    "ellipsis": ...,
    "nothing": (),
    "rows": slice(0, 1),
    "every other row": slice(None, None, 2),
    "backwards": slice(None, None, -1),
    "column": (slice(None), 0),
    "part of a row": (0, slice(1, None)),
    "new axis": None,
    "new last axis": (..., None),
    "empty slice": slice(2, 1),
    "list": [1, 0],
    "two lists": ([0, 1], [1, 2]),
    "columns by list": (slice(None), [2, 0]),
    "empty list": [],
    "mask": HOST > 1,
    "mask without hits": HOST == 99,
    "mask of rows": numpy.array([False, True]),
    "list of bools": [True, False],
    "mask of columns": (slice(None), numpy.array([True, False, True])),
    "mask beside a number": (0, numpy.array([True, False, True])),
    "true": True,
    "false": False,
    "numpy number": numpy.int64(1),
}


@pytest.mark.parametrize("mode", [False, True], ids=["np_shape off", "np_shape on"])
@pytest.mark.parametrize("name", KEYS)
def test_reading_gives_what_numpy_gives(device, name, mode):
    with mx.util.np_shape(mode):
        found = np.array(HOST)[KEYS[name]]
    assert type(found) is np.ndarray
    numpy.testing.assert_array_equal(found.asnumpy(), HOST[KEYS[name]], strict=True)


@pytest.mark.parametrize("name", KEYS)
def test_writing_a_number_writes_where_numpy_writes(device, name):
    array, expected = np.array(HOST), HOST.copy()
    array[KEYS[name]] = 7
    expected[KEYS[name]] = 7
    numpy.testing.assert_array_equal(array.asnumpy(), expected)


def test_masks_and_index_arrays_of_either_library_work(device):
    array = np.array(HOST)
    assert array[array > 1].tolist() == [2, 10, 11, 12]
    array[array > 10] = np.array([8, 9])
    assert array.tolist() == [[0, 1, 2], [10, 8, 9]]
    array[array > 8] = [1, 1]
    assert array.tolist() == [[0, 1, 2], [1, 8, 1]]
    assert array[np.array([1, 0], dtype="int64")].tolist() == [[1, 8, 1], [0, 1, 2]]
    assert array[np.array([0, 1]) == 1].tolist() == [[1, 8, 1]]
    assert array[np.array(True, dtype="bool")].shape == (1, 2, 3)


def test_as_in_mxnet_floats_select_rows_and_are_no_mask(device):
    # mx.np.array([[True, ...]]) is float32, so it holds row numbers.
    found = np.array(HOST)[np.array([True, False])]
    assert found.tolist() == [HOST[1].tolist(), HOST[0].tolist()]


def test_an_array_of_one_number_is_read_and_written(device):
    s = np.array(3.5)
    assert s[()].shape == s[...].shape == ()
    assert s[None].shape == (1,)
    s[...] = 7
    s[()] += 1
    assert s.item() == 8
    one = np.array(HOST)[1, 2]
    assert one.shape == ()
    assert [row.shape for row in np.array([1, 2])] == [(), ()]


@pytest.mark.parametrize(
    ("key", "shares"),
    [(0, True), (slice(0, 1), True), ((1, 2), True), ((0, slice(1, None)), True), (None, True),
     (..., True), ((slice(None), 0), False), ([0], False), (HOST > -1, False)],
)  # fmt: skip
def test_contiguous_parts_share_memory_and_others_are_copies(device, key, shares):
    array = np.array(HOST)
    part = array[key]
    part[...] = 99
    assert bool((array.asnumpy() == 99).any()) is shares


@pytest.mark.parametrize("key", [2, (0, 3), (0, 0, 0), [5], numpy.array([True] * 3), (..., ...)])
def test_what_is_outside_is_an_index_error_and_nothing_is_written(device, key):
    array = np.array(HOST)
    with pytest.raises(IndexError):
        array[key]
    with pytest.raises(IndexError):
        array[key] = 1
    numpy.testing.assert_array_equal(array.asnumpy(), HOST)


@pytest.mark.parametrize("key", ["x", 1.0])
def test_what_selects_nothing_is_a_value_error(device, key):
    with pytest.raises(ValueError):
        np.array(HOST)[key]


def test_a_number_has_no_rows(device):
    with pytest.raises(IndexError):
        np.array(1)[0]
    with pytest.raises(TypeError):
        iter(np.array(1))


@pytest.mark.parametrize("value", [[1, 2], numpy.ones((3, 3)), "x", None])
def test_values_that_do_not_fit_are_refused_and_nothing_is_written(device, value):
    array = np.array(HOST)
    with pytest.raises((ValueError, TypeError)):
        array[0] = value
    numpy.testing.assert_array_equal(array.asnumpy(), HOST)


def test_classic_arrays_are_not_written_into_these(device):
    array = np.zeros((2,))
    with pytest.raises(TypeError, match="as_np_ndarray"):
        array[:] = mx.nd.ones((2,))
    array[:] = mx.nd.ones((2,)).as_np_ndarray()
    assert array.tolist() == [1, 1]


def test_values_come_from_other_contexts_and_are_converted(device):
    array = np.zeros((2,), dtype="int32")
    array[:] = np.array([1.7, -2.7], ctx=mx.cpu(1))
    assert array.tolist() == [1, -2]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_basic_key_reads_and_writes_as_in_numpy(data):
    host = data.draw(
        shapes.arrays("int32", shapes.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    )
    key = data.draw(shapes.basic_indices(host.shape, allow_newaxis=True, allow_ellipsis=True))
    array = np.array(host)
    numpy.testing.assert_array_equal(array[key].asnumpy(), host[key], strict=True)
    array[key] = -5
    expected = host.copy()
    expected[key] = -5
    numpy.testing.assert_array_equal(array.asnumpy(), expected)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_mask_reads_and_writes_as_in_numpy(data):
    host = data.draw(
        shapes.arrays("int32", shapes.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
    )
    covered = data.draw(st.integers(1, host.ndim))
    mask = data.draw(shapes.arrays("bool", host.shape[:covered]))
    array = np.array(host)
    numpy.testing.assert_array_equal(array[np.array(mask)].asnumpy(), host[mask], strict=True)
    array[np.array(mask)] = 3
    expected = host.copy()
    expected[mask] = 3
    numpy.testing.assert_array_equal(array.asnumpy(), expected)
