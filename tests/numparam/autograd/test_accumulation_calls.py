"""Which calls `accumulate_grad` makes, and from which threads it may be called."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from numparam import autograd
from numparam import ndarray as nd
from numparam.autograd import accumulation
from numparam.context import cpu

pytestmark = pytest.mark.usefixtures("device")


def variable_of(shape, grad_req, stype="default"):
    """A marked array."""
    variable = nd.ones(shape)
    variable.attach_grad(grad_req, stype)
    return variable


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_what_threads_add_to_the_same_gradient_is_all_there(stype):
    variable = variable_of((2_000, 100), "add", stype)
    incoming = np.ones(variable.shape, np.float32)
    start = threading.Barrier(4)

    def work():
        start.wait()
        for _ in range(15):
            autograd.accumulate_grad(variable, (np.arange(2_000), incoming))
            autograd.accumulate_grad(variable, incoming)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (variable.grad.asnumpy() == 120).all()


def test_threads_accumulate_into_arrays_of_their_own():
    errors = []

    def work():
        try:
            variable = variable_of((300,), "add")
            for _ in range(30):
                autograd.accumulate_grad(variable, np.ones(300))
            assert (variable.grad.asnumpy() == 30).all()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_the_kernels_of_the_device_do_the_work(opaque):
    dense, table = variable_of((3, 2), "add"), variable_of((3, 2), "add", "row_sparse")
    for backend in opaque.backends.values():
        backend.calls.clear()
    autograd.accumulate_grad([dense, table], [np.ones((3, 2)), ([1], np.ones((1, 2)))])
    assert "accumulate.add" in opaque.calls
    assert "merge.merge" in opaque.calls
    assert "download" not in opaque.calls


@pytest.mark.parametrize("count", [1, 2000])
@pytest.mark.parametrize("request_", ["write", "add"])
def test_one_call_serves_any_number_of_gradients(opaque, request_, count):
    variables = [variable_of((3,), request_) for _ in range(count)]
    for backend in opaque.backends.values():
        backend.calls.clear()
    autograd.accumulate_grad(variables, [np.ones(3, np.float32)] * count)
    operation = "accumulate.add" if request_ == "add" else "accumulate.assign"
    assert opaque.calls.count(operation) == 1


def test_a_handler_that_interrupts_an_accumulation_may_make_another_and_wait_for_one(monkeypatch):
    def marked(context):
        array = nd.zeros((3,), ctx=context)
        array.attach_grad("add")
        return array

    def add_to_all():
        autograd.accumulate_grad(arrays, [np.ones(3)] * 2)

    def interrupted(targets):
        monkeypatch.undo()
        thread.start()
        autograd.accumulate_grad(arrays[0], np.ones(3))  # what a handler may do
        thread.join(30)
        finished.append(not thread.is_alive())
        change(targets)

    # The thread locks both contexts, while the handler's thread has locked the second one.
    arrays = [marked(cpu(0)), marked(cpu(1))]
    thread = threading.Thread(target=add_to_all, daemon=True)
    finished, change = [], accumulation._accumulate
    monkeypatch.setattr(accumulation, "_accumulate", interrupted)
    autograd.accumulate_grad(arrays[1], np.ones(3))
    assert finished == [True]
    assert [array.grad.asnumpy()[0] for array in arrays] == [2, 2]
