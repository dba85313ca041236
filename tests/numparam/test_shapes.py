import pytest
from hypothesis import given
from hypothesis import strategies as st

from numparam.gluon.utils import shape_is_known as gluon_shape_is_known
from numparam.np_mode import np_shape
from numparam.shapes import InvalidShapeError, shape_is_known

# What MXNet 1.9.1 answers, without and with NumPy shapes; None where it raises AssertionError.
ANSWERS = [
    (None, False, False),
    ((), False, True),
    ((2, 3), True, True),
    ([2, 3], True, True),
    ((0, 2), False, True),
    ((-1, 2), None, False),
    ((2, -1), None, False),
    ((0, -1), False, False),
    ((-1, 0), None, False),
    ((-2, 0), None, None),
]


def answer(shape):
    try:
        return shape_is_known(shape)
    except AssertionError:
        return None


@pytest.mark.parametrize(("shape", "classic", "numpy"), ANSWERS)
def test_answers_are_those_of_mxnet(shape, classic, numpy):
    assert answer(shape) is classic
    with np_shape():
        assert answer(shape) is numpy


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=4), st.booleans())
def test_known_means_no_dimension_at_or_below_the_unknown_one(shape, numpy):
    unknown = -1 if numpy else 0
    with np_shape(numpy):
        found = answer(shape)
    if found is True:
        assert min(shape) > unknown
    elif found is False:
        first = shape.index(unknown)
        assert all(size > unknown for size in shape[:first])
    else:
        assert min(shape) < unknown


def test_the_error_says_which_dimension_and_how_to_allow_it():
    with pytest.raises(InvalidShapeError, match=r"\(2, -1\) has the dimension -1.*NumPy shapes"):
        shape_is_known((2, -1))


@pytest.mark.parametrize("caught_as", [AssertionError, ValueError, InvalidShapeError])
def test_the_error_can_be_caught_as_the_one_of_mxnet(caught_as):
    with pytest.raises(caught_as):
        shape_is_known((-1,))


def test_gluon_utils_has_it():
    assert gluon_shape_is_known is shape_is_known
