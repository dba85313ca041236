import os
import threading

import pytest

from numparam import util
from numparam.modes.np_mode import (
    is_np_array,
    is_np_shape,
    np_array,
    np_shape,
    np_shape_mode,
    reset_np,
    set_np,
    set_np_shape,
)
from tests.support.threads import in_new_thread


def modes():
    return is_np_shape(), is_np_array()


@pytest.fixture(autouse=True)
def modes_off():
    yield
    reset_np()
    assert modes() == (False, False)


def test_both_are_off_at_first():
    assert modes() == (False, False)
    assert np_shape_mode() == 0


def test_set_np_shape_returns_the_state_before():
    assert set_np_shape(True) is False
    assert set_np_shape(1) is True
    assert set_np_shape(False) is True
    assert set_np_shape(0) is False


def test_set_np_shape_is_for_the_calling_thread():
    set_np_shape(True)
    assert np_shape_mode() == 1
    assert in_new_thread(is_np_shape) is False


def test_the_global_form_is_for_all_threads():
    assert set_np_shape(2) is False
    assert in_new_thread(lambda: (is_np_shape(), np_shape_mode())) == (True, 2)
    assert in_new_thread(lambda: set_np_shape(0)) is True
    assert in_new_thread(is_np_shape) is False
    assert is_np_shape(), "the thread that said 2 has it on for itself as well, as in MXNet"
    assert np_shape_mode() == 1


def test_a_thread_that_turned_shapes_off_still_follows_the_global_form():
    set_np_shape(True)
    set_np_shape(False)
    in_new_thread(lambda: set_np_shape(2))
    assert is_np_shape()


def test_a_scope_that_turns_shapes_off_does_not_forget_the_global_form():
    set_np_shape(2)
    with np_shape(False):
        assert not is_np_shape()
        assert np_shape_mode() == 0
        assert in_new_thread(is_np_shape)
    assert is_np_shape()
    assert in_new_thread(is_np_shape)


@pytest.mark.parametrize("wrong", ["yes", None, 1.5])
def test_set_np_shape_refuses_other_types(wrong):
    with pytest.raises(TypeError):
        set_np_shape(wrong)


@pytest.mark.parametrize("wrong", [3, -1])
def test_set_np_shape_refuses_other_numbers(wrong):
    with pytest.raises(ValueError, match="one of 0, 1, 2"):
        set_np_shape(wrong)


def test_shapes_cannot_be_turned_off_under_arrays():
    set_np()
    with pytest.raises(ValueError, match="reset_np"):
        set_np_shape(False)
    with pytest.raises(ValueError, match=r"np_array\(False\)"), np_shape(False):
        pass
    assert modes() == (True, True)


def test_arrays_need_shapes():
    with pytest.raises(ValueError, match="need NumPy shapes"):
        set_np(shape=False, array=True)
    assert modes() == (False, False)


def test_set_np_and_reset_np_are_for_the_calling_thread():
    set_np()
    assert modes() == (True, True)
    assert in_new_thread(modes) == (False, False)
    set_np(array=False)
    assert modes() == (True, False)
    reset_np()
    assert modes() == (False, False)


def test_scopes_nest_and_restore():
    with np_shape() as entered:
        assert entered is None
        assert modes() == (True, False)
        with np_array() as scope:
            assert scope is not None
            assert modes() == (True, True)
            with np_array(False):
                assert modes() == (True, False)
                with np_shape(False):
                    assert modes() == (False, False)
                assert modes() == (True, False)
            assert modes() == (True, True)
        assert modes() == (True, False)
    assert modes() == (False, False)


def test_np_shape_of_none_leaves_shapes_as_they_are():
    with np_shape(None):
        assert not is_np_shape()
    with np_shape(), np_shape(None):
        assert is_np_shape()


@pytest.mark.parametrize("make", [np_shape, np_array])
def test_one_scope_object_can_be_entered_inside_itself(make):
    scope = make(True)
    with scope:
        with make(False), scope:
            assert any(modes())
        assert any(modes())
        with scope:
            pass
        assert any(modes())
    assert modes() == (False, False)


@pytest.mark.parametrize("make", [np_shape, np_array])
def test_one_scope_object_in_two_threads(make):
    scope = make(True)
    inside, leave = threading.Event(), threading.Event()
    seen = []

    def work():
        with scope:
            inside.set()
            assert leave.wait(10)
            seen.append(any(modes()))
        seen.append(any(modes()))

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    assert modes() == (False, False)
    with scope:
        leave.set()
        thread.join()
        assert any(modes())
    assert seen == [True, False]


def test_array_scope_around_a_shape_scope():
    with np_array():
        with np_shape():
            assert modes() == (True, True)
        assert modes() == (False, True)


@pytest.mark.parametrize("make", [np_shape, np_array])
def test_a_scope_restores_its_own_switch_only(make):
    with make(True):
        set_np()
        set_np(array=False)
        assert modes() == (True, False)
    assert modes() == ((False, False) if make is np_shape else (True, False))


def test_set_np_inside_a_shape_scope_is_an_error_when_the_scope_ends():
    with pytest.raises(ValueError, match="stay on"), np_shape():
        set_np()
    assert modes() == (True, True)


def test_set_np_inside_a_shape_scope_does_not_hide_another_exception():
    def fail_after_set_np():
        set_np()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), np_shape():
        fail_after_set_np()
    assert modes() == (True, True)


def test_a_suspended_generator_does_not_hold_its_modes_over_the_block_around_it():
    def generate():
        with np_shape(), np_array():
            yield

    with np_shape(True):
        generator = generate()
        next(generator)
        assert modes() == (True, True)
    assert modes() == (False, False)
    generator.close()
    assert modes() == (False, False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_the_modes_of_the_forking_thread():
    with np_shape(), np_array():
        child = os.fork()
        if child == 0:
            os._exit(0 if modes() == (True, True) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_the_current_scope_of_arrays_can_be_read_and_assigned_as_in_mxnet():
    current = util._NumpyArrayScope._current
    assert current.value._is_np_array is False
    current.value = util._NumpyArrayScope(True)
    assert current.value._is_np_array is is_np_array() is True
    assert in_new_thread(lambda: current.value._is_np_array) is False
    with np_array(False):
        assert current.value._is_np_array is False
    current.value = util._NumpyArrayScope(False)
