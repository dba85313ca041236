import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam import ndarray as nd
from numparam.base import MXNetError
from tests.support.writers import THROUGH_VIEWS, WRITERS


def test_numpy_memory_is_shared_and_the_given_array_becomes_read_only():
    values = np.arange(6.0).reshape(2, 3)
    view = values[:]
    array = nd.from_numpy(values)
    array[1] = 9
    assert values.tolist() == [[0, 1, 2], [9, 9, 9]]
    assert values.flags.writeable is False
    assert np.shares_memory(np.asarray(array), view)


def test_an_array_that_sharing_made_read_only_is_shared_for_writing_again():
    values = np.zeros(3)
    part = values[1:]
    first, second = nd.from_numpy(values), nd.from_numpy(values)
    first[0], second[1] = 1, 2
    assert values.tolist() == [1, 2, 0]
    assert values.flags.writeable is False
    nd.from_numpy(part)[1] = 3
    assert nd.from_numpy(part).asnumpy().tolist() == [2, 3]


def test_a_copy_leaves_the_given_array_alone(device):
    values = np.arange(6.0).reshape(2, 3).T
    array = nd.from_numpy(values, zero_copy=False)
    array[:] = 0
    assert values.sum() == 15
    assert values.flags.writeable
    assert array.dtype is np.float64


def test_foreign_byte_orders_are_copied_or_refused():
    values = np.arange(3, dtype=">f4")
    with pytest.raises(ValueError, match="byte order"):
        nd.from_numpy(values)
    assert values.flags.writeable
    assert nd.from_numpy(values, zero_copy=False).asnumpy().tolist() == [0, 1, 2]


def t(a):
    return a.T


def a_0(a):
    return a[:, 0]


def a_minus_1(a):
    return a[::-1]


@pytest.mark.parametrize("make", [t, a_0, a_minus_1])
def test_memory_that_is_not_contiguous_cannot_be_shared(make):
    values = make(np.ones((2, 3)))
    with pytest.raises(ValueError, match="ascontiguousarray"):
        nd.from_numpy(values)
    assert values.flags.writeable


def test_misaligned_memory_cannot_be_shared():
    values = np.frombuffer(bytearray(9), np.uint8)[1:].view(np.float64)
    if values.flags.aligned:
        values = np.frombuffer(bytearray(10), np.uint8)[1:9].view(np.float64)
    with pytest.raises(MXNetError, match="aligned"):
        nd.from_numpy(values)


def test_read_only_memory_is_shared_for_reading():
    values = np.frombuffer(b"\0\0\x80?" * 2, np.float32)
    array = nd.from_numpy(values)
    assert array.asnumpy().tolist() == [1, 1]
    with pytest.raises(ValueError, match="copy"):
        array[:] = 0


@pytest.mark.parametrize("thing", [[1, 2], 3, None])
def test_only_numpy_arrays_are_taken(thing):
    with pytest.raises(AttributeError, match=type(thing).__name__):
        nd.from_numpy(thing)


def test_unsupported_dtypes_are_refused():
    with pytest.raises(ValueError, match="complex"):
        nd.from_numpy(np.ones(2, np.complex64))


def test_a_device_without_host_memory_shares_none(opaque):
    values = np.ones(2)
    for share in (nd.from_numpy, nd.from_dlpack):
        with pytest.raises(MXNetError, match="does not use host memory"):
            share(values)
    assert values.flags.writeable
    assert nd.from_numpy(values, zero_copy=False).asnumpy().tolist() == [1, 1]


@pytest.mark.parametrize("write", [*WRITERS, *THROUGH_VIEWS, nd.NDArray.to_dlpack_for_write])
def test_memory_that_is_read_only_is_never_written(write):
    host = np.full(2, 7, np.float32)
    host.flags.writeable = False
    shared = nd.from_dlpack(host)
    with pytest.raises(ValueError, match="must not be written"):
        write(shared)
    assert host.tolist() == [7, 7]


def test_memory_with_mxnets_bfloat16_dtype_is_shared():
    values = np.array([0x3FC0, 0x4020], np.uint16)
    array = nd.from_numpy(values.view(np.dtype([("bfloat16", np.uint16)])))
    assert array.tolist() == [1.5, 2.5]
    array[0] = 2.5
    assert values.tolist() == [0x4020, 0x4020]


def overlapping_view(memory, kind):
    if kind == "transposed":
        return memory.T
    return memory[::-1] if kind == "reversed rows" else memory[:, ::-1]


@pytest.mark.parametrize("kind", ["reversed rows", "reversed columns", "transposed"])
@pytest.mark.parametrize("size", [2, 5, 40])
def test_a_value_that_is_a_view_of_the_array_is_as_if_copied_first(kind, size):
    array = nd.arange(size * size).reshape((size, size))
    view = overlapping_view(np.asarray(array), kind)
    expected = view.copy()
    array[:] = view
    assert (array.asnumpy() == expected).all()


@given(
    source=st.slices(24),
    start=st.integers(0, 23),
    dtype=st.sampled_from(["float32", "float64", "int64", "int8"]),
)
def test_parts_may_be_written_from_views_of_their_own_memory(source, start, dtype):
    array = nd.arange(48, dtype=dtype)
    memory = np.asarray(array)
    value = memory[source][: 48 - start]
    expected = memory.copy()
    expected[start : start + len(value)] = value.copy()
    array[start : start + len(value)] = value
    assert (array.asnumpy() == expected).all()
