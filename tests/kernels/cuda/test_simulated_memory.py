"""Device arrays, and what other libraries' arrays must be, on the simulator.

``NUMBA_ENABLE_CUDASIM=1 python -m pytest -m cudasim`` runs them.
"""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import ml_dtypes
import numpy as np
import pytest

from numparam.kernels.cuda import _memory, _provider, average, reset, retain, table
from tests.support.awkward_inputs import KINDS, layouts, same_bits, values
from tests.support.on_gpu import Foreign, download, upload

pytestmark = [pytest.mark.cudasim, pytest.mark.usefixtures("few_threads")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(), (0,), (7,), (2, 3), (2, 0, 3)])
def test_what_goes_up_comes_down(kind, shape):
    array = values(kind, int(np.prod(shape))).reshape(shape)
    there = _memory.upload(array)
    assert (there.shape, there.dtype, there.size) == (array.shape, array.dtype, array.size)
    assert (there.nbytes, there.ndim, there.device_id) == (array.nbytes, array.ndim, 0)
    assert same_bits(_memory.download(there), array)


def test_any_layout_and_byte_order_goes_up_right():
    plain = values("float32", 20).reshape(5, 4)
    for name, other in layouts(plain).items():
        assert same_bits(download(upload(other)), plain), name


def test_a_view_shares_its_memory_and_keeps_it_alive():
    whole = upload(np.arange(12, dtype=np.int32))
    part = _memory.view(whole, 4, (2, 3))
    _memory.copy_from_host(part, np.zeros((2, 3), np.int32))
    assert download(whole).tolist() == [0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 10, 11]
    watched = weakref.ref(whole)
    del whole
    gc.collect()
    assert watched() is None
    assert download(_memory.view(part, 0, (6,))).tolist() == [0] * 6


@pytest.mark.parametrize(("start", "shape"), [(-1, (2,)), (11, (2,)), (0, (13,)), (13, (0,))])
def test_a_view_beyond_its_array_is_refused(start, shape):
    with pytest.raises(ValueError, match="not within an array of 12"):
        _memory.view(upload(np.zeros(12)), start, shape)


def test_host_memory_of_another_form_is_not_copied_in():
    there = upload(np.ones(3))
    for host in (np.zeros(2), np.zeros(3, np.float32), np.zeros((3, 1))):
        with pytest.raises(ValueError, match="like the GPU's"):
            _memory.copy_from_host(there, host)
    assert download(there).tolist() == [1, 1, 1]


def test_bad_forms_of_new_memory_are_refused():
    with pytest.raises(TypeError, match="complex64"):
        _memory.empty((2,), np.complex64)
    with pytest.raises(ValueError, match="negative length"):
        _memory.empty((2, -1), np.float32)
    with pytest.raises(_provider.CUDAUnavailableError, match=r"no gpu\(1\)"):
        _memory.empty((2,), np.float32, 1)


def test_a_device_array_never_becomes_a_host_array_by_itself():
    there = upload(np.ones(3))
    assert not hasattr(there, "__array__")
    assert not hasattr(there, "__array_interface__")
    with pytest.raises(TypeError):
        np.add(there, 1)
    with pytest.raises(TypeError):
        len(there)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="copy it to the host"):
            attempt(there)
    assert repr(there) == "<DeviceArray float64(3,) on gpu(0)>"


@pytest.mark.parametrize("kind", KINDS)
def test_the_interface_hands_out_what_it_takes_back(kind):
    array = values(kind, 6).reshape(2, 3)
    there = upload(array)
    form = there.__cuda_array_interface__
    assert form["version"] == 3
    assert form["stream"] in (1, 2)
    assert form["data"] == (there.address, False)
    if kind != "bfloat16":
        assert np.dtype(form["typestr"]) == array.dtype
    out = Foreign(upload(np.zeros_like(array)))
    assert average.add_n([Foreign(there)], out) is out
    assert same_bits(download(out._array), array)


def test_bfloat16_comes_as_other_libraries_spell_it():
    array = values("bfloat16", 5)
    there = upload(array)
    for typestr in ("<V2", "|V2"):
        result = average.add_n([Foreign(there, typestr=typestr)])
        assert result.dtype == np.dtype(ml_dtypes.bfloat16)
        assert same_bits(download(result), array)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"strides": (8, 16)}, ValueError, r"sources\[0\] is not C-contiguous"),
        ({"typestr": ">f8"}, ValueError, "byte order"),
        ({"typestr": "<c16"}, TypeError, "complex128"),
        ({"typestr": "<U2"}, TypeError, "not supported"),
        ({"mask": object()}, ValueError, "masked"),
        ({"stream": 0}, ValueError, "stream 0"),
        ({"data": (12345, False)}, ValueError, "not aligned"),
    ],
)
def test_arrays_of_another_form_are_refused(changes, error, message):
    array = Foreign(upload(np.ones((2, 2))), **changes)
    with pytest.raises(error, match=message):
        average.mean([array])


def test_strides_that_say_contiguous_are_taken():
    array = np.arange(6.0).reshape(1, 2, 3)
    for strides in ((48, 24, 8), (7, 24, 8), None):
        assert same_bits(download(average.mean([Foreign(upload(array), strides=strides)])), array)


def test_another_librarys_stream_is_waited_for(monkeypatch):
    waited = []
    monkeypatch.setattr(
        _provider.device_memory(), "wait_for", lambda *where: waited.append(where), raising=False
    )
    there = upload(np.ones(3))
    for stream in (None, 1, 4711):
        average.mean([Foreign(there, stream=stream)])
    assert waited == [(4711, 0)]


def test_host_arrays_are_not_sent_silently():
    there = upload(np.ones((3, 2)))
    for call in (
        lambda: average.mean([np.ones(3)]),
        lambda: reset.zero([np.ones(3)]),
        lambda: retain.gather(there, np.array([1])),
        lambda: retain.gather(there, [1]),
        lambda: retain.unique_ids([1]),
    ):
        with pytest.raises(TypeError, match="not in a GPU's memory"):
            call()
    with pytest.raises(TypeError, match="on a GPU"):
        _memory.upload(Foreign(there))


def test_read_only_outputs_are_refused_and_inputs_taken():
    array = upload(np.ones(3))
    frozen = Foreign(array, data=(array.address, True))
    assert download(average.mean([frozen])).tolist() == [1, 1, 1]
    for call in (
        lambda: average.mean([upload(np.zeros(3))], frozen),
        lambda: reset.zero([frozen]),
        lambda: retain.scatter(frozen, upload(np.array([0])), upload(np.zeros(1))),
    ):
        with pytest.raises(ValueError, match="read-only"):
            call()
    assert download(array).tolist() == [1, 1, 1]
    assert len(table.build([frozen], writeable=False)) == 1


def test_memory_of_no_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(_provider.device_memory(), "device_of", lambda address: None, raising=False)
    with pytest.raises(ValueError, match="not a GPU's memory"):
        average.mean([Foreign(np.ones(3))])


def test_arrays_of_two_gpus_are_refused(monkeypatch):
    here, there = upload(np.ones(3)), upload(np.ones(3))
    monkeypatch.setattr(
        _provider.device_memory(), "device_of",
        lambda address: int(address == there.address), raising=False,
    )  # fmt: skip
    ids = upload(np.array([0]))
    for call in (
        lambda: average.mean([here, Foreign(there)]),
        lambda: average.mean([here], Foreign(there)),
        lambda: reset.zero([here, Foreign(there)]),
        lambda: retain.gather(Foreign(there), ids),
        lambda: retain.scatter(Foreign(there), ids, upload(np.zeros(1))),
    ):
        with pytest.raises(ValueError, match=r"gpu\(1\).* gpu\(0\)|gpu\(0\).* gpu\(1\)"):
            call()


def test_a_table_is_immutable_and_keeps_its_arrays():
    array = upload(np.ones(3))
    watched = weakref.ref(array)
    ready = table.build([array])
    assert table.build(ready) is ready
    del array
    gc.collect()
    assert watched() is not None
    with pytest.raises(AttributeError, match="immutable"):
        ready.arrays = ()
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="addresses of this process"):
            attempt(ready)
    with pytest.raises(ValueError, match="writeable=False"):
        reset.zero(table.build(list(ready.arrays), writeable=False))
    del ready
    gc.collect()
    assert watched() is None
