"""Whatever makes an array of arrays, or writes into one, is an operation that passes `invoke`."""

import contextlib
import copy
import sys

import numpy as np
import pytest

import numparam as mx
from numparam import nd
from numparam.ndarray.operations import OPERATIONS

pytestmark = pytest.mark.usefixtures("device")

# The package has the function under the module's name.
INVOKE = sys.modules["numparam.ndarray.operations.invoke"]


@contextlib.contextmanager
def operations_seen():
    """Yield the list of operations that pass `invoke`, outermost ones only, and their inputs."""
    seen, compute, depth = [], INVOKE._computed, 0

    def note(operation, inputs, *rest):
        nonlocal depth
        if not depth:
            seen.append((operation, list(inputs)))
        depth += 1
        try:
            return compute(operation, inputs, *rest)
        finally:
            depth -= 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(INVOKE, "_computed", note)
        yield seen


def set_all(a):
    a[:] = 1


def set_element(a):
    a[0, 1] = 7


def set_by_index_array(a):
    a[nd.array([1, 0])] = a


def add_in_place(a):
    a += 1


def copy_into_another(a):
    a.copyto(nd.zeros(a.shape))


def put_on_another_context(a):
    a.as_in_context(mx.cpu(1))


def call_numpy_ufunc(a):
    np.logaddexp(a, a)


def call_operation(a):
    nd.sum(a, axis=0)


def call_method(a):
    a.softmax()


def row(a):
    return a[0]


def rows(a):
    return a[1:]


def columns(a):
    return a[:, ::2]


def rows_by_number(a):
    return a[[1, 0]]


def reshape(a):
    return a.reshape((3, 2))


def copy_copy(a):
    return a.copy()


def astype(a):
    return a.astype("int32")


def array_array_a(a):
    return nd.array(a)


def transposed(a):
    return a.T


def tostype(a):
    return a.tostype("csr")


def sum_a_plus_a(a):
    return a + a


def difference(a):
    return 1 - a


def reshape_of_mx_np(a):
    return a.as_np_ndarray().reshape(-1)


def mask(a):
    return a.as_np_ndarray()[a.as_np_ndarray() > 0]


def shuffle(a):
    return nd.random.shuffle(a)


MAKERS = [
    pytest.param(row, "_view", id="row"),
    pytest.param(rows, "_view", id="rows"),
    pytest.param(columns, "_part", id="columns"),
    pytest.param(rows_by_number, "_gather", id="rows by number"),
    pytest.param(reshape, "_view", id="reshape"),
    pytest.param(copy_copy, "_move", id="copy"),
    pytest.param(astype, "_move", id="astype"),
    pytest.param(array_array_a, "_move", id="array"),
    pytest.param(copy.deepcopy, "_move", id="deepcopy"),
    pytest.param(transposed, "transpose", id="T"),
    pytest.param(tostype, "cast_storage", id="tostype"),
    pytest.param(sum_a_plus_a, "broadcast_add", id="sum"),
    pytest.param(difference, "_rminus_scalar", id="difference"),
    pytest.param(reshape_of_mx_np, "_view", id="reshape of mx.np"),
    pytest.param(mask, "_np_greater_scalar", id="mask"),
    pytest.param(shuffle, "take", id="shuffle"),
    pytest.param(set_all, "_write", id="set all"),
    pytest.param(set_element, "_write", id="set element"),
    pytest.param(set_by_index_array, "_write", id="set by index array"),
    pytest.param(add_in_place, "_plus_scalar", id="add in place"),
    pytest.param(copy_into_another, "_copyto", id="copy into another"),
    pytest.param(put_on_another_context, "_move", id="other context"),
    pytest.param(call_numpy_ufunc, "_numpy_ufunc", id="ufunc"),
    pytest.param(call_operation, "sum", id="function"),
    pytest.param(call_method, "softmax", id="method"),
]


@pytest.mark.parametrize(("make", "first"), MAKERS)
def test_arrays_are_made_and_written_by_operations(make, first):
    array = nd.array([[1, 2, 3], [4, 5, 6]])
    with operations_seen() as seen:
        make(array)
    assert seen[0][0] is OPERATIONS[first]
    for _, inputs in seen:
        assert any(array._backend is one._backend for one in inputs)


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_sparse_arrays_are_made_and_written_by_operations(stype):
    array = nd.array([[1, 0], [0, 0]]).tostype(stype)
    with operations_seen() as seen:
        array.copy()
        array.astype("int32")
        array.tostype("default")
        array * 2
        array[:] = nd.ones((2, 2))
        array.copyto(nd.zeros((2, 2)))
    names = [operation.name for operation, _ in seen]
    assert names == ["_move", "_move", "cast_storage", "_mul_scalar", "_write", "_copyto"]


def test_views_share_memory_and_are_as_writable_as_their_array():
    array = nd.zeros((2, 3))
    array[1][:] = 5
    array.reshape((6,))[0:2] = 7
    assert array.tolist() == [[7, 7, 0], [5, 5, 5]]
    array.writable = False
    for view in (array[1], array[0:1], array.reshape((3, 2)), array.as_np_ndarray().ravel()):
        assert not view.writable
    assert array.copy().writable
