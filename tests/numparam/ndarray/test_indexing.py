import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu
from numparam.ndarray import keys
from numparam.ndarray.operations import selection
from numparam.util import np_shape

pytestmark = pytest.mark.usefixtures("device")


def numbered(shape):
    return np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)


SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=5)


@st.composite
def shape_and_basic_key(draw):
    shape = draw(SHAPES)
    key = draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    return shape, key


@st.composite
def shape_and_integer_arrays(draw):
    shape = draw(SHAPES)
    key = draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2)))
    return shape, key


@given(shape_and_basic_key())
def test_basic_keys_read_what_numpy_reads(case):
    shape, key = case
    host = numbered(shape)
    with np_shape(True):
        np.testing.assert_array_equal(nd.array(host)[key].asnumpy(), host[key])
        assert nd.array(host)[key].shape == np.shape(host[key])


@given(shape_and_basic_key())
def test_what_shares_memory_is_contiguous_and_is_written_through(case):
    shape, key = case
    host = numbered(shape)
    array = nd.array(host)
    part = array[key]
    written = host.copy()
    written[key] = -1
    part[:] = -1
    contiguous = np.asarray(host[key]).flags.c_contiguous and key != ()
    expected = written if contiguous else host
    if np.size(host[key]):
        np.testing.assert_array_equal(array.asnumpy(), written if array[key] is array else expected)


@given(shape_and_basic_key(), st.data())
def test_basic_keys_write_what_numpy_writes(case, data):
    shape, key = case
    host = numbered(shape)
    array = nd.array(host)
    selected = np.shape(host[key])
    value = numbered(selected)[..., :1] if selected and data.draw(st.booleans()) else 7.5
    host[key] = value
    given_value = nd.array(value) if data.draw(st.booleans()) else value
    array[key] = given_value
    np.testing.assert_array_equal(array.asnumpy(), host)


def as_int64(index):
    return nd.array(index, dtype="int64")


INDEX_KINDS = {
    "numpy": np.asarray,
    "list": np.ndarray.tolist,
    "device": as_int64,
    "float device": nd.array,
}


@given(shape_and_integer_arrays(), st.sampled_from(sorted(INDEX_KINDS)))
def test_integer_arrays_read_and_write_what_numpy_does(case, kind):
    shape, key = case
    host = numbered(shape)
    ours = tuple(INDEX_KINDS[kind](index) for index in key)
    array = nd.array(host)
    np.testing.assert_array_equal(array[ours].asnumpy(), host[key])
    host[key] = -3
    array[ours] = -3
    np.testing.assert_array_equal(array.asnumpy(), host)


@given(SHAPES, st.data())
def test_boolean_masks_select_what_numpy_selects(shape, data):
    host = numbered(shape)
    dims = data.draw(st.integers(1, len(shape)))
    mask = data.draw(hnp.arrays(np.bool_, shape[:dims]))
    for key in (mask, mask.tolist(), nd.array(mask, dtype="bool")):
        np.testing.assert_array_equal(nd.array(host)[key].asnumpy(), host[mask])
    array = nd.array(host)
    array[nd.array(mask, dtype="bool")] = 5
    host[mask] = 5
    np.testing.assert_array_equal(array.asnumpy(), host)


def test_one_element_has_shape_1_and_with_numpy_shapes_none():
    array = nd.array([[1, 2], [3, 4]])
    assert array[0, 1].shape == (1,)
    assert nd.array([1, 2])[0].shape == (1,)
    with np_shape(True):
        assert array[0, 1].shape == ()
        assert nd.array([1, 2])[0].shape == ()


@pytest.mark.parametrize("key", [slice(None), ()])
def test_the_whole_is_the_array_itself(key):
    array = nd.zeros((2, 2))
    assert array[key] is array


def test_views_of_views_write_into_the_first_array():
    array = nd.zeros((4, 3))
    array[1:][1][1:][0][:] = 5
    assert array.asnumpy()[2, 1] == 5
    assert array.asnumpy().sum() == 5


def test_rows_of_an_iteration_are_views():
    array = nd.zeros((2, 2))
    for number, row in enumerate(array):
        row[:] = number + 1
    assert array.asnumpy().tolist() == [[1, 1], [2, 2]]


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [
        (2, IndexError, "index 2 is outside of axis 0, which has 2 entries"),
        (-3, IndexError, "-2 to 1 are inside"),
        ((0, 3), IndexError, "axis 1"),
        ((0, 0, 0), IndexError, "3 dimensions"),
        ((..., ...), IndexError, "only one"),
        (True, IndexError, "use 1 for the row"),
        ([0, 5], IndexError, "5, which is outside of axis 0 with 2 entries"),
        ([0, 2], IndexError, "2, which is outside of axis 0 with 2 entries"),
        (np.array([-3]), IndexError, "-3"),
        ((slice(None), [3]), IndexError, "axis 1"),
        ([True, False, True], IndexError, "mask of shape"),
        (0.5, ValueError, "float"),
        ("x", ValueError, "str"),
        (slice(0.5, 1), IndexError, "integers"),
        ([[0], [1, 2]], ValueError, "inhomogeneous"),
        (slice(None, None, 0), ValueError, "zero"),
    ],
)
def test_keys_that_select_nothing_say_why_and_write_nothing(key, error, words):
    array = nd.array([[0, 1, 2], [3, 4, 5]])
    with pytest.raises(error, match=words):
        array[key]
    with pytest.raises(error, match=words):
        array[key] = 9
    assert array.asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_index_arrays_of_a_device_are_checked_too():
    array = nd.array([0, 1, 2])
    with pytest.raises(IndexError, match="3"):
        array[nd.array([0, 3])]
    with pytest.raises(IndexError, match="-4"):
        array[nd.array([-4])] = 1
    assert array.asnumpy().tolist() == [0, 1, 2]


@pytest.mark.parametrize("value", [None, "x", {}, object(), [nd.NDArray], 1j])
def test_values_that_are_no_numbers_are_refused(value):
    array = nd.ones((2,))
    with pytest.raises(TypeError):
        array[:] = value
    assert array.asnumpy().tolist() == [1, 1]


def test_values_that_do_not_fit_say_both_shapes():
    array = nd.ones((2, 3))
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(2, 3\)"):
        array[:] = np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        array[0] = nd.zeros((2,))
    assert array.asnumpy().sum() == 6


def test_values_come_from_any_context_and_dtype_and_are_copied():
    array = nd.zeros((2, 2), dtype="int32")
    value = nd.array([1.7, -2.7], cpu(3), "float64")
    array[:] = value
    value[:] = 0
    assert array.asnumpy().tolist() == [[1, -2], [1, -2]]


@pytest.mark.parametrize(
    ("dtype", "value", "stored"),
    [
        ("int32", 1.9, 1),
        ("int32", -1.9, -1),
        ("uint8", 300, 44),
        ("uint8", -1, 255),
        ("int8", 128, -128),
        ("float16", 1e9, np.inf),
        ("bool", 3, True),
        ("float32", True, 1),
        ("float32", 10**30, np.float32(1e30)),
    ],
)
def test_numbers_are_converted_to_the_dtype(dtype, value, stored):
    array = nd.zeros((2,), dtype=dtype)
    array[:] = value
    array[1] = value
    assert array.asnumpy().tolist() == [stored, stored]


def test_an_overlapping_source_is_read_before_it_is_written():
    array = nd.array([0, 1, 2, 3])
    array[1:] = array[:3]
    assert array.asnumpy().tolist() == [0, 0, 1, 2]


def test_without_dimensions_there_are_no_rows():
    scalar = nd.array(3)
    with pytest.raises(IndexError):
        scalar[0]
    with pytest.raises(TypeError):
        len(scalar)
    with pytest.raises(TypeError):
        iter(scalar)
    assert scalar[()] is scalar
    scalar[()] = 4
    assert scalar.asscalar() == 4


def test_a_range_selects_as_a_list_does():
    array = nd.array([[1, 2], [3, 4], [5, 6]])
    assert array[range(0, 3, 2)].asnumpy().tolist() == [[1, 2], [5, 6]]
    array[range(2), 1] = 0
    assert array.asnumpy().tolist() == [[1, 0], [3, 0], [5, 6]]


@pytest.mark.parametrize("exception", [IndexError, ValueError])
def test_index_arrays_that_do_not_stretch_to_one_shape_are_refused(exception):
    array = nd.zeros((3, 3))
    with pytest.raises(exception, match=r"\(2,\), \(3,\)"):
        array[[0, 1], nd.array([0, 1, 2])]
    with pytest.raises(exception, match=r"\(3,\), \(2,\)"):
        array[[0, 1, 2], [0, 1]] = 5
    assert array.asnumpy().sum() == 0


def test_a_value_that_does_not_fit_is_also_an_mxnet_error():
    array = nd.zeros((2, 3))
    with pytest.raises(MXNetError, match="does not fit"):
        array[0] = nd.zeros((2,))


@given(source=st.slices(24), start=st.integers(0, 23))
def test_overlapping_parts_are_written_as_if_copied_first(source, start):
    array = nd.arange(48)
    value = array[source][: 48 - start]
    length = value.shape[0]
    expected = array.asnumpy()
    expected[start : start + length] = value.asnumpy()
    array[start : start + length] = value
    assert (array.asnumpy() == expected).all()


@pytest.mark.parametrize("shift", [1, 7, 300])
def test_copies_and_sums_between_overlapping_views_are_as_if_copied_first(shift):
    def made():
        return nd.arange(1000)

    length = 1000 - shift
    for forwards in (True, False):
        array = made()
        first, second = (array[:length], array[shift:])[:: 1 if forwards else -1]
        expected = first.asnumpy()
        first.copyto(second)
        assert (second.asnumpy() == expected).all()
        array = made()
        first, second = (array[:length], array[shift:])[:: 1 if forwards else -1]
        expected = first.asnumpy() + second.asnumpy()
        second += first
        assert (second.asnumpy() == expected).all()
    array = made()
    expected = array.asnumpy()[::-1]
    nd.flip(array, axis=0, out=array)
    assert (array.asnumpy() == expected).all()


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_index_arrays_are_copied_before_numpy_checks_and_uses_them(dtype):
    # Another thread may write them between the two.
    index = np.array([1, 0, 1], dtype)
    key, _ = keys.resolved([nd.array(index, dtype=dtype)], nd.ones((3, 2)))
    (used,) = key.index((3, 2), [index])
    assert used.tolist() == index.tolist()
    assert not np.shares_memory(used, index)


@pytest.mark.parametrize("mode", ["clip", "wrap"])
def test_numbers_of_rows_are_copied_before_numpy_checks_and_uses_them(mode):
    numbers = np.array([1, 0, 1])
    assert not np.shares_memory(selection._row_numbers(numbers, 2, mode), numbers)
