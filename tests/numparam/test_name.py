import os
import threading

import pytest

from numparam.name import NameManager, Prefix
from tests.support.threads import in_new_thread


def name(given, hint):
    return NameManager._current.value.get(given, hint)


def test_made_names_count_by_hint_and_given_names_stay():
    manager = NameManager()
    asked = [(None, "fc"), (None, "fc"), ("", "conv"), ("mine", "fc"), (None, "fc")]
    assert [manager.get(*one) for one in asked] == ["fc0", "fc1", "conv0", "mine", "fc2"]


def test_a_prefix_goes_before_every_name():
    manager = Prefix("net_")
    assert manager.get(None, "fc") == "net_fc0"
    assert manager.get("mine", "fc") == "net_mine"


def test_the_innermost_manager_is_current():
    with NameManager():
        assert name(None, "fc") == "fc0"
        with Prefix("a_") as prefix, Prefix("b_"):
            assert name("x", "fc") == "b_x"
            with prefix:
                assert name("x", "fc") == "a_x"
            assert name("x", "fc") == "b_x"
        assert name(None, "fc") == "fc1"


def test_other_threads_have_a_manager_of_their_own():
    with NameManager():
        name(None, "thing")
        assert in_new_thread(lambda: name(None, "thing")) == "thing0"


def test_one_manager_in_many_threads_gives_no_name_twice():
    manager = NameManager()
    names = []

    def work():
        with manager:
            names.extend([name(None, "fc") for _ in range(200)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == sorted(f"fc{i}" for i in range(1600))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_handler_that_interrupts_a_count_may_count_too():
    class Hint(str):
        def __hash__(self):
            if depth == 1:
                in_handler.append(name(None, "thing"))
            return super().__hash__()

    # Code that runs in the middle of counting, as that of a handler may.
    name, in_handler, depth = NameManager().get, [], 0
    assert name(None, "thing") == "thing0"
    depth = 1
    made = name(None, Hint("thing"))
    assert {made, *in_handler} == {f"thing{i}" for i in range(1, 2 + len(in_handler))}
    assert in_handler


def test_a_child_forked_while_another_thread_counts_does_not_hang():
    manager, stop = NameManager(), threading.Event()

    def count():
        while not stop.is_set():
            manager.get(None, "fc")

    thread = threading.Thread(target=count)
    thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(0 if manager.get(None, "conv") == "conv0" else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()


def test_current_is_deprecated_and_still_works():
    with NameManager() as manager:
        with pytest.warns(DeprecationWarning, match="with"):
            assert NameManager.current is manager
        replacement = Prefix("p_")
        NameManager.current = replacement
        assert name("x", "fc") == "p_x"
    assert NameManager._current.value is not replacement
