import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.gluon.utils import shape_is_known as gluon_shape_is_known
from numparam.modes.np_mode import np_shape
from numparam.types.shapes import InvalidShapeError, shape_is_known

# Without and with NumPy shapes; None is an AssertionError. MXNet 1.9.1 answers the same, but that
# it refuses -1 without NumPy shapes.
ANSWERS = [
    (None, False, False),
    ((), False, True),
    ((2, 3), True, True),
    ([2, 3], True, True),
    ((0, 2), False, True),
    ((-1, 2), False, False),
    ((2, -1), False, False),
    ((0, -1), False, False),
    ((-1, 0), False, False),
    ((-2, 0), None, None),
]


def answer(shape):
    try:
        return shape_is_known(shape)
    except AssertionError:
        return None


@pytest.mark.parametrize(("shape", "classic", "numpy"), ANSWERS)
def test_answers_in_both_modes(shape, classic, numpy):
    assert answer(shape) is classic
    with np_shape():
        assert answer(shape) is numpy


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=4), st.booleans())
def test_the_first_dimension_that_is_not_plain_decides(shape, numpy):
    unknown = (-1,) if numpy else (-1, 0)
    with np_shape(numpy):
        found = answer(shape)
    odd = [size for size in shape if size < -1 or size in unknown]
    if not odd:
        assert found is True
    else:
        assert found is (False if odd[0] in unknown else None)


def test_the_error_says_which_dimension():
    with pytest.raises(InvalidShapeError, match=r"\(2, -2\) has the dimension -2.*-1.*unknown"):
        shape_is_known((2, -2))


@pytest.mark.parametrize("caught_as", [AssertionError, ValueError, InvalidShapeError])
def test_the_error_can_be_caught_as_the_one_of_mxnet(caught_as):
    with pytest.raises(caught_as):
        shape_is_known((-2,))


def test_gluon_utils_has_it():
    assert gluon_shape_is_known is shape_is_known
