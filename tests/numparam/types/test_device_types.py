import sys
import threading

import pytest

from numparam.context import Context
from numparam.types import device_types
from numparam.types.device_types import register_device_type


@pytest.fixture(autouse=True)
def restored_tables(monkeypatch):
    names, numbers = dict(device_types.NAME_BY_TYPEID), dict(device_types.TYPEID_BY_NAME)
    yield
    for table, before in (
        (device_types.NAME_BY_TYPEID, names),
        (device_types.TYPEID_BY_NAME, numbers),
    ):
        table.clear()
        table.update(before)


def test_a_registered_name_makes_contexts():
    typeid = register_device_type("abacus")
    assert typeid >= 16
    context = Context("abacus", 2)
    assert str(context) == "abacus(2)"
    assert context.device_typeid == typeid
    assert context != Context("cpu", 2)


def test_registering_again_changes_nothing():
    assert register_device_type("abacus", 40) == 40
    assert register_device_type("abacus") == 40
    assert register_device_type("abacus", 40) == 40
    assert register_device_type("slide_rule") == 41


@pytest.mark.parametrize(
    ("name", "typeid"),
    [("abacus", 2), ("abacus", 7), ("cpu", 20), ("", None), ("two words", None), (3, None)],
)
def test_taken_or_unusable_names_and_numbers_are_refused(name, typeid):
    before = dict(device_types.NAME_BY_TYPEID)
    with pytest.raises(ValueError, match=r"cpu|taken"):
        register_device_type(name, typeid)
    assert before == device_types.NAME_BY_TYPEID


def test_threads_registering_at_once_get_different_numbers():
    found = []
    threads = [
        threading.Thread(target=lambda i=i: found.append(register_device_type(f"device{i % 4}")))
        for i in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 4


class Interrupted(KeyboardInterrupt):
    """What the interrupt raises."""


def at_line(number, call):
    """Register a device type, and call a function at the n-th line of that; return whether."""
    reached = 0

    def trace(frame, event, argument):
        nonlocal reached
        if frame.f_code is not register_device_type.__code__:
            return None
        reached += event == "line"
        if event == "line" and reached == number:
            sys.settrace(None)
            call()
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        register_device_type("abacus")
    finally:
        sys.settrace(previous)
    return reached >= number


def interrupt():
    raise Interrupted


def test_a_registration_that_was_interrupted_can_be_made_again():
    number = 0
    while True:
        number += 1
        device_types.TYPEID_BY_NAME.pop("abacus", None)
        for typeid in [key for key in device_types.NAME_BY_TYPEID if key >= 16]:
            del device_types.NAME_BY_TYPEID[typeid]
        try:
            at_line(number, interrupt)
        except Interrupted:
            assert device_types.NAME_BY_TYPEID[register_device_type("abacus")] == "abacus"
            assert list(device_types.NAME_BY_TYPEID.values()).count("abacus") == 1
        else:
            break
    assert number > 3


def test_a_handler_can_wait_for_a_thread_that_registers_a_type():
    def register_in_a_thread():
        names = ["abacus", "slide_rule"]
        thread = threading.Thread(target=lambda: made.extend(map(register_device_type, names)))
        thread.daemon = True
        thread.start()
        thread.join(10)
        assert not thread.is_alive()

    for number in range(1, 12):
        made = []
        device_types.TYPEID_BY_NAME.pop("abacus", None)
        for typeid in [key for key in device_types.NAME_BY_TYPEID if key >= 16]:
            device_types.TYPEID_BY_NAME.pop(device_types.NAME_BY_TYPEID.pop(typeid), None)
        if at_line(number, register_in_a_thread):
            assert made == [register_device_type("abacus"), register_device_type("slide_rule")]
            assert list(device_types.NAME_BY_TYPEID.values()).count("abacus") == 1
