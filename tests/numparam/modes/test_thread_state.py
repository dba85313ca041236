import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.modes.thread_state import ThreadState, as_switch
from tests.support.threads import in_new_thread


def test_each_thread_starts_at_the_initial_value():
    state = ThreadState(lambda: 0)
    state.value = 5
    state.enter(object(), 6)
    assert in_new_thread(lambda: (state.value, state.entries)) == (0, [])
    assert state.value == 6


@given(st.lists(st.integers(0, 3), max_size=12))
def test_properly_nested_scopes_restore_every_value_in_turn(choices):
    state = ThreadState(lambda: -1)
    scopes = [object() for _ in range(4)]
    found = []
    for depth, choice in enumerate(choices):
        found.append(state.value)
        state.enter(scopes[choice], depth)
    for depth, choice in reversed(list(enumerate(choices))):
        assert state.leave(scopes[choice]) == depth
        assert state.value == found[depth]
    assert state.entries == []


def test_a_value_assigned_inside_does_not_outlive_the_scope():
    state = ThreadState(lambda: 0)
    scope = object()
    state.enter(scope, 1)
    state.value = 7
    assert state.leave(scope) == 7
    assert state.value == 0


def test_leaving_drops_the_scopes_that_are_still_open_inside():
    state = ThreadState(lambda: 0)
    outer, suspended = object(), object()
    state.enter(outer, 1)
    state.enter(suspended, 2)
    assert state.leave(outer) == 1
    assert state.value == 0
    assert state.leave(suspended) is None
    assert state.value == 0


def test_leaving_in_a_thread_that_did_not_enter_changes_nothing():
    state = ThreadState(lambda: 0)
    scope = object()
    state.enter(scope, 1)

    def leave_elsewhere():
        state.leave(scope)
        return state.value

    assert in_new_thread(leave_elsewhere) == 0
    assert state.value == 1


def test_one_scope_in_two_threads_at_once():
    state = ThreadState(lambda: 0)
    scope = object()
    both_inside = threading.Barrier(2, timeout=10)
    state.value = 10

    def work():
        state.value = 20
        state.enter(scope, 1)
        both_inside.wait()
        both_inside.wait()
        state.leave(scope)
        return state.value

    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    state.enter(scope, 1)
    both_inside.wait()
    state.leave(scope)
    both_inside.wait()
    thread.join()
    assert (state.value, results) == (10, [20])


@pytest.mark.parametrize(
    ("given_value", "flag"), [(True, 1), (False, 0), (np.True_, 1), (np.int64(0), 0), (1, 1)]
)
def test_as_switch_reads_booleans_and_integers(given_value, flag):
    assert as_switch(given_value, "active") == flag


@pytest.mark.parametrize("refused", ["False", None, 1.0, [], np.float32(1)])
def test_as_switch_refuses_what_only_has_a_truth_value(refused):
    with pytest.raises(TypeError, match="active must be True or False"):
        as_switch(refused, "active")


def test_as_switch_refuses_other_numbers():
    with pytest.raises(ValueError, match="one of 0, 1; got 2"):
        as_switch(2, "active")
    assert as_switch(2, "active", (0, 1, 2)) == 2
