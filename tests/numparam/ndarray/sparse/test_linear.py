import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from numparam import autograd, nd
from numparam.base import MXNetError
from tests.support.sparse_arrays import VALUES, csr, row_sparse

pytestmark = pytest.mark.usefixtures("device")
ANY_DEVICE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)


def check(result, expected, stype):
    assert result.stype == stype
    if stype != "default":
        result.check_format()
    np.testing.assert_array_equal(result.asnumpy(), expected)


@given(data=st.data())
@ANY_DEVICE
def test_products_with_csr_matrices(data):
    matrix, dense = data.draw(csr())
    rows, columns = dense.shape
    width = data.draw(st.integers(1, 3))
    right = data.draw(hnp.arrays("float32", (columns, width), elements=VALUES))
    below = data.draw(hnp.arrays("float32", (rows, width), elements=VALUES))
    array = nd.array
    check(nd.dot(matrix, array(right)), dense @ right, "default")
    check(nd.dot(matrix, array(right.T), transpose_b=True), dense @ right, "default")
    check(nd.dot(matrix, array(right[:, 0])), dense @ right[:, 0], "default")
    check(nd.dot(matrix, array(below), transpose_a=True), dense.T @ below, "row_sparse")
    check(nd.dot(array(below.T), matrix), below.T @ dense, "csr")
    check(nd.dot(array(below), matrix, transpose_a=True), below.T @ dense, "default")
    both = nd.dot(matrix, array(below.T), transpose_a=True, transpose_b=True)
    check(both, dense.T @ below, "default")
    check(nd.dot(array(right.T), matrix, transpose_b=True), right.T @ dense.T, "csr")
    check(nd.dot(matrix, array(right).tostype("row_sparse")), dense @ right, "default")


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
def test_forward_stype_decides_how_a_product_is_stored(stype):
    matrix = nd.array([[0, 1], [2, 0]]).tostype("csr")
    dense = nd.array([[1, 2], [3, 4]])
    check(nd.dot(matrix, dense, forward_stype=stype), [[3, 4], [2, 4]], stype)
    turned = nd.dot(matrix, dense, transpose_a=True, forward_stype=stype)
    check(turned, [[6, 8], [1, 2]], stype)
    check(nd.sparse.dot(dense, matrix, forward_stype=stype), [[4, 1], [8, 3]], stype)
    check(nd.dot(dense, dense, forward_stype=stype), [[7, 10], [15, 22]], stype)
    for left in (matrix, dense):
        with pytest.raises(MXNetError, match="forward_stype"):
            nd.dot(left, dense, forward_stype="sparse")


@pytest.mark.parametrize("stype", ["row_sparse", "csr"])
def test_gradients_pass_a_product_of_dense_arrays_that_is_stored_sparse(stype):
    left, right = nd.array([[1, 2], [3, 4]]), nd.array([[1, 0], [0, 2]])
    left.attach_grad()
    with autograd.record():
        product = nd.dot(left, right, forward_stype=stype)
    product.backward(nd.ones((2, 2)))
    assert product.stype == stype
    assert left.grad.asnumpy().tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize("stype", ["default", "row_sparse", "csr"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "stypes",
    [("csr", "csr"), ("row_sparse", "default"), ("default", "row_sparse"), ("csr", "row_sparse")],
)
def test_forward_stype_holds_for_products_that_are_computed_densely(stypes, turned, stype):
    left, right = np.float32([[0, 1], [2, 0]]), np.float32([[0, 5], [0, 7]])
    arrays = [nd.array(x).tostype(kind) for x, kind in zip((left, right), stypes, strict=True)]
    result = nd.dot(*arrays, transpose_b=turned, forward_stype=stype)
    check(result, left @ (right.T if turned else right), stype)


def test_a_gradient_for_a_large_table_stays_small():
    matrix = nd.sparse.csr_matrix(([1.0, 2.0], [3, 10**9], [0, 1, 2]), shape=(2, 2 * 10**9))
    gradient = nd.dot(matrix, nd.array([[1, 2], [3, 4]]), transpose_a=True)
    assert gradient.shape == (2 * 10**9, 2)
    assert gradient.indices.asnumpy().tolist() == [3, 10**9]
    assert gradient.data.asnumpy().tolist() == [[1, 2], [6, 8]]


def test_inner_lengths_and_dtypes_must_agree():
    matrix = nd.ones((2, 3)).tostype("csr")
    with pytest.raises(MXNetError, match="inner lengths"):
        nd.dot(matrix, nd.ones((2, 2)))
    with pytest.raises(MXNetError, match="one dtype"):
        nd.dot(matrix, nd.ones((3, 2), dtype="float64"))


@pytest.mark.parametrize("kind", [row_sparse, csr])
@given(data=st.data())
@ANY_DEVICE
def test_sums_means_and_norms(kind, data):
    array, dense = data.draw(kind())
    expected = nd.array(dense)
    for axis in (None, 0, 1, (0, 1), -1):
        for keepdims in (False, True):
            for name in ("sum", "mean"):
                result = getattr(array, name)(axis=axis, keepdims=keepdims)
                other = getattr(expected, name)(axis=axis, keepdims=keepdims)
                assert result.stype == "default"
                assert result.shape == other.shape
                np.testing.assert_allclose(result.asnumpy(), other.asnumpy(), rtol=1e-6)
    for order in (1, 2):
        np.testing.assert_allclose(
            nd.norm(array, ord=order).asnumpy(), nd.norm(expected, ord=order).asnumpy(), rtol=1e-6
        )
    assert nd.norm(array, keepdims=True).shape == (1, 1)
    squares = nd.multi_sum_sq(array, expected, num_arrays=2).asnumpy()
    assert squares[0] == squares[1]


@given(data=st.data(), stype=st.sampled_from(["default", "row_sparse"]))
@ANY_DEVICE
def test_sums_of_squares(data, stype):
    array, dense = data.draw(row_sparse())
    attributes = {
        "axis": data.draw(st.sampled_from([None, 0, 1, (0, 1), -1])),
        "keepdims": data.draw(st.booleans()),
        "exclude": data.draw(st.booleans()),
    }
    expected = nd.array(dense)
    array.attach_grad(stype=stype)
    expected.attach_grad()
    with autograd.record():
        result = nd._internal._square_sum(array, **attributes)
        other = nd.sum(expected * expected, **attributes)
    slopes = nd.arange(1, 1 + other.size).reshape(other.shape) if other.size else None
    result.backward(slopes)
    other.backward(slopes)
    assert array.grad.stype == stype
    np.testing.assert_allclose(result.asnumpy(), other.asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(array.grad.asnumpy(), expected.grad.asnumpy(), rtol=1e-6)


def test_sums_of_squares_of_rows_are_stored_as_the_rows_are():
    table = nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 10**9]), shape=(2 * 10**9, 2))
    sums = nd._internal._square_sum(table, axis=1, keepdims=True)
    assert sums.stype == "row_sparse"
    assert sums.shape == (2 * 10**9, 1)
    assert sums.indices.asnumpy().tolist() == [0, 10**9]
    assert sums.data.asnumpy().tolist() == [[5], [25]]
    assert nd._internal._square_sum(table, axis=0).asnumpy().tolist() == [10, 20]


@given(data=st.data())
@ANY_DEVICE
def test_rows_of_csr_matrices(data):
    matrix, dense = data.draw(csr())
    rows = len(dense)
    row = data.draw(st.integers(-rows, rows - 1))
    check(matrix[row], dense[[row]], "csr")
    bounds = st.one_of(st.none(), st.integers(-rows - 1, rows + 1))
    start, stop = data.draw(bounds), data.draw(bounds)
    if (start, stop) != (None, None):
        check(matrix[start:stop], dense[start:stop], "csr")
    assert [len(part) for part in matrix] == [1] * rows
    for outside in (rows, -rows - 1):
        with pytest.raises(IndexError):
            matrix[outside]


@given(data=st.data())
@ANY_DEVICE
def test_slices_and_stacks_of_csr_matrices(data):
    (one, first), (two, second) = data.draw(st.tuples(csr(shape=(3, 4)), csr(shape=(3, 4))))
    check(nd.concat(one, two, dim=0), np.concatenate([first, second]), "csr")
    left = data.draw(st.integers(0, 3))
    right = data.draw(st.integers(left + 1, 4))
    part = nd.slice(one, begin=(1, left), end=(3, right))
    check(part, first[1:3, left:right], "csr")
    check(nd.slice(one, begin=(1,), end=(None,)), first[1:], "csr")


def test_stacks_of_other_widths_are_refused():
    with pytest.raises(MXNetError, match="width"):
        nd.concat(nd.zeros((2, 3), stype="csr"), nd.zeros((2, 4), stype="csr"), dim=0)


@pytest.mark.parametrize("mode", ["clip", "wrap"])
@given(data=st.data())
@ANY_DEVICE
def test_rows_taken_from_a_csr_matrix_are_one(mode, data):
    matrix, dense = data.draw(csr())
    ids = data.draw(hnp.arrays("float32", st.integers(0, 5), elements=st.integers(-9, 9)))
    if len(dense):
        taken = nd.take(matrix, nd.array(ids), mode=mode)
        check(taken, np.take(dense, ids.astype(int), axis=0, mode=mode), "csr")


@given(data=st.data())
@ANY_DEVICE
def test_stored_elements_of_csr_matrices_are_counted(data):
    matrix, dense = data.draw(csr())
    stored = np.diff(matrix.indptr.asnumpy())
    assert nd.contrib.getnnz(matrix).asnumpy().tolist() == [stored.sum()]
    assert nd.contrib.getnnz(matrix, axis=1).asnumpy().tolist() == stored.tolist()
    assert nd.contrib.getnnz(matrix).dtype is np.int64
    with pytest.raises(MXNetError, match="not 0"):
        nd.contrib.getnnz(matrix, axis=0)
    with pytest.raises(MXNetError, match="only csr arrays"):
        nd.contrib.getnnz(nd.array(dense))
