"""Memory of GPUs that is shared with other libraries, on Numba's simulator.

``NUMBA_ENABLE_CUDASIM=1 python -m pytest -m cudasim`` runs them.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import numparam as mx
from numparam.devices.registry import backend_of
from numparam.kernels.cuda import _memory, _provider
from numparam.ndarray.capsules import UnshareableError
from tests.support.simulated_gpu import simulated_gpus

pytestmark = [
    pytest.mark.cudasim,
    pytest.mark.skipif(not _provider.simulated(), reason="needs NUMBA_ENABLE_CUDASIM=1"),
]


@pytest.fixture(autouse=True)
def gpus():
    with simulated_gpus():
        yield


@pytest.fixture
def waits(monkeypatch):
    """The streams of other libraries that were let wait for ours."""
    seen: list[int] = []
    monkeypatch.setattr(_memory, "let_wait", lambda stream, device_id: seen.append(stream))
    return seen


def filled(dtype="float32", shape=(2, 3)):
    return mx.nd.full(shape, 1, ctx=mx.gpu(0), dtype=dtype)


def address(array):
    return array.__cuda_array_interface__["data"][0]


class Older:
    """An array of a library that knows DLPack's first version only."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, stream=None):
        return self._array.__dlpack__(stream=stream)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


@pytest.mark.parametrize(
    "dtype", ["float16", "bfloat16", "float32", "float64", "int8", "int64", "uint8", "bool"]
)
@pytest.mark.parametrize("shape", [(2, 3), (1,), (), (0, 3)])
def test_a_gpu_array_taken_by_dlpack_shares_the_memory(dtype, shape):
    with mx.util.np_shape(True):
        array = filled(dtype, shape)
        shared = mx.nd.from_dlpack(array)
        assert (shared.shape, shared.dtype) == (array.shape, array.dtype)
        assert shared.context == mx.gpu(0)
        assert not array.size or address(shared) == address(array)
        shared[:] = 0
        assert not array.asnumpy().any()


def test_the_memory_outlives_the_array_that_it_was_taken_from():
    array = filled()
    shared = mx.nd.from_dlpack(array)
    kept = weakref.ref(array._buffer)
    del array
    gc.collect()
    assert shared.asnumpy().sum() == 6
    del shared
    gc.collect()
    assert kept() is None


def test_a_capsule_that_nobody_takes_releases_the_memory():
    array = filled()
    kept = weakref.ref(array._buffer)
    capsule = array.__dlpack__(max_version=(1, 0))
    del array
    gc.collect()
    assert kept() is not None
    del capsule
    gc.collect()
    assert kept() is None


def test_capsules_of_the_first_version_give_read_only_arrays_unless_made_for_writing():
    array = filled()
    shared = mx.nd.from_dlpack(Older(array))
    assert address(shared) == address(array)
    with pytest.raises(ValueError, match="read-only"):
        shared[:] = 0
    assert not mx.nd.from_dlpack(array.to_dlpack_for_read()).writable
    mx.nd.from_dlpack(array.to_dlpack_for_write())[:] = 5
    assert array.asnumpy().tolist() == [[5] * 3] * 2


def test_a_capsule_can_be_used_once():
    capsule = filled().to_dlpack_for_read()
    mx.nd.from_dlpack(capsule)
    with pytest.raises(TypeError, match="not used yet"):
        mx.nd.from_dlpack(capsule)


@pytest.mark.parametrize(("given", "waiting"), [(None, [1]), (1, [1]), (77, [77]), (-1, [])])
def test_the_consumers_stream_waits_for_ours(waits, given, waiting):
    filled().__dlpack__(stream=given)
    assert waits == waiting


def test_stream_0_is_refused():
    with pytest.raises(ValueError, match="ambiguous"):
        filled().__dlpack__(stream=0)


def test_a_consumer_may_ask_for_a_copy_on_the_gpu_or_on_the_host():
    array = filled()
    capsule = array.__dlpack__(copy=True, max_version=(1, 0))
    copied = mx.nd.from_dlpack(capsule)
    assert address(copied) != address(array)
    np.testing.assert_array_equal(copied.asnumpy(), array.asnumpy())
    on_host = mx.nd.from_dlpack(array.__dlpack__(dl_device=(1, 0), max_version=(1, 0)))
    assert on_host.context == mx.cpu(0)
    np.testing.assert_array_equal(on_host.asnumpy(), array.asnumpy())
    with pytest.raises(BufferError, match="copy=False"):
        array.__dlpack__(dl_device=(1, 0), copy=False)
    with pytest.raises(BufferError, match="as_in_context"):
        array.__dlpack__(dl_device=(2, 5))


def test_what_a_gpu_array_cannot_share_is_refused_and_stays_usable():
    array = filled()
    capsule = mx.nd.from_dlpack(array).__dlpack__(max_version=(1, 0))

    class Elsewhere:
        def __dlpack__(self, **keywords):
            return capsule

        def __dlpack_device__(self):
            return (1, 0)

    with pytest.raises(UnshareableError, match="type 2"):
        mx.nd.from_dlpack(Elsewhere())
    assert mx.nd.from_dlpack(capsule).asnumpy().sum() == 6


def test_cuda_libraries_see_arrays_by_the_cuda_array_interface():
    array = filled()
    interface = array.__cuda_array_interface__
    assert interface["shape"] == (2, 3)
    assert interface["typestr"] == "<f4"
    assert interface["stream"] == 1
    assert backend_of("gpu", 0).borrowed(array).address == address(array)
    assert not hasattr(mx.nd.ones(2), "__cuda_array_interface__")
    assert not hasattr(mx.nd.sparse.zeros("csr", (2, 2)), "__cuda_array_interface__")


def test_gradients_that_were_handed_out_count_as_written():
    weight = mx.gluon.Parameter("weight", shape=(2,))
    weight.initialize("ones", ctx=mx.gpu(0))
    trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 0.5})
    gradient = mx.nd.from_dlpack(weight.grad())
    gradient[:] = 1
    trainer.step(1)
    assert weight.data().asnumpy().tolist() == [0.5, 0.5]


def test_memory_that_does_not_hold_its_values_is_refused():
    class Negated:
        def __init__(self, array):
            self.__dlpack__ = array.__dlpack__
            self.__dlpack_device__ = array.__dlpack_device__

        def is_neg(self):
            return True

    with pytest.raises(UnshareableError, match="resolve_neg"):
        mx.nd.from_dlpack(Negated(filled()))
