"""Calls for all parameters, while another thread adds some."""

import copy
import pickle
import sys
import threading

import pytest

import numparam as mx
from numparam.gluon import ParameterDict


def initialize(parameters):
    parameters.initialize("zeros", force_reinit=True)


def set_all(parameters):
    parameters.setattr("lr_mult", 2.0)


def cast_all(parameters):
    parameters.setattr("dtype", "float32")


def summary(parameters):
    str(parameters.summary())


def as_text(parameters):
    repr(parameters)


def copy_deeply(parameters):
    copy.deepcopy(parameters)


def copy_shallowly(parameters):
    copy.copy(parameters)


def pickled(parameters):
    pickle.dumps(parameters)


def zero_grad(parameters):
    parameters.zero_grad()


def mean_grads(parameters):
    parameters.mean_grads()


CALLS = [
    initialize,
    set_all,
    cast_all,
    summary,
    as_text,
    copy_deeply,
    copy_shallowly,
    pickled,
    zero_grad,
    mean_grads,
]


def while_getting(parameters, call, make):
    ended = threading.Event()
    failures = []

    def get():
        number = 0
        while not ended.is_set() and number < 3000:
            make(parameters, number)
            number += 1

    thread = threading.Thread(target=get)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        for _ in range(10):
            try:
                call(parameters)
            except Exception as error:
                failures.append(error)
                break
    finally:
        ended.set()
        thread.join()
        sys.setswitchinterval(interval)
    assert not failures


def get(parameters, number):
    parameters.get(f"other{number}", shape=(2,))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_get_in_another_thread_does_not_disturb(call):
    parameters = ParameterDict()
    for number in range(20):
        parameters.get(f"w{number}", shape=(2,))
    parameters.initialize("zeros")
    while_getting(parameters, call, get)


def get_initialized(parameters, number):
    member = mx.gluon.Parameter(f"other{number}", shape=(2,))
    member.initialize("zeros")
    parameters.update({member.name: member})


def list_contexts(parameters):
    assert parameters.list_ctx() == [mx.cpu(0)]


def move(parameters):
    parameters.reset_ctx(mx.cpu(0))


@pytest.mark.parametrize("call", [list_contexts, move], ids=lambda call: call.__name__)
def test_parameters_that_come_initialized_do_not_disturb(call):
    parameters = ParameterDict()
    for number in range(20):
        get_initialized(parameters, -1 - number)
    while_getting(parameters, call, get_initialized)
