import threading

import pytest

from numparam.attribute import AttrScope
from tests.support.threads import in_new_thread


def attributes(own=None):
    return AttrScope._current.value.get(own)


def test_no_scope_adds_nothing():
    assert attributes() == {}
    assert attributes({"a": "1"}) == {"a": "1"}


def test_get_never_hands_out_or_changes_the_callers_dictionary():
    own = {"a": "1"}
    with_scope = AttrScope(b="2")
    for scope in (AttrScope(), with_scope):
        merged = scope.get(own)
        merged["c"] = "3"
        assert own == {"a": "1"}
    assert with_scope.get(None) == {"b": "2"}


def test_own_attributes_win_over_inner_over_outer():
    with AttrScope(a="outer", b="outer", c="outer"), AttrScope(b="inner", c="inner"):
        assert attributes({"c": "own"}) == {"a": "outer", "b": "inner", "c": "own"}
    assert attributes() == {}


def test_a_scope_does_not_keep_the_attributes_of_those_around_it():
    scope = AttrScope(a="1")
    with AttrScope(b="2"), scope:
        assert attributes() == {"a": "1", "b": "2"}
    with scope:
        assert attributes() == {"a": "1"}
    assert scope.get(None) == {"a": "1"}


def test_one_object_can_be_entered_inside_itself():
    scope = AttrScope(a="1")
    with scope:
        with AttrScope(a="2", b="2"), scope:
            assert attributes() == {"a": "1", "b": "2"}
        assert attributes() == {"a": "1"}
        with scope:
            pass
        assert attributes() == {"a": "1"}
    assert attributes() == {}


def test_other_threads_have_no_scope():
    with AttrScope(a="1"):
        assert in_new_thread(attributes) == {}


def test_one_object_in_two_threads_sees_each_threads_outer_scopes():
    scope = AttrScope(a="1")
    inside, leave = threading.Event(), threading.Event()
    seen = []

    def work():
        with AttrScope(b="theirs"):
            with scope:
                inside.set()
                assert leave.wait(10)
                seen.append(attributes())
            seen.append(attributes())

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    with AttrScope(b="mine"), scope:
        assert attributes() == {"a": "1", "b": "mine"}
        leave.set()
        thread.join()
        assert attributes() == {"a": "1", "b": "mine"}
    assert seen == [{"a": "1", "b": "theirs"}, {"b": "theirs"}]


def test_subclasses_may_override_get():
    class Upper(AttrScope):
        def get(self, attr):
            return {name: value.upper() for name, value in super().get(attr).items()}

    with AttrScope(a="x"), Upper(b="y"):
        assert attributes({"c": "z"}) == {"a": "X", "b": "Y", "c": "Z"}


def test_values_must_be_strings():
    with pytest.raises(ValueError, match="got 'a'=1 of type int"):
        AttrScope(a=1)


def test_current_is_deprecated_and_still_works():
    with AttrScope(a="1") as scope:
        with pytest.warns(DeprecationWarning, match="with"):
            assert AttrScope.current is scope
        with pytest.warns(DeprecationWarning, match="with"):
            AttrScope.current = AttrScope(b="2")
        assert attributes() == {"b": "2"}
    assert attributes() == {}
