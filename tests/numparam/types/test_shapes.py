import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numparam as mx
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


FORMS = [
    pytest.param((2, 3), id="tuple"),
    pytest.param(range(2, 4), id="range"),
    pytest.param((np.int64(2), np.uint8(3)), id="numbers of NumPy"),
    pytest.param(np.array([2, 3]), id="array"),
    pytest.param(np.array([2, 3], np.int16), id="array of int16"),
    pytest.param(mx.nd.array([2, 3], dtype="int32"), id="NDArray"),
]


@pytest.mark.parametrize("shape", FORMS)
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda shape: mx.nd.zeros(shape), id="nd.zeros"),
        pytest.param(lambda shape: mx.nd.full(shape, 1), id="nd.full"),
        pytest.param(lambda shape: mx.np.empty(shape), id="np.empty"),
        pytest.param(lambda shape: mx.nd.ones((3, 2)).reshape(shape), id="NDArray.reshape"),
        pytest.param(lambda shape: mx.nd.reshape(mx.nd.ones(6), shape=shape), id="nd.reshape"),
        pytest.param(lambda shape: mx.np.ones((3, 2)).reshape(shape), id="ndarray.reshape"),
        pytest.param(lambda shape: mx.np.reshape(mx.np.ones(6), shape), id="np.reshape"),
        pytest.param(lambda shape: mx.np.broadcast_to(mx.np.ones(3), shape), id="np.broadcast_to"),
        pytest.param(lambda shape: mx.nd.random.normal(shape=shape), id="nd.random.normal"),
        pytest.param(lambda shape: mx.nd.sparse.zeros("csr", shape), id="nd.sparse.zeros"),
        pytest.param(
            lambda shape: mx.nd.sparse.csr_matrix(([1.0], [0], [0, 1, 1]), shape=shape),
            id="nd.sparse.csr_matrix",
        ),
        pytest.param(
            lambda shape: mx.nd.slice(mx.nd.ones((4, 4)), begin=(0, 0), end=shape), id="nd.slice"
        ),
        pytest.param(lambda shape: mx.gluon.Parameter("w", shape=shape), id="Parameter"),
    ],
)
def test_shapes_are_any_sequence_or_array_of_integers(make, shape):
    assert make(shape).shape == (2, 3)


@pytest.mark.parametrize("shape", FORMS)
def test_variables_have_such_shapes_as_well(shape):
    assert mx.sym.var("x", shape=shape).attr("__shape__") == "(2, 3)"


@pytest.mark.parametrize("order", [np.array([2, 0, 1]), range(2, -1, -1), [2, 0, 1]], ids=repr)
def test_axes_are_any_sequence_or_array_of_integers(order):
    wanted = np.ones((2, 3, 4)).transpose(tuple(order)).shape
    assert mx.nd.ones((2, 3, 4)).transpose(order).shape == wanted
    assert mx.np.ones((2, 3, 4)).transpose(order).shape == wanted
    assert mx.nd.ones((2, 3)).sum(axis=np.array(1)).shape == (2,)


@pytest.mark.parametrize("wrong", ["23", [2.0, 3], np.array([2.0]), None, np.ones((1, 2), int)])
def test_other_values_are_no_shapes(wrong):
    with pytest.raises(TypeError):
        mx.nd.ones((3, 2)).reshape(wrong)
    with pytest.raises(TypeError, match="a shape is"):
        mx.nd.zeros(wrong)
