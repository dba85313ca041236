import pytest

from numparam.class_registry import Registrable, Registry, RegistryErrors

ERRORS = RegistryErrors(TypeError, LookupError, ValueError)


@pytest.fixture
def shapes():
    return Registry("shape", "tests.Shape", "square", ERRORS)


@pytest.fixture
def square(shapes):
    class Shape(Registrable):
        registry = shapes

    @shapes.register
    class Square(Shape):
        def __init__(self, side):
            self.side = side

    return Square


@pytest.mark.parametrize(
    "arguments",
    [("square", 3), ('["square", {"side": 3}]',), ({"shape": "Square", "side": 3},)],
    ids=["name", "JSON", "dict"],
)
def test_an_object_is_made_of_each_form(shapes, square, arguments):
    made = shapes.create(*arguments)
    assert type(made) is square
    assert made.side == 3
    assert shapes.create(made) is made


def test_kinds_do_not_mix(shapes, square):
    colours = Registry("colour", "tests.Colour", "red", ERRORS)
    with pytest.raises(TypeError, match=r"tests\.Colour"):
        colours.register(square)
    with pytest.raises(LookupError, match="square"):
        colours.create("square")
    with pytest.raises(TypeError, match="a registered name such as 'red'"):
        colours.create(square(3))


def test_a_near_name_is_suggested(shapes, square):
    with pytest.raises(LookupError, match="Near names: square"):
        shapes.create("sqaure")


def test_a_class_keeps_its_own_name_under_an_alias(shapes, square):
    assert shapes.alias("quad", "box")(square) is square
    assert type(shapes.create("BOX", 1)) is type(shapes.create("Square", 1)) is square
