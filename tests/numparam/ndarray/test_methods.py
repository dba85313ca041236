import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import autograd
from numparam import ndarray as nd
from numparam.base import MXNetError

pytestmark = pytest.mark.usefixtures("device")


@given(hnp.array_shapes(max_dims=4, max_side=4), st.data())
def test_reshape_to_any_factors_shares_the_memory(shape, data):
    size = math.prod(shape)
    divisor = data.draw(st.sampled_from([d for d in range(1, size + 1) if size % d == 0]))
    array = nd.zeros(shape)
    for other in (
        array.reshape((divisor, -1)),
        array.reshape(-1, divisor),
        array.reshape([divisor, size // divisor]),
        array.reshape(shape=(-1,)),
        array.reshape((-2,)),
        array.reshape((0,) * len(shape)),
    ):
        assert other.size == size
        other[:] = other + 1
    assert (array.asnumpy() == 6).all()


@pytest.mark.parametrize(
    ("shape", "error", "words"),
    [
        ((5, -1), ValueError, "24 elements"),
        ((7,), ValueError, "24 elements"),
        ((-1, -1), MXNetError, "more than one -1"),
        ((0, 0, 0, 0), MXNetError, "more dimensions"),
        ((-5,), MXNetError, "-5"),
        ((-4, 2), MXNetError, "two numbers"),
        ((-4, 5, 5, -2), MXNetError, "5 times 5"),
        ((), ValueError, "24 elements"),
        (((2, 12),) * 2, TypeError, "tuple"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shape, error, words):
    with pytest.raises(error, match=words):
        nd.zeros((2, 3, 4)).reshape(*[shape] if error is not TypeError else shape)


def test_reshape_needs_a_shape_and_nothing_else():
    with pytest.raises(AssertionError, match="needs a shape"):
        nd.zeros((2,)).reshape()
    with pytest.raises(TypeError, match="foo"):
        nd.zeros((2,)).reshape((2,), foo=1)


def transposed(a):
    return a.T


def expand_dims_0(a):
    return a.expand_dims(0)


def flatten(a):
    return a.flatten()


def reshape_like_zeros_6(a):
    return a.reshape_like(nd.zeros((6,)))


def slice_0_0_1_2(a):
    return a.slice((0, 0), (1, 2))


def swapaxes_0_1(a):
    return a.swapaxes(0, 1)


def broadcast_to_1_2_3(a):
    return a.broadcast_to((1, 2, 3))


def reshape_a_shape_minus_1(a):
    return nd.reshape(a, shape=(-1,))


def identity_a(a):
    return nd.identity(a)


@pytest.mark.parametrize(
    "view",
    [
        transposed,
        expand_dims_0,
        flatten,
        reshape_like_zeros_6,
        slice_0_0_1_2,
        swapaxes_0_1,
        broadcast_to_1_2_3,
        reshape_a_shape_minus_1,
        identity_a,
    ],
)
def test_operations_copy_even_where_nothing_moves(view):
    array = nd.zeros((2, 3))
    view(array)[:] = 1
    assert array.asnumpy().sum() == 0


def test_broadcast_to_adds_axes_in_front():
    array = nd.array([[1], [2]])
    assert array.broadcast_to((2, 2, 2)).tolist() == [[[1, 1], [2, 2]]] * 2
    with pytest.raises(ValueError, match="broadcast"):
        array.broadcast_to((2,))
    with pytest.raises(ValueError, match="broadcast_to"):
        array.broadcast_to((3, 2))


def test_transpose_takes_one_tuple():
    array = nd.zeros((2, 3, 4))
    assert array.transpose().shape == (4, 3, 2)
    assert array.transpose((2, 0, 1)).shape == (4, 2, 3)
    assert array.transpose(axes=(0, 2, 1)).shape == (2, 4, 3)
    assert nd.array([1, 2]).transpose(0).tolist() == [1, 2]
    with pytest.raises(TypeError, match="tuple"):
        array.transpose(1, 0, 2)
    for axes in ((0, 0, 1), (0, 1), (0, 1, 3)):
        with pytest.raises(MXNetError, match="once"):
            array.transpose(axes)


def test_parts_are_assigned_in_place():
    array = nd.zeros((2, 3))
    assert array.slice_assign(nd.ones((1, 2)), (0, 0), (1, 2), (1, 1)) is array
    assert array.slice_assign_scalar(5, (1,), (2,)) is array
    assert array.tolist() == [[1, 1, 0], [5, 5, 5]]
    assert array._full(2) is array
    array._sync_copyfrom(np.arange(6).reshape(2, 3))
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        array._sync_copyfrom([1, 2])


def test_only_two_axes_or_more_are_copied_to_be_turned():
    vector, matrix = nd.array([1, 2]), nd.array([[1, 2]])
    vector.T[:] = 5
    matrix.T[:] = 5
    assert vector.tolist() == [5, 5]
    assert matrix.tolist() == [[1, 2]]


def test_the_array_with_the_shape_can_be_named():
    assert nd.zeros((2, 3)).reshape_like(rhs=nd.zeros((6,))).shape == (6,)


@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [
        pytest.param("flatten", (), (1, 6), id="flatten"),
        pytest.param("squeeze", (), (2, 3), id="squeeze"),
        pytest.param("squeeze", ((0, -1),), (2, 3), id="squeeze-axes"),
        pytest.param("squeeze", (0,), (2, 3, 1), id="squeeze-axis"),
        pytest.param("expand_dims", (1,), (1, 1, 2, 3, 1), id="expand_dims"),
        pytest.param("expand_dims", (-1,), (1, 2, 3, 1, 1), id="expand_dims-last"),
    ],
)
def test_changes_of_shape_share_memory_only_if_asked(name, arguments, shape):
    array = nd.arange(6).reshape((1, 2, 3, 1))
    copy = getattr(array, name)(*arguments)
    view = getattr(array, name)(*arguments, inplace=True)
    assert copy.shape == view.shape == shape
    array[:] = 7
    assert (view.asnumpy() == 7).all()
    assert copy.asnumpy().ravel().tolist() == [0, 1, 2, 3, 4, 5]
    array.attach_grad()
    with autograd.record():
        total = (getattr(array, name)(*arguments, inplace=True) ** 2).sum()
    total.backward()
    assert (array.grad.asnumpy() == 14).all()


def test_a_view_without_its_axes_keeps_one_dimension():
    assert nd.ones((1, 1)).squeeze(inplace=True).shape == (1,)


@pytest.mark.parametrize(
    ("name", "axis"), [("squeeze", 1), ("squeeze", 4), ("squeeze", (0, 0)), ("expand_dims", 5)]
)
def test_a_view_in_an_impossible_shape_is_refused(name, axis):
    array = nd.zeros((1, 2, 1))
    for inplace in (True, False):
        with pytest.raises(MXNetError, match=name):
            getattr(array, name)(axis, inplace=inplace)
