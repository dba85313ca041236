import gc
import weakref

import ml_dtypes
import numpy as np
import pytest

from numparam import autograd
from numparam import ndarray as nd
from numparam.base import MXNetError
from numparam.context import cpu, cpu_pinned
from numparam.devices import epochs
from tests.support.writers import WRITERS

pytestmark = pytest.mark.usefixtures("device")


def test_properties_describe_the_buffer():
    array = nd.array([[1, 2, 3], [4, 5, 6]], cpu(1), "float16")
    assert array.shape == (2, 3)
    assert (array.size, array.ndim) == (6, 2)
    assert array.dtype is np.float16
    assert array.stype == "default"
    assert array.context == array.ctx == cpu(1)
    assert array.writable is True
    assert array.handle is array._buffer
    assert type(array.size) is int


def test_the_dtype_of_bfloat16_is_that_of_ml_dtypes():
    assert nd.zeros((1,), dtype="bfloat16").dtype is ml_dtypes.bfloat16
    assert nd.zeros((1,), dtype=[("bfloat16", np.uint16)]).dtype is ml_dtypes.bfloat16


def test_binding_another_buffer_begins_a_storage_epoch():
    array, other = nd.zeros((2,)), nd.ones((3,))
    before = epochs.current()
    array._buffer = other._buffer
    assert epochs.current() != before
    assert array.shape == (3,)


@pytest.mark.parametrize("write", WRITERS)
def test_writing_in_place_keeps_the_buffer_and_the_epoch(write):
    array = nd.ones((2, 2))
    buffer, before = array._buffer, epochs.current()
    write(array)
    assert array._buffer is buffer
    assert epochs.current() == before


def test_arrays_have_no_gradient_until_one_is_attached():
    array = nd.zeros((2,))
    assert array.grad is None
    assert array._grad is None
    assert array._grad_req is None
    assert array._fresh_grad == 0


def test_attached_gradients_are_zeros_in_the_form_of_the_array():
    array = nd.ones((2, 3), cpu(1), "float64")
    array.attach_grad("add")
    assert array.grad.context == cpu(1)
    assert array.grad.dtype is np.float64
    assert array.grad.asnumpy().tolist() == np.zeros((2, 3)).tolist()
    assert array._grad_req == "add"
    assert array._fresh_grad == 0


def test_the_freshness_of_a_gradient_is_0_or_1():
    array = nd.zeros((2,))
    array.attach_grad()
    array._fresh_grad = True
    assert array._fresh_grad == 1
    array._fresh_grad = False
    assert array._fresh_grad == 0
    array._fresh_grad = True
    array.attach_grad()
    assert array._fresh_grad == 0


def test_views_copies_and_detached_arrays_are_not_marked():
    array = nd.ones((2, 2))
    array.attach_grad()
    for other in (array.detach(), array.copy(), array[0], array.reshape((4,)), array * 1):
        assert other.grad is None
    assert array[:]._grad is array._grad is not None


def test_the_gradient_is_a_new_handle_on_the_same_memory_each_time():
    array = nd.ones((2,))
    array.attach_grad()
    assert array.grad is not array.grad
    array.grad[:] = 5
    assert array.grad.asnumpy().tolist() == [5, 5]
    assert array.grad.grad is None


def test_an_unknown_grad_req_is_a_key_error_and_marks_nothing():
    array = nd.ones((2,))
    with pytest.raises(KeyError, match="'foo'"):
        array.attach_grad("foo")
    assert array.grad is None


@pytest.mark.parametrize("grad_req", ["write", "add", "null"])
@pytest.mark.parametrize("write", WRITERS)
def test_marked_arrays_are_not_written_while_recording(write, grad_req):
    array = nd.ones((2, 2))
    array.attach_grad(grad_req)
    with autograd.record():
        with pytest.raises(MXNetError, match=r"pause\(\)"):
            write(array)
        array.grad[:] = 2
        array.detach()[:] = 3
    assert (array.asnumpy() == 3).all()
    write(array)


def test_arrays_are_not_made_by_calling_the_class():
    with pytest.raises(TypeError, match=r"nd\.array"):
        nd.NDArray([1, 2])


def test_arrays_take_no_other_attributes():
    with pytest.raises(AttributeError):
        nd.zeros((1,)).grad_rec = "add"


def test_arrays_are_hashable_by_identity_and_weakly_referable():
    array = nd.zeros((1,))
    assert {array: 1}[array] == 1
    reference = weakref.ref(array)
    del array
    gc.collect()
    assert reference() is None


def test_host_contexts_of_all_kinds_hold_arrays():
    array = nd.array([1, 2], cpu_pinned(0))
    assert array.context == cpu_pinned(0)
    assert array.asnumpy().tolist() == [1, 2]
