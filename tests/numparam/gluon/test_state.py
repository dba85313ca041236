"""What belongs together changes together, whatever threads do and whenever an interrupt comes."""

import linecache
import os
import sys
import threading

import numpy as np
import pytest

import numparam as mx
from numparam.gluon import Parameter, ParameterDict, values

GLUON = os.path.dirname(mx.gluon.__file__)


def made(**keywords):
    parameter = Parameter("w", shape=(3, 2), **keywords)
    parameter.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    return parameter


def contradiction(parameter):
    """What does not fit in a parameter; None if everything does."""
    state = parameter._state
    if state.data is None:
        if state.gradients is not None:
            return "gradients without data"
        return None
    if [array.context for array in state.data] != list(state.contexts):
        return f"{state.contexts} for arrays on {[array.context for array in state.data]}"
    dtypes = {np.dtype(array.dtype) for array in (*state.data, *(state.gradients or ()))}
    if dtypes != {np.dtype(state.dtype)}:
        return f"{state.dtype} for arrays of {dtypes}"
    if {array.shape for array in state.data} != {state.settled_shape}:
        return f"{state.shape} for other arrays"
    if (state.gradients is None) != (state.grad_req == "null"):
        return f"{state.grad_req} and {state.gradients}"
    return None


def wrong_mark(parameter):
    """Whose mark leads to another gradient than the parameter's; None if none does."""
    state = parameter._state
    for position, array in enumerate(state.data or ()):
        wanted = None if state.gradients is None else state.gradients[position]
        if array._grad is not wanted:
            return f"array {position} is marked with another gradient"
        if wanted is not None and array._grad_req != state.grad_req:
            return f"array {position} is marked {array._grad_req} for {state.grad_req}"
    return None


def move(parameter):
    parameter.reset_ctx([mx.cpu(2), mx.cpu(0), mx.cpu(1)])


def move_to_one(parameter):
    parameter.reset_ctx(mx.cpu(0))


def cast_half(parameter):
    parameter.cast("float16")


def cast_back(parameter):
    parameter.cast("float32")


def assign_dtype(parameter):
    parameter.dtype = "float64"


def initialize_again(parameter):
    parameter.initialize("zeros", ctx=[mx.cpu(3)], force_reinit=True)


def write(parameter):
    parameter.grad_req = "write"


def add(parameter):
    parameter.grad_req = "add"


def null(parameter):
    parameter.grad_req = "null"


def set_values(parameter):
    parameter.set_data(np.full((3, 2), 7))


def load_saved_dtype(parameter):
    parameter._load_init(
        mx.nd.ones((3, 2), dtype="float64"), None, cast_dtype=True, dtype_source="saved"
    )


def set_all(name, value):
    def change(parameter):
        parameters = ParameterDict()
        parameters.update({"w": parameter, "v": made()})
        parameters.setattr(name, value)

    change.__name__ = f"setattr_{name}"
    return change


CHANGES = [
    move,
    move_to_one,
    cast_half,
    assign_dtype,
    initialize_again,
    add,
    null,
    set_values,
    load_saved_dtype,
    set_all("grad_req", "add"),
    set_all("dtype", "float16"),
]


# Interrupts


def interrupted(change, parameter, moment, opcodes=False):
    """Raise KeyboardInterrupt at a moment of a change; return whether it came to it."""
    seen = 0

    def trace(frame, event, _):
        nonlocal seen
        if not frame.f_code.co_filename.startswith(GLUON):
            return None
        if frame.f_code.co_name == "__del__":
            return None
        frame.f_trace_opcodes = opcodes
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        # The end of a `with` block shows as its first line once more. Interrupts cannot come
        # there: only a tracer can raise between the block and the call of __exit__.
        if event == ("opcode" if opcodes else "line") and not line.startswith("with "):
            seen += 1
            if seen == moment:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        change(parameter)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def snapshot(parameter):
    state = parameter._state
    return [state.shape, state.dtype, state.grad_req, state.contexts, len(state.data or ())]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_an_interrupt_at_any_line_leaves_what_fits(change):
    parameter = made()
    old = snapshot(parameter)
    change(parameter)
    new = snapshot(parameter)
    moment = 1
    while True:
        parameter = made()
        came = interrupted(change, parameter, moment)
        assert contradiction(parameter) is None, moment
        assert wrong_mark(parameter) is None, moment
        assert snapshot(parameter) in (old, new), moment
        parameter.zero_grad()
        change(parameter)
        assert snapshot(parameter) == new, moment
        if not came:
            break
        moment += 1
    assert moment > 5


@pytest.mark.parametrize("change", [add, null, cast_half], ids=lambda change: change.__name__)
def test_an_interrupt_at_any_bytecode_leaves_what_fits(change):
    moment, came = 1, True
    while came:
        parameter = made()
        came = interrupted(change, parameter, moment, opcodes=True)
        assert contradiction(parameter) is None, moment
        assert wrong_mark(parameter) is None, moment
        moment += 1
    assert moment > 50


def fill_by_values(parameter):
    parameter.set_data(np.ones((3, 2)))


def fill_by_assignment(parameter):
    parameter.shape = (3, 2)
    parameter._finish_deferred_init()


@pytest.mark.parametrize(
    "fill", [fill_by_values, fill_by_assignment], ids=lambda fill: fill.__name__
)
def test_an_interrupted_filling_of_the_shape_can_be_repeated(fill):
    moment, came = 1, True
    while came:
        parameter = Parameter("w", shape=(0, 2), allow_deferred_init=True)
        parameter.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])
        came = interrupted(fill, parameter, moment)
        assert contradiction(parameter) is None, moment
        state = parameter._state
        if state.data is None and state.deferred[3] is not None:
            assert state.shape == tuple(state.deferred[3].shape), moment
        fill(parameter)
        parameter._finish_deferred_init()
        assert parameter.data(mx.cpu(1)).shape == (3, 2)
        moment += 1


def test_an_interrupt_never_leaves_a_table_of_gradients_that_are_gone():
    def again(parameters):
        parameters["w"].grad_req = "add"

    moment, came = 1, True
    while came:
        parameters = ParameterDict()
        weight = parameters.get("w", shape=(2,))
        parameters.initialize()
        parameters.zero_grad()
        came = interrupted(again, parameters, moment)
        weight.grad()[:] = 4
        parameters.zero_grad()
        assert not weight.grad().asnumpy().any(), moment
        moment += 1


# Threads


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param((move, move_to_one, cast_half, cast_back), id="cast against reset_ctx"),
        pytest.param((write, add, null), id="grad_req"),
        pytest.param((write, null, cast_half, cast_back), id="grad_req against cast"),
        pytest.param((initialize_again, cast_half, cast_back, add), id="initialize against cast"),
    ],
)
def test_other_threads_never_see_what_does_not_fit(changes):
    parameter = made()
    wrong = []
    ended = threading.Event()

    def repeat(change):
        try:
            for _ in range(150):
                change(parameter)
        except Exception as error:
            wrong.append(error)

    def watch():
        while not ended.is_set():
            found = contradiction(parameter)
            if found is not None:
                wrong.append(found)
                return

    workers = [threading.Thread(target=repeat, args=(change,)) for change in changes]
    watcher = threading.Thread(target=watch)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in (watcher, *workers):
            thread.start()
        for thread in workers:
            thread.join()
    finally:
        ended.set()
        watcher.join()
        sys.setswitchinterval(interval)
    assert not wrong
    assert contradiction(parameter) is None
    assert wrong_mark(parameter) is None


def test_no_change_of_two_threads_is_lost():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(60):
            parameter = made()
            threads = [
                threading.Thread(target=change, args=(parameter,))
                for change in (cast_half, null, move)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert snapshot(parameter)[1:3] == ["float16", "null"]
            assert parameter.list_ctx() == [mx.cpu(2), mx.cpu(0), mx.cpu(1)]
    finally:
        sys.setswitchinterval(interval)


def test_a_shape_that_get_fills_in_does_not_undo_an_initialization():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(100):
            parameters = ParameterDict()
            weight = parameters.get("w", shape=(3, 2))

            def fill(weight=weight):
                for _ in range(20):
                    weight.shape = (3, 2)

            thread = threading.Thread(target=fill)
            thread.start()
            parameters.initialize()
            thread.join()
            assert weight.data().shape == (3, 2)
    finally:
        sys.setswitchinterval(interval)


def test_a_state_says_what_mxnets_attributes_say():
    parameter = made(grad_req="add")
    state = parameter._state
    assert parameter._data is state.data
    assert parameter._grad is state.gradients
    assert parameter._ctx_list == list(state.contexts) == parameter.list_ctx()
    assert (parameter._shape, parameter._dtype, parameter._grad_req) == ((3, 2), np.float32, "add")
    parameter._ctx_list = [mx.cpu(4), mx.cpu(5)]
    parameter._data = [mx.nd.ones((3, 2), ctx=ctx) for ctx in parameter._ctx_list]
    parameter._grad = None
    parameter._grad_req = "null"
    assert contradiction(parameter) is None
    assert parameter.list_ctx() == [mx.cpu(4), mx.cpu(5)]
    parameter._shape, parameter._dtype = (3, 0), "float64"
    assert (parameter.shape, parameter.dtype) == ((3, 0), "float64")


def reset_all(parameters):
    parameters.reset_ctx([mx.cpu(1), mx.cpu(2)])


def initialize_all(parameters):
    parameters.initialize("zeros", ctx=mx.cpu(1), force_reinit=True)


def cast_all(parameters):
    parameters.setattr("dtype", "float16")


def require_gradients_of_all(parameters):
    parameters.setattr("grad_req", "add")


@pytest.mark.parametrize(
    "change",
    [reset_all, initialize_all, cast_all, require_gradients_of_all],
    ids=lambda change: change.__name__,
)
def test_an_interrupt_leaves_all_parameters_of_a_dictionary_changed_or_none(change):
    moment, came = 1, True
    while came:
        parameters = ParameterDict()
        for name in "abc":
            parameters.get(name, shape=(2,))
        parameters.initialize("ones")
        came = interrupted(change, parameters, moment)
        assert len({str(snapshot(member)) for member in parameters.values()}) == 1
        for member in parameters.values():
            assert contradiction(member) is None
            assert wrong_mark(member) is None
        moment += 1


def test_all_parameters_change_even_if_another_thread_changes_some():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            parameters = ParameterDict()
            for number in range(30):
                parameters.get(f"w{number}", shape=(2,))
            parameters.initialize("ones")

            def freeze(parameters=parameters):
                for parameter in parameters.values():
                    parameter.grad_req = "null"

            thread = threading.Thread(target=freeze)
            thread.start()
            parameters.reset_ctx(mx.cpu(1))
            thread.join()
            for parameter in parameters.values():
                assert parameter.list_ctx() == [mx.cpu(1)]
                assert parameter.grad_req == "null"
                assert contradiction(parameter) is None
    finally:
        sys.setswitchinterval(interval)


def test_where_another_thread_changed_one_parameter_the_others_wait_for_it(monkeypatch):
    parameters = ParameterDict()
    for name in "abc":
        parameters.get(name, shape=(2,))
    parameters.initialize("ones")
    prepare, seen = values.prepare_move, []

    def meanwhile(parameter, ctx):
        seen.append({str(member.list_ctx()) for member in parameters.values()})
        change = prepare(parameter, ctx)
        if len(seen) == 3:  # all are prepared; and this one again, later
            parameters["b"].grad_req = "null"
        return change

    monkeypatch.setattr(values, "prepare_move", meanwhile)
    parameters.reset_ctx(mx.cpu(1))
    assert seen == [{"[cpu(0)]"}] * len(seen)
    assert parameters.list_ctx() == [mx.cpu(1)]
    assert parameters["b"].grad_req == "null"
    assert contradiction(parameters["b"]) is None
