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
