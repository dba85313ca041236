"""The class mx.np.ndarray: its relation to NDArray, its text, its memory."""

from __future__ import annotations

import copy
import pickle

import numpy
import pytest

import numparam as mx

np = mx.np


def test_it_is_an_ndarray_and_not_the_other_way_round(device):
    a = np.array([[0, 1, 2], [10, 11, 12]])
    assert isinstance(a, mx.nd.NDArray)
    assert not isinstance(mx.nd.ones((1,)), np.ndarray)
    assert (a.shape, a.size, a.ndim, a.dtype, a.itemsize, a.nbytes) == (
        (2, 3), 6, 2, numpy.dtype("float32"), 4, 24
    )  # fmt: skip
    assert (a.ctx, a.context, a.stype) == (mx.cpu(0), mx.cpu(0), "default")
    assert a.T.tolist() == [[0, 10], [1, 11], [2, 12]]


def test_the_two_kinds_share_memory_and_marking(device):
    a = np.zeros((2, 3))
    classic = a.as_nd_ndarray()
    assert type(classic) is mx.nd.NDArray
    classic[:] = 5
    assert (a.asnumpy() == 5).all()
    again = classic.as_np_ndarray()
    assert type(again) is np.ndarray
    again[0] = 7
    assert classic.asnumpy()[0].tolist() == [7, 7, 7]
    assert a.as_np_ndarray() is a
    a.attach_grad()
    assert a.as_nd_ndarray().grad is not None
    classic.attach_grad()
    assert type(classic.as_np_ndarray().grad) is np.ndarray


def test_attach_grad_gives_a_gradient_of_the_same_kind_also_for_a_scalar(device):
    for shape in ((), (0,), (2, 3)):
        a = np.ones(shape, dtype="float64")
        a.attach_grad("add")
        assert type(a.grad) is np.ndarray
        assert (a.grad.shape, a.grad.dtype) == (shape, numpy.float64)
        assert not a.grad.asnumpy().any()
        assert a.detach().grad is None
    with pytest.raises(KeyError):
        a.attach_grad("sometimes")


@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)])
def test_copies_pickles_and_deepcopies_are_of_the_same_kind_and_apart(device, shape):
    a = np.full(shape, 3, dtype="int32")
    for other in (a.copy(), copy.deepcopy(a), pickle.loads(pickle.dumps(a)), np.copy(a)):
        assert type(other) is np.ndarray
        assert (other.shape, other.dtype) == (a.shape, a.dtype)
        other[...] = 0
        assert (a.asnumpy() == 3).all()
    shared = copy.copy(a)
    shared[...] = 1
    assert (a.asnumpy() == 1).all()


def test_copyto_writes_arrays_of_this_kind_only(device):
    a = np.array([1, 2])
    b = np.zeros((2,), dtype="float64", ctx=mx.cpu(1))
    assert a.copyto(b) is b
    assert b.tolist() == [1, 2]
    moved = a.copyto(mx.cpu(1))
    assert (type(moved), moved.ctx) == (np.ndarray, mx.cpu(1))
    assert a.as_in_ctx(mx.cpu(0)) is a
    with pytest.raises(TypeError, match="as_np_ndarray"):
        a.copyto(mx.nd.zeros((2,)))
    with pytest.raises(mx.MXNetError):
        a.copyto(np.zeros((3,)))


def test_astype_converts_and_can_return_the_array_itself(device):
    a = np.array([1.7, -2.7])
    assert a.astype("int32").tolist() == [1, -2]
    assert a.astype("float32", copy=False) is a
    assert a.astype("float32") is not a
    assert type(a.astype(bool)) is np.ndarray
    with pytest.raises(TypeError):
        a.astype("foo")
    with pytest.raises(NotImplementedError):
        a.astype("int32", casting="safe")


def test_python_numbers_out_of_arrays(device):
    s = np.array(3.5)
    assert (float(s), int(s), bool(s), s.item(), s.tolist(), f"{s:.2f}") == (
        3.5, 3, True, 3.5, 3.5, "3.50"
    )  # fmt: skip
    assert np.array([[1, 2]]).item(0, 1) == 2
    assert not np.array(0)
    for call in (bool, float, int, format):
        with pytest.raises((TypeError, ValueError)):
            call(np.array([1, 2]), *([".2f"] if call is format else []))
    with pytest.raises(TypeError):
        len(s)
    assert [10, 20][np.array(1, dtype="int64")] == 20
    assert 2 in np.array([1, 2])
    assert 3 not in np.array([[1, 2]])


def array_0_1_2_10_11_12():
    return np.array([[0, 1, 2], [10, 11, 12]])


def array_3_5():
    return np.array(3.5)


def array_1_2_dtype_int32():
    return np.array([1, 2], dtype="int32")


def array_2_dtype_float64():
    return np.array(2, dtype="float64")


def array_true_dtype_bool():
    return np.array([True], dtype="bool")


def array_1_ctx_cpu_1():
    return np.array([1], ctx=mx.cpu(1))


def zeros_0():
    return np.zeros((0,))


def zeros_0_2():
    return np.zeros((0, 2))


def zeros_0_2_dtype_int32():
    return np.zeros((0, 2), dtype="int32")


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (array_0_1_2_10_11_12, "array([[ 0.,  1.,  2.],\n       [10., 11., 12.]])"),
        (array_3_5, "array(3.5)"),
        (array_1_2_dtype_int32, "array([1, 2], dtype=int32)"),
        (array_2_dtype_float64, "array(2., dtype=float64)"),
        (array_true_dtype_bool, "array([ True])"),
        (array_1_ctx_cpu_1, "array([1.])"),
        (zeros_0, "array([])"),
        (zeros_0_2, "array([], shape=(0, 2))"),
        (zeros_0_2_dtype_int32, "array([], shape=(0, 2), dtype=int32)"),
    ],
)  # fmt: skip
def test_repr_is_numpys_with_float32_and_bool_unsaid(device, array, text):
    assert repr(array()) == text


def test_str_is_numpys(device):
    assert str(np.array([[1, 2]])) == "[[1. 2.]]"
    assert str(np.array(3.5)) == "3.5"
    assert f"{np.array([1])}" == "[1.]"


@pytest.mark.parametrize(
    ("view", "arguments"),
    [
        pytest.param(np.reshape, ((2, -1),), id="reshape"),
        pytest.param(np.ravel, (), id="ravel"),
        pytest.param(np.squeeze, (0,), id="squeeze"),
        pytest.param(np.expand_dims, ((0, -1),), id="expand_dims"),
        pytest.param(np.ndarray.detach, (), id="detach"),
    ],
)
def test_views_share_memory(device, view, arguments):
    a = np.zeros((1, 4))
    view(a, *arguments)[...] = 1
    assert a.asnumpy().all()


def test_copies_do_not_share_memory(device):
    a = np.zeros((2, 2))
    for made in (a.flatten(), a.T, a.transpose(1, 0), a.copy(), np.flip(a, 0)):
        made[...] = 1
        assert not a.asnumpy().any()


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((2, 3), (3, 2)), ((2, 3), -1), ((2, 3), (6,)), ((0, 3), (-1, 3)), ((1,), ()), ((), (1, 1))],
)
def test_reshape_gives_numpys_shapes(device, shape, wanted):
    assert np.zeros(shape).reshape(wanted).shape == numpy.zeros(shape).reshape(wanted).shape


@pytest.mark.parametrize("wanted", [(4, 2), (-2, 3), (0, 2), (-1, 0), (-1, -1), (-1, 4), ()])
def test_impossible_reshapes_are_refused(device, wanted):
    with pytest.raises(mx.MXNetError, match="cannot be arranged"):
        np.zeros((2, 3)).reshape(wanted)


@pytest.mark.parametrize("axis", [0, 5, (1, 1)])
def test_impossible_squeezes_are_refused(device, axis):
    with pytest.raises(ValueError):
        np.zeros((2, 1)).squeeze(axis)


def test_f_order_is_refused_wherever_it_can_be_asked_for():
    a = np.ones((2, 3))
    for call in (a.flatten, a.copy, a.ravel):
        with pytest.raises(NotImplementedError):
            call("F")
    with pytest.raises(NotImplementedError):
        a.reshape(6, order="F")
