import threading

import pytest

from numparam import autograd
from numparam.autograd import (
    is_recording,
    is_training,
    pause,
    predict_mode,
    record,
    set_recording,
    set_training,
    train_mode,
)
from tests.support.threads import in_new_thread


def state():
    return is_recording(), is_training()


@pytest.fixture(autouse=True)
def off():
    yield
    set_recording(False)
    set_training(False)


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        (record(), (True, True)),
        (record(train_mode=False), (True, False)),
        (record(None), (True, False)),
        (pause(), (False, False)),
        (pause(train_mode=True), (False, True)),
        (train_mode(), (False, True)),
        (predict_mode(), (False, False)),
    ],
)
def test_each_scope_sets_its_switches_and_restores_them(scope, inside):
    assert state() == (False, False)
    with scope as entered:
        assert entered is None
        assert state() == inside
    assert state() == (False, False)


def test_scopes_nest():
    with record():
        with predict_mode():
            assert state() == (True, False)
            with pause():
                assert state() == (False, False)
                with train_mode():
                    assert state() == (False, True)
            assert state() == (True, False)
        assert state() == (True, True)


def test_one_scope_object_can_be_entered_inside_itself():
    scope = record()
    with scope:
        with pause(), scope:
            assert state() == (True, True)
        assert state() == (True, True)
        with scope:
            pass
        assert state() == (True, True)
    assert state() == (False, False)


def test_scopes_restore_after_exceptions():
    with pytest.raises(ZeroDivisionError), record():
        raise ZeroDivisionError
    assert state() == (False, False)


def test_setters_return_the_state_before():
    assert set_recording(True) is False
    assert set_recording(True) is True
    assert set_training(True) is False
    assert set_training(False) is True
    assert state() == (True, False)


@pytest.mark.parametrize("setter", [set_recording, set_training])
@pytest.mark.parametrize("wrong", ["True", None, 1.5])
def test_setters_refuse_what_is_neither_bool_nor_integer(setter, wrong):
    with pytest.raises(TypeError, match="must be True or False"):
        setter(wrong)
    assert state() == (False, False)


def test_a_scope_restores_what_it_set_whatever_the_setters_did_inside():
    with pause(train_mode=True):
        set_recording(True)
    assert state() == (False, False)


def test_a_scope_leaves_the_switch_alone_that_it_does_not_set():
    with train_mode():
        set_recording(True)
    assert state() == (True, False)


def test_new_threads_start_off():
    with record():
        assert in_new_thread(state) == (False, False)
    in_new_thread(lambda: set_recording(True))
    assert state() == (False, False)


def test_one_scope_object_in_two_threads():
    scope = record()
    inside, leave = threading.Event(), threading.Event()
    seen = []

    def work():
        with predict_mode():
            with scope:
                inside.set()
                assert leave.wait(10)
                seen.append(state())
            seen.append(state())

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    with train_mode():
        with scope:
            leave.set()
            thread.join()
            assert state() == (True, True)
        assert state() == (False, True)
    assert seen == [(True, True), (False, False)]


def test_a_suspended_generator_does_not_leave_recording_on():
    def batches():
        with record():
            yield

    with pause():
        generator = batches()
        next(generator)
        assert is_recording()
    assert state() == (False, False)
    del generator
    assert state() == (False, False)


def test_the_package_offers_the_scopes():
    for name in ("record", "pause", "train_mode", "predict_mode", "is_recording", "is_training"):
        assert name in autograd.__all__
