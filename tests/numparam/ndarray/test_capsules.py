import ctypes
import gc
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.ndarray import capsules

VERSIONED = {"max_version": (1, 0)}


def field_of(capsule, name):
    """The address of a field of the tensor that a capsule holds."""
    form_name, form, _ = capsules._form_of(capsule)
    address = capsules._get_pointer(capsule, form_name) + form.tensor.offset
    return address + getattr(capsules._Tensor, name).offset


def bytes_of(capsule):
    form_name, form, _ = capsules._form_of(capsule)
    return ctypes.string_at(capsules._get_pointer(capsule, form_name), ctypes.sizeof(form))


def set_field(capsule, name, value):
    kind = dict(capsules._Tensor._fields_)[name]
    kind.from_address(field_of(capsule, name)).value = value


class OfFirstVersion:
    """An exporter that ignores the wanted version, as JAX's arrays do."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **keywords):
        return self.values.__dlpack__()

    def __dlpack_device__(self):
        return (1, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bits", 32),
        ("bits", 0),
        ("lanes", 2),
        ("lanes", 0),
        ("code", 3),
        ("code", 5),
        ("code", 6),
        ("code", 200),
        ("device_type", 2),
        ("device_type", 4),
        ("ndim", -1),
        ("ndim", 65),
        ("shape", 0),
        ("data", 0),
        ("byte_offset", 2**63),
        ("byte_offset", 2**64 - 4096),
    ],
)
@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
@pytest.mark.parametrize("keywords", [{}, VERSIONED], ids=["first version", "versioned"])
def test_a_refused_capsule_is_as_it_was(name, value, dtype, keywords):
    if (dtype, name, value) == ("float64", "bits", 32):
        pytest.skip("float32 is a dtype of arrays")
    array = nd.array([[1, 2], [3, 4]], dtype=dtype)
    capsule = array.__dlpack__(**keywords)
    kind = dict(capsules._Tensor._fields_)[name]
    right = kind.from_address(field_of(capsule, name)).value
    set_field(capsule, name, value)
    before = bytes_of(capsule)
    with pytest.raises(MXNetError):
        nd.from_dlpack(capsule)
    assert bytes_of(capsule) == before
    set_field(capsule, name, right)
    back = nd.from_dlpack(capsule)
    assert (back.dtype, back.asnumpy().tolist()) == (array.dtype, [[1, 2], [3, 4]])


@pytest.mark.parametrize("length", [-1, 2**62, 2**63 - 1])
def test_impossible_shapes_and_strides_are_refused(length):
    capsule = nd.ones((2, 3)).__dlpack__()
    shape = ctypes.c_void_p.from_address(field_of(capsule, "shape")).value
    ctypes.c_int64.from_address(shape).value = length
    with pytest.raises(ValueError, match=r"contiguous|no memory"):
        nd.from_dlpack(capsule)


def test_what_a_capsule_lacks_is_named():
    capsule = nd.ones((2, 3)).__dlpack__()
    shape, data = field_of(capsule, "shape"), field_of(capsule, "data")
    start = ctypes.c_void_p.from_address(data).value
    set_field(capsule, "data", 0)
    set_field(capsule, "byte_offset", start)
    with pytest.raises(MXNetError, match="but no memory"):
        nd.from_dlpack(capsule)
    set_field(capsule, "data", start)
    set_field(capsule, "byte_offset", 0)
    lengths = ctypes.c_void_p.from_address(shape).value
    set_field(capsule, "shape", 0)
    with pytest.raises(MXNetError, match="2 dimensions, but no shape"):
        nd.from_dlpack(capsule)
    set_field(capsule, "shape", lengths)
    assert nd.from_dlpack(capsule).shape == (2, 3)


def test_a_newer_major_version_is_refused():
    capsule = nd.ones((2,)).__dlpack__(**VERSIONED)
    name, form, _ = capsules._form_of(capsule)
    managed = form.from_address(capsules._get_pointer(capsule, name))
    managed.major = 2
    with pytest.raises(MXNetError, match=r"version 2\.0"):
        nd.from_dlpack(capsule)
    managed.major = 1
    assert nd.from_dlpack(capsule).asnumpy().tolist() == [1, 1]


def test_memory_that_cannot_be_shared_stays_in_its_capsule():
    values = np.arange(6.0).reshape(2, 3)
    capsule = values.T.__dlpack__(**VERSIONED)
    for _ in range(2):
        with pytest.raises(ValueError, match="contiguous"):
            nd.from_dlpack(capsule)
    assert capsules.imported(capsule).tolist() == values.T.tolist()


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_one_of_many_threads_gets_a_capsule_and_gets_it_right(dtype):
    for _ in range(200):
        capsule = nd.array([1.5, 2], dtype=dtype).to_dlpack_for_write()
        start = threading.Barrier(4)
        results = []

        def take(capsule=capsule, start=start, results=results):
            start.wait()
            try:
                results.append(nd.from_dlpack(capsule))
            except TypeError as error:
                results.append(error)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = [result for result in results if isinstance(result, nd.NDArray)]
        assert len(results) == 4
        assert [array.asnumpy().tolist() for array in taken] == [[1.5, 2]]
        assert taken[0]._buffer.dtype.name == dtype
    assert not capsules._in_progress


@pytest.mark.parametrize("keywords", [{}, VERSIONED], ids=["first version", "versioned"])
def test_memory_is_given_back_when_the_last_view_goes(keywords):
    values = np.zeros(4)
    gone = weakref.ref(values)
    array = nd.from_dlpack(values.__dlpack__(**keywords))
    view = np.asarray(array)[1:]
    del values, array
    gc.collect()
    assert gone() is not None
    del view
    gc.collect()
    assert gone() is None


def test_capsules_of_the_first_version_give_read_only_arrays():
    values = np.zeros(3)
    shared = nd.from_dlpack(OfFirstVersion(values))
    with pytest.raises(ValueError, match="must not be written"):
        shared[0] = -1
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(shared)[0] = -1
    with pytest.raises(ValueError, match="WRITEABLE"):
        np.asarray(shared).flags.writeable = True
    values[0] = 5
    assert shared.asnumpy().tolist() == [5, 0, 0]


def read_only_map(tmp_path):
    path = tmp_path / "values.bin"
    np.arange(4, dtype=np.float32).tofile(path)
    return np.memmap(path, np.float32, "r"), path


def test_read_only_memory_is_copied_for_consumers_that_may_write_into_it(tmp_path):
    mapped, _ = read_only_map(tmp_path)
    for source in (nd.from_numpy(mapped), nd.from_dlpack(mapped)):
        told = np.from_dlpack(source)
        assert told.flags.writeable is False
        for taken in (told, capsules.imported(source.__dlpack__())):
            assert taken.tolist() == [0, 1, 2, 3]
            assert not np.shares_memory(taken, mapped)
        with pytest.raises(BufferError, match="copy"):
            source.__dlpack__(copy=False, **VERSIONED)
        assert np.shares_memory(np.asarray(source), mapped)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_explicit_copies_are_writeable_and_do_not_share(dtype):
    array = nd.ones((3,), dtype=dtype)
    array.writable = False
    copied = nd.from_dlpack(array.__dlpack__(copy=True, **VERSIONED))
    copied[:] = 2
    assert array.asnumpy().tolist() == [1, 1, 1]


def test_a_mapped_file_that_lost_its_flag_on_the_way_is_still_read_only(tmp_path):
    mapped, path = read_only_map(tmp_path)
    capsule = np.asarray(mapped).__dlpack__(**VERSIONED)
    name, form, _ = capsules._form_of(capsule)
    form.from_address(capsules._get_pointer(capsule, name)).flags = 0  # as PyTorch hands it on
    shared = nd.from_dlpack(capsule)
    assert shared.writable is False
    with pytest.raises(ValueError, match="must not be written"):
        shared[0] = 5
    assert np.fromfile(path, np.float32).tolist() == [0, 1, 2, 3]


@given(
    shape=st.lists(st.integers(0, 4), max_size=4).map(tuple),
    dtype=st.sampled_from(["bool", "int8", "uint16", "float16", "bfloat16", "int64", "float64"]),
    axes=st.randoms(),
)
def test_strided_memory_of_any_dtype_is_read(shape, dtype, axes):
    values = nd.array(np.arange(np.prod(shape)).reshape(shape) if shape else 1, dtype=dtype)
    order = list(range(len(shape)))
    axes.shuffle(order)
    host = values.asnumpy().reshape(shape).transpose(order)
    taken = capsules.imported(capsules._capsule(host, **VERSIONED))
    assert (taken.dtype, taken.shape) == (host.dtype, host.shape)
    assert taken.tolist() == host.tolist()
