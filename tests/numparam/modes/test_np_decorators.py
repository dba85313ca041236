import functools

import pytest

from numparam.modes.np_decorators import use_np, use_np_array, use_np_shape
from numparam.modes.np_mode import is_np_array, is_np_shape

DECORATORS = [(use_np_shape, (True, False)), (use_np_array, (False, True)), (use_np, (True, True))]


def modes():
    return is_np_shape(), is_np_array()


class Base:
    def inherited(self):
        return modes()

    @classmethod
    def inherited_class_method(cls):
        return cls.__name__, modes()


def make_class():
    class Layer(Base):
        def __init__(self):
            self.in_init = modes()
            self._value = 0

        def method(self):
            return modes()

        @staticmethod
        def static(x):
            return x, modes()

        @classmethod
        def of_class(cls):
            return cls.__name__, modes()

        @property
        def value(self):
            """The value."""
            return self._value, modes()

        @value.setter
        def value(self, value):
            self._value = value, modes()

        @value.deleter
        def value(self):
            self._value = "deleted", modes()

        @property
        def read_only(self):
            return modes()

    return Layer


@pytest.mark.parametrize(("decorate", "expected"), DECORATORS)
def test_functions_run_inside_and_keep_their_name(decorate, expected):
    @decorate
    def shapes(x, *, y):
        """Doc."""
        return x, y, modes()

    assert shapes(1, y=2) == (1, 2, expected)
    assert (shapes.__name__, shapes.__doc__) == ("shapes", "Doc.")
    assert modes() == (False, False)


@pytest.mark.parametrize(("decorate", "expected"), DECORATORS)
def test_everything_in_a_class_runs_inside(decorate, expected):
    original = make_class()
    layer_class = decorate(original)
    assert layer_class is original
    layer = layer_class()
    assert layer.in_init == expected
    assert layer.method() == layer.inherited() == layer.read_only == expected
    assert layer.static(3) == layer_class.static(3) == (3, expected)
    assert layer.of_class() == layer_class.of_class() == ("Layer", expected)
    assert layer.value == (0, expected)
    layer.value = 5
    assert layer._value == (5, expected)
    del layer.value
    assert layer._value == ("deleted", expected)
    assert layer_class.value.__doc__ == "The value."
    assert layer_class.read_only.fset is None
    assert modes() == (False, False)


def test_the_base_class_stays_outside():
    use_np(make_class())
    assert Base().inherited() == (False, False)
    assert Base.inherited_class_method() == ("Base", (False, False))


def test_subclasses_of_a_decorated_class_get_their_own_class_in_class_methods():
    class Deeper(use_np(make_class())):
        pass

    assert Deeper.of_class() == ("Deeper", (True, True))
    assert Deeper.inherited_class_method() == ("Deeper", (True, True))


def test_exceptions_pass_and_the_modes_are_restored():
    @use_np
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert modes() == (False, False)


def test_callable_objects_can_be_decorated():
    assert use_np(functools.partial(modes))() == (True, True)


@pytest.mark.parametrize("decorate", [use_np, use_np_array, use_np_shape])
def test_what_is_neither_class_nor_function_is_refused(decorate):
    with pytest.raises(TypeError, match="functions and classes; got 3"):
        decorate(3)
