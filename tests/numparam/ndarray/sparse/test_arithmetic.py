import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import numparam as mx
from numparam import nd
from numparam.base import MXNetError
from tests.support.sparse_arrays import csr, pair, parts, row_sparse

pytestmark = pytest.mark.usefixtures("device")
ANY_DEVICE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)


def plus(a, b):
    return a + b


def minus(a, b):
    return a - b


def times(a, b):
    return a * b


def equals(a, b):
    return a == b


def power(a, b):
    return a**b


OPERATORS = {
    "+": plus,
    "-": minus,
    "*": times,
    "==": equals,
    "**": power,
}


def check(result, expected, stype):
    """The storage type, canonical ids, and the values of the dense computation."""
    assert result.stype == stype
    if stype != "default":
        result.check_format()
    np.testing.assert_array_equal(result.asnumpy(), expected)


@pytest.mark.parametrize("symbol", ["+", "-", "*"])
@given(pairs=pair(row_sparse))
@ANY_DEVICE
def test_row_sparse_with_row_sparse_stores_the_union_of_rows(symbol, pairs):
    (left, one), (right, two) = pairs
    function = OPERATORS[symbol]
    result = function(left, right)
    check(result, function(one, two), "row_sparse")
    union = np.union1d(left.indices.asnumpy(), right.indices.asnumpy())
    assert parts(result)[0] == union.tolist()


@pytest.mark.parametrize("symbol", ["+", "-", "*"])
@given(pairs=pair(csr))
@ANY_DEVICE
def test_csr_with_csr_is_canonical(symbol, pairs):
    (left, one), (right, two) = pairs
    function = OPERATORS[symbol]
    check(function(left, right), function(one, two), "csr")


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("kind", [row_sparse, csr])
@given(data=st.data())
@ANY_DEVICE
def test_sparse_with_dense_and_with_the_other_storage_type(symbol, kind, data):
    array, one = data.draw(kind())
    two = np.arange(one.size, dtype="float32").reshape(one.shape) - 2
    dense, function = nd.array(two), OPERATORS[symbol]
    with np.errstate(all="ignore"):
        expected, reflected = function(one, two), function(two, one)
    check(function(array, dense), expected, array.stype if symbol == "*" else "default")
    check(function(dense, array), reflected, "default")
    other = dense.tostype("csr" if array.stype == "row_sparse" else "row_sparse")
    check(function(array, other), expected, "default")


@pytest.mark.parametrize("kind", [row_sparse, csr])
@given(data=st.data())
@ANY_DEVICE
def test_sparse_with_a_number(kind, data):
    array, dense = data.draw(kind())
    stype = array.stype
    for result in (array * 3, 3 * array):
        check(result, dense * 3, stype)
    check(array / 4, dense / 4, stype)
    check(array + 0, dense, stype)
    check(array - 1, dense - 1, "default")
    check(2 - array, 2 - dense, "default")
    check(array > 1, dense > 1, stype)
    check(array < 1, dense < 1, "default")
    check(array != 0, dense != 0, stype)
    check(-array, -dense, stype)
    assert (array * 3).data.shape == array.data.shape


@pytest.mark.parametrize(
    "name", ["abs", "sign", "square", "floor", "relu", "expm1", "tanh", "sin", "identity"]
)
@pytest.mark.parametrize("kind", [row_sparse, csr])
@given(data=st.data())
@ANY_DEVICE
def test_functions_that_keep_zero_keep_the_storage_type(name, kind, data):
    array, dense = data.draw(kind())
    function = getattr(nd, name)
    check(function(array), function(nd.array(dense)).asnumpy(), array.stype)
    check(nd.clip(array, -1, 2), np.clip(dense, -1, 2), array.stype)
    check(nd.exp(array), nd.exp(nd.array(dense)).asnumpy(), "default")


def test_clip_that_moves_zero_is_refused():
    with pytest.raises(MXNetError, match="keep zero"):
        nd.clip(nd.zeros((2, 2), stype="csr"), 1, 2)


def test_csr_times_and_by_a_row_or_a_column():
    dense = np.float32([[1, 0, 2], [0, 3, 0]])
    matrix = nd.array(dense).tostype("csr")
    for other in ([[2, 4, 8]], [[2], [4]], [2, 4, 8]):
        other = np.float32(other)
        check(matrix * nd.array(other), dense * other, "csr")
        check(matrix / nd.array(other), dense / other, "csr")
    with pytest.raises(MXNetError, match=r"divided by a dense array.*elemwise_div"):
        matrix / nd.ones((2, 3))


def test_a_csr_matrix_and_a_dense_array_of_its_shape():
    dense = np.float32([[1, 0, 2], [0, 3, 0]])
    other = np.float32([[2, 0, 4], [1, 0, 5]])
    matrix, array = nd.array(dense).tostype("csr"), nd.array(other)
    with np.errstate(divide="ignore", invalid="ignore"):
        check(nd.elemwise_div(matrix, array), dense / other, "default")
    check(nd.elemwise_mul(matrix, array), dense * other, "csr")
    check(nd.elemwise_mul(array, matrix), dense * other, "csr")


@given(pairs=st.lists(row_sparse(shape=(5, 2)), min_size=1, max_size=4))
@ANY_DEVICE
def test_add_n_of_row_sparse_arrays(pairs):
    arrays, dense = zip(*pairs, strict=True)
    expected = np.sum(dense, axis=0)
    check(nd.add_n(*arrays), expected, "row_sparse")
    check(nd.add_n(*arrays, nd.ones((5, 2))), expected + 1, "default")
    check(nd.add_n(*arrays, nd.ones((5, 2)).tostype("csr")), expected + 1, "default")
    first = arrays[0]
    assert nd.add_n(*arrays, out=first) is first
    check(first, expected, "row_sparse")


def test_add_n_rounds_once():
    tiny = [1.0] + [2.0**-24] * 4
    rows = [nd.sparse.row_sparse_array(([[value]], [1]), shape=(3, 1)) for value in tiny]
    assert nd.add_n(*rows).data.asnumpy() == np.float32(1 + 2.0**-22)


def a_plus_b(a, b):
    return a + b


def a_times_b(a, b):
    return a * b


@pytest.mark.parametrize("other", ["float64", "shape"])
@pytest.mark.parametrize("call", [a_plus_b, a_times_b, nd.add_n])
def test_different_dtypes_and_shapes_are_refused(other, call):
    left = nd.ones((3, 2)).tostype("row_sparse")
    right = nd.ones((4, 2)) if other == "shape" else nd.ones((3, 2), dtype="float64")
    for one in (right, right.tostype("row_sparse")):
        with pytest.raises(MXNetError):
            call(left, one)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float16", "bfloat16"])
def test_differences_are_those_of_dense_arrays_in_every_dtype(dtype):
    left = nd.array([[1, 2], [0, 0], [7, 1]], dtype=dtype)
    right = nd.array([[0, 0], [3, 1], [9, 1]], dtype=dtype)
    expected = (left - right).asnumpy()
    for stype in ("row_sparse", "csr"):
        result = left.tostype(stype) - right.tostype(stype)
        assert result.dtype == left.dtype
        np.testing.assert_array_equal(result.asnumpy(), expected)


def test_in_place_operations_write_into_the_array_and_keep_its_storage_type():
    dense = nd.array([[1, 2], [0, 0], [3, 4]])
    table, matrix = dense.tostype("row_sparse"), dense.tostype("csr")
    for array in (table, matrix, dense):
        same, stype, before = array, array.stype, array.asnumpy()
        array += nd.ones((3, 2)).tostype("row_sparse")
        array *= 2
        array -= 1
        assert array is same
        check(array, (before + 1) * 2 - 1, stype)
    alias = table.detach()
    table += table
    check(alias, table.asnumpy(), "row_sparse")


@given(pairs=pair(row_sparse))
@ANY_DEVICE
def test_rows_are_added_to_a_dense_array_in_its_memory(pairs):
    (_, left), (right, dense) = pairs
    array = nd.array(left, dtype=left.dtype)
    buffer = array._buffer
    array += right
    np.testing.assert_array_equal(array.asnumpy(), left + dense)
    array -= right
    np.testing.assert_array_equal(array.asnumpy(), left + dense - dense)
    assert array._buffer is buffer


def test_adding_rows_to_a_dense_array_touches_those_rows_only(opaque):
    array = nd.ones((1000, 2))
    rows = nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [5, 900]), shape=(1000, 2))
    opaque.calls.clear()
    array += rows
    array -= rows
    assert opaque.calls == ["apply.<lambda>", "retain.add_rows", "retain.subtract_rows"]
    assert (array.asnumpy() == 1).all()


def test_rows_of_another_dtype_or_shape_are_not_added_in_place():
    array = nd.ones((3, 2))
    for other in (nd.ones((3, 2), dtype="float64"), nd.ones((4, 2))):
        with pytest.raises(MXNetError):
            array += other.tostype("row_sparse")
    assert (array.asnumpy() == 1).all()


def test_rows_are_not_added_to_an_array_that_is_read_only():
    array = nd.ones((3, 2))
    array.writable = False
    with pytest.raises(ValueError):
        array += nd.ones((3, 2)).tostype("row_sparse")
    assert (array.asnumpy() == 1).all()


def test_out_of_another_shape_or_dtype_is_refused_and_left():
    table = nd.ones((3, 2)).tostype("row_sparse")
    for out in (nd.zeros((4, 2), stype="row_sparse"), nd.zeros((3, 2), None, "int32", "csr")):
        with pytest.raises(MXNetError, match="out of"):
            nd.elemwise_add(table, table, out=out)
        assert out.data.shape[0] == 0


def test_out_of_every_storage_type():
    table = nd.ones((3, 2)).tostype("row_sparse")
    for stype in ("default", "row_sparse", "csr"):
        out = nd.ones((3, 2)).tostype(stype)
        assert nd.elemwise_add(table, table, out=out) is out
        check(out, np.full((3, 2), 2), stype)


def test_contexts_of_results_are_those_of_the_first():
    left = nd.ones((3, 2), mx.cpu(1)).tostype("row_sparse")
    right = nd.ones((3, 2)).tostype("row_sparse")
    assert (left + right).context == mx.cpu(1)
    assert nd.add_n(right, left).context == mx.cpu(0)


def test_a_missing_sparse_form_is_logged_once(caplog, monkeypatch):
    monkeypatch.setattr(sys.modules["numparam.ndarray.operations.invoke"], "_LOGGED", set())
    for _ in range(2):
        nd.max(nd.ones((3, 2)).tostype("csr"))
    assert caplog.text.count("max has no sparse form") == 1


# The storage types that MXNet 1.9.1 returns for arrays of one shape, in the order of `STYPES`.
STYPES = [
    (one, two)
    for one in ("default", "row_sparse", "csr")
    for two in ("default", "row_sparse", "csr")
]
D, R, C = "default", "row_sparse", "csr"


@pytest.mark.parametrize(
    ("namespace", "name", "stypes"),
    [
        (nd, "add", [D, D, D, D, D, D, D, D, D]),
        (nd, "subtract", [D, D, D, D, D, D, D, D, D]),
        (nd, "multiply", [D, D, D, D, D, D, C, D, D]),
        (nd, "broadcast_add", [D, D, D, D, D, D, D, D, D]),
        (nd, "broadcast_mul", [D, D, D, D, D, D, C, D, D]),
        (nd, "elemwise_add", [D, D, D, D, R, D, D, D, C]),
        (nd, "elemwise_sub", [D, D, D, D, R, D, D, D, C]),
        (nd, "elemwise_mul", [D, R, C, R, R, D, C, D, C]),
        (nd, "elemwise_div", [D, D, D, D, D, D, D, D, D]),
        (nd.sparse, "add", [D, D, D, D, R, D, D, D, C]),
        (nd.sparse, "subtract", [D, D, D, D, R, D, D, D, C]),
        (nd.sparse, "multiply", [D, R, C, R, R, D, C, D, C]),
        (nd.sparse, "divide", [D, D, D, D, D, D, D, D, D]),
        (nd._internal, "_grad_add", [D, D, D, D, R, D, D, D, C]),
        (nd._internal, "_maximum", [D, D, D, D, R, D, D, D, C]),
        (nd._internal, "_minimum", [D, D, D, D, R, D, D, D, C]),
        (nd._internal, "_hypot", [D, D, D, D, R, D, D, D, C]),
        (nd._internal, "_scatter_elemwise_div", [D, D, D, R, R, R, D, D, D]),
    ],
)
def test_storage_types_of_two_arrays_of_one_shape_are_those_of_mxnet(namespace, name, stypes):
    one = nd.array([[1, 0, 2], [0, 0, 0], [-3, 4, 0], [0.5, 0, 0]])
    two = nd.array([[0, 0, 2], [5, 0, 0], [1, -4, 0], [0, 0, 0]])
    function = getattr(namespace, name)
    expected = function(one, two).asnumpy()
    for (left, right), stype in zip(STYPES, stypes, strict=True):
        result = function(one.tostype(left), two.tostype(right))
        if name == "_scatter_elemwise_div" and left == "row_sparse":
            check(result, np.where([[1], [0], [1], [1]], expected, 0), stype)  # rows of the first
        else:
            check(result, expected, stype)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
def test_functions_of_the_sparse_namespace_broadcast_and_take_numbers(name):
    function, of_numpy = getattr(nd.sparse, name), getattr(np, name)
    values = np.array([[1, 0, 2], [0, 0, 0]], "float32")
    array = nd.array(values).tostype("row_sparse")
    row = np.array([[1, 2, 4]], "float32")
    check(function(array, nd.array(row)), of_numpy(values, row), "default")
    sparse = "row_sparse" if name in ("multiply", "divide") else "default"
    check(function(array, 2), of_numpy(values, np.float32(2)), sparse)
    out = nd.zeros((2, 3))
    assert function(array, 2, out=out) is out
    np.testing.assert_array_equal(out.asnumpy(), of_numpy(values, np.float32(2)))


@pytest.mark.parametrize("name", ["_maximum", "_minimum"])
def test_extrema_of_csr_matrices_store_no_zeros(name):
    one, two = (
        nd.array([[1, -2], [3, 0]]).tostype("csr"),
        nd.array([[0, 0], [4, -5]]).tostype("csr"),
    )
    result = getattr(nd._internal, name)(one, two)
    stored = {"_maximum": ([0, 0], [1, 4]), "_minimum": ([1, 0, 1], [-2, 3, -5])}[name]
    assert (result.indices.asnumpy().tolist(), result.data.asnumpy().tolist()) == stored


@pytest.mark.parametrize("kind", [row_sparse, csr])
@given(data=st.data())
@ANY_DEVICE
def test_scattered_sums_with_numbers_change_what_is_stored_alone(kind, data):
    array, dense = data.draw(kind())
    for name, shift in (("_scatter_plus_scalar", 2), ("_scatter_minus_scalar", -2)):
        function = getattr(nd._internal, name)
        result = function(array, scalar=2)
        assert (result.stype, parts(result)[:-1]) == (array.stype, parts(array)[:-1])
        np.testing.assert_array_equal(result.data.asnumpy(), array.data.asnumpy() + shift)
        np.testing.assert_array_equal(function(nd.array(dense), scalar=2).asnumpy(), dense + shift)


def test_quotients_in_the_rows_of_the_first_array_have_gradients():
    rows = nd.array([[2, 4], [0, 0], [6, 8]]).tostype("row_sparse")
    divisor = nd.array([[2, 2], [4, 4], [1, 2]])
    rows.attach_grad()
    divisor.attach_grad()
    with mx.autograd.record():
        result = nd._internal._scatter_elemwise_div(rows, divisor)
    result.backward()
    assert rows.grad.stype == "row_sparse"
    assert rows.grad.asnumpy().tolist() == [[0.5, 0.5], [0.25, 0.25], [1, 0.5]]
    assert divisor.grad.asnumpy().tolist() == [[-0.5, -1], [0, 0], [-6, -2]]
