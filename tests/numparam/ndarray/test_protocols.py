"""NumPy's protocols and DLPack, with NumPy and, where installed, PyTorch on the other side."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu
from tests.support.opaque import opaque_device

NUMBERS = st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int64, np.uint8])


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0)))
def test_numpy_shares_the_memory_or_copies_it_as_asked(values):
    array = nd.array(values, dtype=values.dtype)
    shared = np.asarray(array)
    copied = np.array(array)
    assert shared.tobytes() == copied.tobytes() == values.tobytes()
    assert shared.shape == values.shape
    assert np.shares_memory(shared, np.asarray(array)) or not values.size
    assert not np.shares_memory(shared, copied)


def test_writing_through_numpy_is_seen():
    array = nd.zeros((2, 2))
    np.asarray(array[1])[:] = 5
    assert array.asnumpy().tolist() == [[0, 0], [5, 5]]


def test_another_dtype_needs_a_copy():
    array = nd.array([1.5, 2])
    assert np.asarray(array, dtype=np.float64).dtype == np.float64
    assert np.asarray(array, dtype=np.float32, copy=False) is not None
    with pytest.raises(ValueError, match="copy"):
        np.asarray(array, dtype=np.float64, copy=False)


def test_the_array_interface_is_that_of_the_memory():
    array = nd.array([[1, 2]])
    interface = array.__array_interface__
    assert interface["shape"] == (1, 2)
    assert interface["data"] == (np.asarray(array).ctypes.data, False)


def test_numpy_sees_bfloat16_and_shares_it():
    array = nd.array([1.5, -2], dtype="bfloat16")
    shared = np.asarray(array)
    assert shared.dtype.name == "bfloat16"
    shared[0] = 3
    assert array.tolist() == [3, -2]
    assert np.asarray(array, np.float32).tolist() == [3, -2]
    assert np.array(array, copy=True).dtype.name == "bfloat16"
    with pytest.raises(AttributeError, match="bfloat16"):
        array.__array_interface__  # noqa: B018


def test_a_device_without_host_memory_is_never_copied_silently():
    with opaque_device("cpu"):
        array = nd.array([1, 2])
        with pytest.raises(TypeError, match=r"asnumpy\(\)"):
            np.asarray(array)
        with pytest.raises(ValueError, match="shared"):
            np.asarray(array, copy=False)
        with pytest.raises(ValueError, match="shared"):
            np.from_dlpack(array)
        with pytest.raises(ValueError, match="shared"):
            array.to_dlpack_for_read()
        assert not hasattr(array, "__array_interface__")
        assert np.array(array).tolist() == [1, 2]


@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, min_side=0)))
def test_dlpack_shares_memory_with_numpy_both_ways(values):
    array = nd.array(values, dtype=values.dtype)
    seen = np.from_dlpack(array)
    assert seen.tobytes() == values.tobytes()
    assert np.shares_memory(seen, np.asarray(array)) or not values.size
    back = nd.from_dlpack(values)
    assert (back.shape, back.dtype, back.context) == (values.shape, values.dtype.type, cpu(0))
    back[...] = 1
    assert (values == 1).all()


def test_arrays_of_other_libraries_that_are_read_only_stay_so():
    values = np.ones(2)
    values.flags.writeable = False
    shared = nd.from_dlpack(values)
    assert shared.writable is False
    with pytest.raises(ValueError, match="read-only"):
        shared[:] = 1
    assert np.asarray(shared).flags.writeable is False


def test_booleans_travel_through_dlpack():
    back = nd.from_dlpack(nd.array([True, False], dtype="bool"))
    assert (back.dtype, back.tolist()) == (np.bool_, [True, False])


def test_bfloat16_travels_through_dlpack():
    array = nd.array([1.5, -2], dtype="bfloat16")
    for capsule in (array, array.to_dlpack_for_write(), array.__dlpack__(max_version=(1, 0))):
        back = nd.from_dlpack(capsule)
        assert back._buffer.dtype.name == "bfloat16"
        back *= 2
    assert array.asnumpy().astype(np.float32).tolist() == [12, -16]


@pytest.mark.parametrize("export", ["to_dlpack_for_read", "to_dlpack_for_write"])
def test_capsules_are_used_once_and_keep_the_memory(export):
    array = nd.array([1, 2])
    capsule = getattr(array, export)()
    back = nd.from_dlpack(capsule)
    with pytest.raises(TypeError, match="used"):
        nd.from_dlpack(capsule)
    array[0] = 9
    assert back.asnumpy().tolist() == [9, 2]
    del array
    gc.collect()
    assert back.asnumpy().tolist() == [9, 2]


def test_capsules_for_writing_are_written_through_and_those_for_reading_are_not():
    array = nd.array([1, 2])
    nd.from_dlpack(array.to_dlpack_for_write())[0] = 9
    with pytest.raises(ValueError, match="must not be written"):
        nd.from_dlpack(array.to_dlpack_for_read())[1] = 9
    assert array.asnumpy().tolist() == [9, 2]


def test_dropped_capsules_free_the_memory():
    array = nd.array([1, 2])
    for _ in range(100):
        array.to_dlpack_for_read()
    gc.collect()
    assert array.asnumpy().tolist() == [1, 2]


@pytest.mark.parametrize("thing", [object(), None, 5, "capsule"])
def test_what_is_no_capsule_is_refused(thing):
    with pytest.raises(TypeError, match="DLPack"):
        nd.from_dlpack(thing)


@pytest.mark.parametrize(("device_type", "message"), [(10, "not on the host"), (2, "gpu")])
def test_memory_on_another_device_is_refused(device_type, message):
    class Elsewhere:
        def __dlpack__(self, **keywords):
            raise AssertionError("it must not be asked for")

        def __dlpack_device__(self):
            return (device_type, 99)

    with pytest.raises(MXNetError, match=message):
        nd.from_dlpack(Elsewhere())


def test_strided_memory_cannot_be_shared_through_dlpack():
    with pytest.raises(ValueError, match="contiguous"):
        nd.from_dlpack(np.arange(6.0).reshape(2, 3).T)


def test_exporters_of_the_first_version_of_dlpack_are_understood():
    class Old:
        def __init__(self, values):
            self.values = values

        def __dlpack__(self, stream=None):
            return self.values.__dlpack__()

        def __dlpack_device__(self):
            return self.values.__dlpack_device__()

    values = np.zeros(2)
    shared = nd.from_dlpack(Old(values))
    values[:] = 3
    assert shared.asnumpy().tolist() == [3, 3]
    with pytest.raises(ValueError, match="must not be written"):  # that version cannot allow it
        shared[:] = 4


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int8", "int64"])
def test_pytorch_shares_memory_both_ways(torch, dtype):
    array = nd.array([[1, 2], [3, 4]], dtype=dtype)
    tensor = torch.from_dlpack(array)
    assert tensor.dtype is getattr(torch, dtype)
    tensor += 1
    assert array.asnumpy().astype(np.float64).tolist() == [[2, 3], [4, 5]]
    back = nd.from_dlpack(tensor)
    back += 1
    assert tensor.to(torch.float64).tolist() == [[3, 4], [5, 6]]
    back[:] = 0
    seen = nd.from_dlpack(torch.utils.dlpack.to_dlpack(tensor))
    assert seen.asnumpy().sum() == 0
    assert seen.writable is False


def test_pytorch_takes_capsules_and_the_array_protocol(torch):
    array = nd.array([1, 2])
    torch.utils.dlpack.from_dlpack(array.to_dlpack_for_write())[0] = 5
    torch.as_tensor(np.asarray(array))[1] = 6
    assert array.asnumpy().tolist() == [5, 6]


def test_pytorch_refuses_to_give_tensors_that_need_gradients(torch):
    with pytest.raises((RuntimeError, BufferError)):
        nd.from_dlpack(torch.ones(2, requires_grad=True))
